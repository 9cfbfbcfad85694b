import { isJson } from './decode.ts';
import {
  type Fields,
  nameField,
  optionalNameField,
  optionalNumberField,
  optionalTextField,
} from './fields.ts';
import { FrameError } from './frame-error.ts';
import { readJson } from './json-read.ts';
import { FRAME_LIMITS, type FrameLimits } from './limits.ts';
import { MsgpackReader } from './msgpack-read.ts';

/**
 * What service and executors say to one another on `<prefix>.benchmark-run.<hardware>`. The answer
 * to a request is a `benchmark` frame, or a note; notes that it is running may come before.
 */
export interface BenchmarkRequest {
  readonly model: string;
  readonly hardware: string;
  /** How long a run that says it goes on may be silent; undefined where nobody minds. */
  readonly silenceUs: number | undefined;
}

/** Small maps, msgpack or JSON, that are no frames. */
export type RunNote =
  /** The run goes on; sent now and then, so that its end can be told from a death. */
  | { readonly is: 'running' }
  /** There is no result. `error` is a word such as `busy`, `text` is for people. */
  | { readonly is: 'error'; readonly error: string; readonly text: string | undefined };

/** The executor runs something else: one run at a time. */
export const BUSY = 'busy';
/** The executor does not have this model, and will not have it in an hour. */
export const UNSUPPORTED = 'unsupported';

/** Headers in which NATS services say that there is no answer; the emitters' executors do. */
export const ERROR_HEADER = 'Nats-Service-Error';
export const ERROR_CODE_HEADER = 'Nats-Service-Error-Code';
const CODE_BUSY = '429';

/** Executors of the same hardware share requests, the emitters' too: each is one's. */
export const EXECUTOR_QUEUE = 'spikescope-benchmarks';

const REQUEST_BYTES_MAX = 4096;
const UTF8 = new TextEncoder();

export function runSubject(prefix: string, hardware: string): string {
  return `${prefix}.benchmark-run.${hardware}`;
}

/** JSON, which every executor can read. */
export function encodeRequest({ model, hardware, silenceUs }: BenchmarkRequest): Uint8Array {
  return UTF8.encode(JSON.stringify({ model, hardware, silence_us: silenceUs }));
}

/** @throws FrameError that names the field */
export function readRequest(bytes: Uint8Array, contentType: string | undefined): BenchmarkRequest {
  if (bytes.length > REQUEST_BYTES_MAX) {
    const detail = `${bytes.length} bytes, at most ${REQUEST_BYTES_MAX}`;
    throw new FrameError('too_large', 'payload', detail);
  }
  const fields = readFields(bytes, contentType, FRAME_LIMITS);
  return {
    model: nameField(fields, 'model', FRAME_LIMITS),
    hardware: nameField(fields, 'hardware', FRAME_LIMITS),
    silenceUs: optionalNumberField(fields, 'silence_us', 0, Number.MAX_SAFE_INTEGER),
  };
}

export function encodeNote(note: RunNote): Uint8Array {
  if (note.is === 'running') return UTF8.encode('{"running":true}');
  return UTF8.encode(JSON.stringify({ error: note.error, message: note.text }));
}

/** A note by its fields; undefined for anything else, such as a frame. */
export function readNote(fields: Fields, limits: FrameLimits): RunNote | undefined {
  if (fields['running'] === true) return { is: 'running' };
  const error = optionalNameField(fields, 'error', limits);
  if (error === undefined) return undefined;
  return { is: 'error', error, text: optionalTextField(fields, 'message', limits) };
}

/** The note that headers make; the text may begin with the class of an exception. */
export function headerNote(text: string, code: string): RunNote {
  const isUnsupported = new RegExp(`(^|: )${UNSUPPORTED}:`).test(text);
  const error = code === CODE_BUSY ? BUSY : isUnsupported ? UNSUPPORTED : 'failed';
  return { is: 'error', error, text };
}

/** The same for a note, so that tools for NATS services see it: header names and values. */
export function noteHeaders(note: RunNote): readonly (readonly [name: string, value: string])[] {
  if (note.is === 'running') return [];
  const text = [note.error, note.text].filter(Boolean).join(': ');
  return [
    [ERROR_CODE_HEADER, note.error === BUSY ? CODE_BUSY : '500'],
    [ERROR_HEADER, text.replace(/[^\x20-\x7e]/g, '?')],
  ];
}

/** A message as plain fields. */
export function readFields(
  bytes: Uint8Array,
  contentType: string | undefined,
  limits: FrameLimits,
): Fields {
  return isJson(bytes, contentType)
    ? readJson(bytes, limits)
    : new MsgpackReader(limits).readMap(bytes);
}
