import { readActivity } from './activity.ts';
import { readBenchmark } from './benchmark.ts';
import { ColumnReader } from './columns.ts';
import { readConversion } from './conversion.ts';
import { readCores } from './cores.ts';
import type { Fields } from './fields.ts';
import type { Frame } from './frame.ts';
import { FrameError, shown } from './frame-error.ts';
import { FRAME_KINDS, type FrameHeader, type FrameKind, readHeader } from './header.ts';
import { readHealth } from './health.ts';
import { readInference } from './inference.ts';
import { readJson } from './json-read.ts';
import { JsonShapes } from './json-shapes.ts';
import { FRAME_LIMITS, type FrameLimits } from './limits.ts';
import { readLog } from './log.ts';
import { readMembrane } from './membrane.ts';
import { MsgpackReader } from './msgpack-read.ts';
import { MsgpackShapes } from './msgpack-shapes.ts';
import { readPower } from './power.ts';
import { readSpikes, type SpikesFrame } from './spikes.ts';
import { type FrameSubject, isToken } from './subject.ts';
import { readSynapses } from './synapses.ts';

const JSON_OPENS = 0x7b;

/** Bytes where they came to lie, `from` with, `to` without. Valid as long as the message is. */
export interface BytesAt {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

/**
 * Turns messages into frames. A frame's columns may lie in the message or in a scratch area:
 * they are valid until the next `decode`, and who keeps them longer copies them. What it remembers
 * of valid messages makes the next ones faster, and none of them another frame.
 */
export class FrameDecoder {
  private readonly limits: FrameLimits;
  private readonly msgpack: MsgpackReader;
  private readonly columns: ColumnReader;
  private readonly shapes: JsonShapes;
  private readonly msgpackShapes: MsgpackShapes;

  /**
   * `isServing`: for many frames of few places, as the service reads. Columns are moved to where
   * kernels can work, until `close` gives the room back; a frame is valid until the next `decode`.
   */
  constructor(limits: FrameLimits = FRAME_LIMITS, isServing = false) {
    this.limits = limits;
    this.msgpack = new MsgpackReader(limits);
    this.columns = new ColumnReader(limits.samplesMax, isServing);
    this.shapes = new JsonShapes(limits, isServing);
    this.msgpackShapes = new MsgpackShapes(limits, this.columns);
  }

  /**
   * Reads one message. `subject` is what its subject said, where it came by one; `contentType` is
   * its header, where it had one.
   * @throws FrameError with a stable reason and the field's name
   */
  decode(bytes: Uint8Array, subject?: FrameSubject, contentType?: string): Frame {
    if (bytes.length > this.limits.payloadBytesMax) {
      const detail = `${bytes.length} bytes, at most ${this.limits.payloadBytesMax}`;
      throw new FrameError('too_large', 'payload', detail);
    }
    if (isJson(bytes, contentType)) return this.decodeJson(bytes, subject);
    const known = subject === undefined ? undefined : this.msgpackShapes.read(bytes, subject);
    if (known !== undefined) return known;
    const fields = this.msgpack.readMap(bytes);
    this.columns.reset(bytes.length, false);
    const frame = this.fromFields(fields, subject);
    if (subject !== undefined && frame.kind === 'spikes') {
      this.msgpackShapes.learn(bytes, subject, frame);
    }
    return frame;
  }

  /**
   * A frame of spikes in JSON whose form is known, read where it lies; undefined for any other
   * message, valid or not, which is for `decode`.
   */
  known(at: BytesAt, subject: FrameSubject, contentType?: string): SpikesFrame | undefined {
    const { bytes, from, to } = at;
    if (contentType !== undefined || bytes[from] !== JSON_OPENS) return undefined;
    if (to - from > this.limits.payloadBytesMax) return undefined;
    return this.shapes.read(bytes, subject, from, to);
  }

  private decodeJson(bytes: Uint8Array, subject: FrameSubject | undefined): Frame {
    const known = subject === undefined ? undefined : this.shapes.read(bytes, subject);
    if (known !== undefined) return known;
    const fields = readJson(bytes, this.limits);
    this.columns.reset(bytes.length, true);
    const frame = this.fromFields(fields, subject);
    if (subject !== undefined && frame.kind === 'spikes') {
      this.shapes.learn(bytes, subject, frame);
    }
    return frame;
  }

