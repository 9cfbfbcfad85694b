import { headers } from '@nats-io/transport-node';
import type { DerivedRecord } from '../component/derived-record.ts';
import { CONTENT_TYPES } from '../frames/encode.ts';
import { MsgpackWriter } from '../frames/msgpack-write.ts';
import type { NatsOutbox, OutboxLimits } from './nats-outbox.ts';

/** Records come in bursts, one for each layer when a window closes; their headers are shared. */
export const DERIVED_LIMITS: OutboxLimits = {
  bytesMax: 64 * 1024 * 1024,
  batchBytesMax: 4 * 1024 * 1024,
  retryMs: 500,
  messageBytes: 512,
};

const TOKEN_CHARS_MAX = 64;

/** Derived records on `<prefix>.derived.<record>.<key…>`, each a msgpack map (docs/wire.md). */
export function derivedStream(
  prefix: string,
  outbox: NatsOutbox,
): (derived: DerivedRecord) => void {
  const writer = new MsgpackWriter();
  const about = headers();
  about.set('Content-Type', CONTENT_TYPES.msgpack);
  return (derived) => {
    const { root, record, key, t0Us, spanUs, fields } = derived;
    const data = writer.write({ v: 1, record, t0: t0Us, span_us: spanUs, ...fields });
    const subject = [
      prefix,
      ...(root === undefined ? ['derived', record] : [root]),
      ...key.map(asToken),
    ].join('.');
    outbox.offer({ subject, headers: about, data });
  };
}

/** A name from outside as a token of a subject. */
function asToken(name: string): string {
  const token = name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, TOKEN_CHARS_MAX);
  return token === '' ? '_' : token;
}
