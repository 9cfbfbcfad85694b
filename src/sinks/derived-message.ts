import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type { DerivedRecord } from '../component/derived-record.ts';
import { CONTENT_TYPES } from '../frames/encode.ts';
import { MsgpackWriter } from '../frames/msgpack-write.ts';
import { HeaderLines } from './header-lines.ts';

/** The header that names a record for all time, where it is in a stream. */
export const ID_HEADER = 'Spikescope-Id';
/** The header that says who derived it, where several workers share the frames: epoch and owner. */
export const OWNER_HEADER = 'Spikescope-Owner';

const TOKEN_CHARS_MAX = 64;

/** Writes derived records as messages (docs/derived-stream.md). */
export class DerivedWriter {
  private readonly prefix: string;
  private readonly part: readonly string[];
  private readonly writer = new MsgpackWriter();

  /** `part`: of the frames, where several workers share them; one more token of each subject. */
  constructor(prefix: string, part?: string) {
    this.prefix = prefix;
    this.part = part === undefined ? [] : [part];
  }

  /** Bytes of their own. */
  data({ record, t0Us, spanUs, fields }: DerivedRecord): Uint8Array {
    return this.writer.write({ v: 1, record, t0: t0Us, span_us: spanUs, ...fields });
  }

  subject({ root, record, key }: DerivedRecord): string {
    const names = key.map(asToken);
    const kind = root === undefined ? ['derived', record] : [root, ...names.splice(0, 1)];
    return [this.prefix, ...kind, ...this.part, ...names].join('.');
  }
}

/** The headers of a record that is stored nowhere. */
export function derivedHeaders(): MsgHdrs {
  const fields = headers();
  fields.set('Content-Type', CONTENT_TYPES.msgpack);
  return fields;
}

/** The headers of a record that is stored, with the name that it has for all time. */
export function storedHeaders(id: string): HeaderLines {
  return new HeaderLines().set('Content-Type', CONTENT_TYPES.msgpack).set(ID_HEADER, id);
}

/** A name from outside as a token of a subject. */
function asToken(name: string): string {
  const token = name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, TOKEN_CHARS_MAX);
  return token === '' ? '_' : token;
}