  /**
   * Checks what is not in bytes: wire fields whose columns are `Uint8Array`. The frame's columns
   * lie where theirs do, as long as those are aligned.
   */
  read(fields: Fields): Frame {
    this.columns.reset(0, false);
    return this.fromFields(fields, undefined);
  }

  close(): void {
    this.columns.scratch.close();
  }

  private fromFields(fields: Fields, subject: FrameSubject | undefined): Frame {
    requireVersion(fields['v']);
    const kind = readKind(fields['kind']);
    const deviceType = readToken(fields, 'device_type', subject?.deviceType);
    const chipId = readToken(fields, 'chip_id', subject?.chipId);
    if (subject !== undefined && subject.kind !== kind) {
      throw mismatch('kind', kind, subject.kind);
    }
    const header = readHeader(fields, kind, deviceType, chipId, this.limits);
    return this.readKind(kind, fields, header);
  }

  private readKind(kind: FrameKind, fields: Fields, header: FrameHeader): Frame {
    const { columns, limits } = this;
    switch (kind) {
      case 'spikes':
        return readSpikes(fields, header, columns, limits);
      case 'membrane':
        return readMembrane(fields, header, columns, limits);
      case 'power':
        return readPower(fields, header, columns, limits);
      case 'cores':
        return readCores(fields, header, columns, limits);
      case 'activity':
        return readActivity(fields, header, columns, limits);
      case 'synapses':
        return readSynapses(fields, header, limits);
      case 'health':
        return readHealth(fields, header, limits);
      case 'conversion':
        return readConversion(fields, header, limits);
      case 'inference':
        return readInference(fields, header, columns, limits);
      case 'benchmark':
        return readBenchmark(fields, header, limits);
      case 'log':
        return readLog(fields, header, limits);
    }
  }
}

/** Whether a payload is JSON: as its header says, or else as it begins. */
export function isJson(bytes: Uint8Array, contentType: string | undefined): boolean {
  if (contentType !== undefined && contentType !== '') {
    const type = contentType.split(';', 1)[0]?.trim().toLowerCase();
    if (type === 'application/json') return true;
    if (type === 'application/msgpack' || type === 'application/x-msgpack') return false;
  }
  return bytes[0] === JSON_OPENS;
}

function requireVersion(version: unknown): void {
  if (version === 1) return;
  if (version === undefined || version === null) {
    throw new FrameError('missing_field', 'v', 'is needed and absent');
  }
  throw new FrameError('version', 'v', `is ${shown(version)}, this program reads 1`);
}

function readKind(kind: unknown): FrameKind {
  if (typeof kind === 'string' && FRAME_KINDS.includes(kind as FrameKind)) return kind as FrameKind;
  if (kind === undefined || kind === null) {
    throw new FrameError('missing_field', 'kind', 'is needed and absent');
  }
  if (typeof kind !== 'string') {
    throw new FrameError('wrong_type', 'kind', `needs a string, got ${shown(kind)}`);
  }
  throw new FrameError('kind', 'kind', `${shown(kind)} is none of ${FRAME_KINDS.join(', ')}`);
}

/** The subject's own string comes back, so that equal names are one object. */
function readToken(fields: Fields, name: string, fromSubject: string | undefined): string {
  const value = fields[name];
  if (value === fromSubject && fromSubject !== undefined) return fromSubject;
  if (value === undefined || value === null) {
    throw new FrameError('missing_field', name, 'is needed and absent');
  }
  if (typeof value !== 'string') {
    throw new FrameError('wrong_type', name, `needs a string, got ${shown(value)}`);
  }
  if (fromSubject !== undefined) throw mismatch(name, value, fromSubject);
  if (!isToken(value)) {
    throw new FrameError('out_of_range', name, `${shown(value)} is not 1 to 64 of A-Z a-z 0-9 _ -`);
  }
  return value;
}

function mismatch(name: string, payload: string, subject: string): FrameError {
  const detail = `is ${shown(payload)} in the payload and ${shown(subject)} in the subject`;
  return new FrameError('subject_mismatch', name, detail);
}
