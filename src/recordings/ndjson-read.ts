import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { FrameDecoder } from '../frames/decode.ts';
import type { Fields } from '../frames/fields.ts';
import type { Frame } from '../frames/frame.ts';
import { FrameError } from '../frames/frame-error.ts';
import { FRAME_LIMITS, type FrameLimits } from '../frames/limits.ts';
import { readFileHead } from './file-head.ts';
import { LineReader } from './line-reader.ts';
import { arrivalOf, NDJSON_LINE_BYTES_MAX, NDJSON_VERSION } from './ndjson-layout.ts';
import { ReadingNotes } from './reading-notes.ts';
import type { RecordedLayer, Recording, RecordingFormat, RecordingInfo } from './recording.ts';
import { RecordingError } from './recording-error.ts';
import { DECLARED_MAX, layerKey, readMetadataFields, type SpkHeader } from './spk-header.ts';
import { touches } from './time-slice.ts';

/** A recording's frames never crossed a network: only a line bounds their length. */
const LIMITS: FrameLimits = { ...FRAME_LIMITS, payloadBytesMax: NDJSON_LINE_BYTES_MAX };
const CHUNK_BYTES = 1 << 18;
const LINES_LOOKED_AT = 16;
const METADATA = '{"recording":';
const JSON_TYPE = 'application/json';

/** Frames as lines of JSON, as they are on the wire. */
export const ndjsonFormat: RecordingFormat = {
  name: 'ndjson',

  async recognise(path) {
    if (!(await stat(path)).isFile()) return false;
    const head = Buffer.from((await readFileHead(path)).bytes).toString('utf8');
    const lines = head.replace(/^\uFEFF/, '').split('\n', LINES_LOOKED_AT);
    return lines.some(
      (line) => line.startsWith(METADATA) || /^\s*\{.*"kind"\s*:\s*"[a-z]+"/.test(line),
    );
  },

  async open(path) {
    const notes = new ReadingNotes();
    const header = await readHeader(path, notes);
    return new NdjsonRecording(path, header, await surveyed(path, header), notes);
  },
};

/** A recording in lines of JSON. Its frames are those that were written, in their order. */
class NdjsonRecording implements Recording {
  readonly header: SpkHeader;
  readonly info: RecordingInfo;
  readonly notes: ReadingNotes;
  private readonly path: string;

  constructor(path: string, header: SpkHeader, info: RecordingInfo, notes: ReadingNotes) {
    this.path = path;
    this.header = header;
    this.info = info;
    this.notes = notes;
    notes.openingDone();
  }

  /** All frames as they stand in the file; `frameSpanUs` is ignored. */
  async *frames(_frameSpanUs?: number): AsyncGenerator<Frame, void, void> {
    this.notes.restart();
    yield* framesOf(this.path, this.notes);
  }

  /** The frames that touch [fromUs, toUs); lines may be in the order of arrival, so reads all. */
  async *framesBetween(fromUs: number, toUs: number): AsyncGenerator<Frame, void, void> {
    for await (const frame of this.frames()) if (touches(frame, fromUs, toUs)) yield frame;
  }

  /** Nothing stays open between passes. */
  async close(): Promise<void> {}
}

async function* framesOf(path: string, notes: ReadingNotes): AsyncGenerator<Frame, void, void> {
  const name = basename(path);
  const decoder = new FrameDecoder(LIMITS);
  const reader = await LineReader.open(path, CHUNK_BYTES, NDJSON_LINE_BYTES_MAX);
  try {
    for (;;) {
      const line = reader.next();
      if (line === undefined) {
        if (await reader.more()) continue;
        return;
      }
      const bytes = line.number === 1 ? withoutMark(line.bytes) : line.bytes;
      if (isBlank(bytes) || isMetadata(bytes)) continue;
      try {
        if (line.isTooLong) throw tooLong();
        const frame = decoder.decode(bytes, undefined, JSON_TYPE);
        frame.arrivedUs = arrivalOf(bytes);
        yield frame;
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        if (line.isEnded || line.isTooLong) lose(notes, name, line.number, error);
        else cutOff(notes, name, line.number);
      }
    }
  } finally {
    await reader.close();
  }
}

function tooLong(): FrameError {
  return new FrameError('too_large', 'line', `more than ${NDJSON_LINE_BYTES_MAX} bytes`);
}

function lose(notes: ReadingNotes, name: string, line: number, error: FrameError): void {
  notes.samplesInvalid++;
  notes.remark(`${name} line ${line} is no frame and left out: ${error.message}.`);
}

function cutOff(notes: ReadingNotes, name: string, line: number): void {
  notes.truncated = true;
  notes.remark(`${name} ends inside line ${line}: the file was cut off there, or is still being \
written; that line is left out.`);
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 32 || byte === 9 || byte === 13);
}

