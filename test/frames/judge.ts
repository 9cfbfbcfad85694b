import type { InvalidReason } from '../../src/frames/frame-error.ts';
import { FRAME_KINDS } from '../../src/frames/header.ts';
import { Faults, fieldFaults, type Values } from './judge-fields.ts';
import { type Plain, readMessage, Unreadable } from './slow-read.ts';
import { COMMON_FIELDS, spikesForm, WIRE_SHAPES, type WireShape } from './wire-fields.ts';

/** A message as it came, whatever it is. */
export interface AnyMessage {
  readonly subject: string;
  readonly contentType: string | undefined;
  readonly data: Uint8Array;
}

const PAYLOAD_BYTES_MAX = 2 ** 20;
const SAFE = 2 ** 53 - 1;

/**
 * Every reason for which a message is no frame; none where it is one. Written from the design, in
 * no particular order of checks: where a message has several faults a reader may name any of them.
 * Only what can't be told without something else waits for it: subject, size, bytes, version and
 * kind, form, fields.
 */
export function faultsOf(message: AnyMessage): ReadonlySet<InvalidReason> {
  const subject = /^spikeformer\.([^.]*)\.([\w-]{1,64})\.([\w-]{1,64})$/.exec(message.subject);
  if (subject === null) return new Set(['subject']);
  const [, subjectKind, deviceType, chipId] = subject as unknown as string[];
  if (!FRAME_KINDS.some((kind) => kind === subjectKind)) return new Set(['kind']);
  if (message.data.length > PAYLOAD_BYTES_MAX) return new Set(['too_large']);
  const json = isJson(message);
  let values: Values;
  try {
    values = readMessage(message.data, json);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return new Set(error.reasons);
  }
  const faults = new Faults();
  const kind = kindFaults(values, faults);
  if (kind === undefined) return faults.all;
  if (kind !== subjectKind) faults.add('subject_mismatch');
  tokenFaults(values.get('device_type'), deviceType as string, faults);
  tokenFaults(values.get('chip_id'), chipId as string, faults);
  headerFaults(kind, values, json, faults);
  const shape = shapeOf(kind, values, faults);
  if (shape !== undefined) fieldFaults(shape, values, json, faults);
  return faults.all;
}

export function isJson({ data, contentType }: AnyMessage): boolean {
  const type = contentType?.toLowerCase().split(';')[0]?.trim();
  if (type === 'application/json') return true;
  if (type === 'application/msgpack' || type === 'application/x-msgpack') return false;
  return data[0] === '{'.charCodeAt(0);
}

/** The kind, where version and kind let anything more be said. */
function kindFaults(values: Values, faults: Faults): string | undefined {
  const version = values.get('v') ?? undefined;
  const kind = values.get('kind') ?? undefined;
  if (version === undefined) faults.add('missing_field');
  else if (version !== 1) faults.add('version');
  if (kind === undefined) faults.add('missing_field');
  else if (typeof kind !== 'string') faults.add('wrong_type');
  else if (!FRAME_KINDS.some((known) => known === kind)) faults.add('kind');
  return faults.all.size === 0 ? (kind as string) : undefined;
}

function tokenFaults(value: Plain | undefined, fromSubject: string, faults: Faults): void {
  if (value === undefined || value === null) faults.add('missing_field');
  else if (typeof value !== 'string') faults.add('wrong_type');
  else if (value !== fromSubject) faults.add('subject_mismatch');
}

function headerFaults(kind: string, values: Values, json: boolean, faults: Faults): void {
  const timed = WIRE_SHAPES.some((shape) => shape.kind === kind && shape.timed);
  for (const field of COMMON_FIELDS) {
    if (field.type === 'token') continue;
    const min = field.name === 'span_us' && timed ? 1 : field.min;
    faults.field({ ...field, ...(min !== undefined && { min }) }, values.get(field.name), json);
  }
  const t0 = values.get('t0');
  const span = values.get('span_us');
  if (isWhole(t0) && isWhole(span) && BigInt(t0) + BigInt(span) > SAFE) faults.add('out_of_range');
}

function isWhole(value: Plain | undefined): value is number {
  return Number.isSafeInteger(value);
}

/** The form of the kind that the message says it has; undefined where it says none. */
function shapeOf(kind: string, values: Values, faults: Faults): WireShape | undefined {
  const shapes = WIRE_SHAPES.filter((shape) => shape.kind === kind);
  const word = (name: string) => {
    const words = shapes.map(({ fixed }) => fixed[name]).filter((one) => one !== undefined);
    if (words.length === 0) return undefined;
    faults.field({ name, type: 'word', needed: true, words }, values.get(name), false);
    return values.get(name);
  };
  if (kind === 'activity') {
    const scope = word('scope');
    return shapes.find(({ form }) => form === scope);
  }
  if (kind === 'spikes') {
    const has = (name: string) => (values.get(name) ?? undefined) !== undefined;
    return shapes.find(({ form }) => form === spikesForm(has));
  }
  if (kind !== 'conversion') return shapes[0];
  const event = word('event');
  if (event !== 'step') return shapes.find(({ form }) => form === event);
  const step = word('step');
  return shapes.find(({ form }) => form === step) ?? shapes.find((one) => one.form !== 'started');
}