function isMetadata(bytes: Uint8Array): boolean {
  if (bytes.length < METADATA.length) return false;
  return Buffer.from(bytes.buffer, bytes.byteOffset, METADATA.length).equals(Buffer.from(METADATA));
}

/** Some editors put a mark before the first line. */
function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** What the first line says; a recording is readable without it. */
async function readHeader(path: string, notes: ReadingNotes): Promise<SpkHeader> {
  const unnamed: SpkHeader = { name: basename(path) };
  const reader = await LineReader.open(path, CHUNK_BYTES, NDJSON_LINE_BYTES_MAX);
  try {
    while (await reader.more()) {
      const line = reader.next();
      if (line === undefined) continue;
      const bytes = withoutMark(line.bytes);
      if (!isMetadata(bytes) || !line.isEnded) return unnamed;
      return { ...unnamed, ...parseHeader(Buffer.from(bytes).toString('utf8'), path, notes) };
    }
    return unnamed;
  } finally {
    await reader.close();
  }
}

function parseHeader(text: string, path: string, notes: ReadingNotes): Partial<SpkHeader> {
  let fields: Fields;
  try {
    fields = (JSON.parse(text) as { recording: Fields }).recording ?? {};
  } catch (cause) {
    notes.remark(`${basename(path)} line 1 is no JSON and ignored: ${(cause as Error).message}.`);
    return {};
  }
  const version = fields['version'];
  if (version !== NDJSON_VERSION) {
    throw new RecordingError(
      'unrecognised',
      `${path}: has version ${JSON.stringify(version)}, this program reads ${NDJSON_VERSION}; \
use a newer program.`,
    );
  }
  const remarks: string[] = [];
  const header = readMetadataFields(fields, remarks);
  for (const text of remarks) notes.remark(`${basename(path)} line 1: ignored: ${text}.`);
  return Object.fromEntries(Object.entries(header).filter(([, value]) => value !== undefined));
}

/** What the header leaves open is taken from the frames: reads them all once. */
async function surveyed(path: string, header: SpkHeader): Promise<RecordingInfo> {
  const { name, startUs, durationUs, layers } = header;
  const info = { name, format: 'ndjson' };
  if (startUs !== undefined && durationUs !== undefined && layers !== undefined) {
    return { ...info, startUs, durationUs: Math.max(startUs, durationUs), layers };
  }
  let minUs = Number.POSITIVE_INFINITY;
  let endUs = 0;
  const found = new Map<string, RecordedLayer>();
  // What is wrong with the file is said when it is read for its frames.
  for await (const frame of framesOf(path, new ReadingNotes())) {
    minUs = Math.min(minUs, frame.t0Us);
    endUs = Math.max(endUs, frame.t0Us + frame.spanUs);
    if (frame.kind !== 'spikes') continue;
    const { layerName, neuronType, neuronCount, deviceType, chipId } = frame;
    const layer = { name: layerName, neuronType, neuronCount, deviceType, chipId };
    const key = layerKey(layer);
    if (found.size < DECLARED_MAX || found.has(key)) found.set(key, layer);
  }
  const start = startUs ?? (Number.isFinite(minUs) ? minUs : 0);
  const end = durationUs ?? endUs;
  return {
    ...info,
    startUs: start,
    durationUs: Math.max(start, end),
    layers: layers ?? [...found.values()],
  };
}
