import { isDeepStrictEqual } from 'node:util';
import { Unpackr } from 'msgpackr';
import type { Frame } from '../../src/frames/frame.ts';
import {
  COMMON_FIELDS,
  spikesForm,
  WIRE_SHAPES,
  type WireField,
  type WireShape,
} from './wire-fields.ts';

/**
 * Judges a decoded frame by the design and by what another reader found in the same bytes; slow,
 * field by field, and with nothing from src/ but the type it looks at.
 */
type Values = ReadonlyMap<string, unknown>;
type Properties = Readonly<Record<string, unknown>>;

const OTHER_READER = new Unpackr({
  useRecords: false,
  mapsAsObjects: false,
  int64AsType: 'number',
});

const PROPERTIES: Readonly<Record<string, string>> = {
  t0: 't0Us',
  dt: 'dtUs',
  dt_u16: 'dtUs',
  neuron_id_u16: 'neuronId',
  message: 'text',
  'cores.layer_name': 'layerNames',
};
export const DEFAULTS: Readonly<Record<string, unknown>> = {
  neuron_type: 'lif',
  neuron_offset: 0,
  unit: 'mV',
  rail: 'total',
  component: 'total',
  origin: 'measured',
  cumulative: false,
};
const LOG_NAMES = [
  'logger',
  'module',
  'function',
  'model_id',
  'hardware_type',
  'user_id',
  'model_type',
  'model_size',
  'hardware_target',
  'layer_name',
];
const SAMPLES_MAX = 131_072;

/** What is wrong with a frame that `bytes` decoded to; nothing, if both readings agree. */
export function violations(frame: Frame, bytes: Uint8Array, json: boolean): string[] {
  const values = otherReading(bytes, json);
  const said: string[] = [];
  const check = (holds: boolean, text: string) => {
    if (!holds) said.push(text);
  };
  check(bytes.length <= 2 ** 20, 'payload above 1 MiB');
  check(depthOf(values) <= 8, 'nested deeper than 8');
  check(values.get('v') === 1, 'v is not 1');
  check(values.get('kind') === frame.kind, 'kind differs');
  const shape = WIRE_SHAPES.find(
    ({ kind, fixed, form }) =>
      kind === frame.kind &&
      Object.entries(fixed).every(([k, v]) => values.get(k) === v) &&
      (kind !== 'spikes' || form === spikesForm((name) => (values.get(name) ?? null) !== null)),
  );
  if (shape === undefined) return [...said, 'no form of its kind'];
  const properties = frame as unknown as Properties;
  for (const field of [...COMMON_FIELDS, ...shape.fields]) {
    const text = fieldViolation(shape, field, values, properties);
    if (text !== undefined) said.push(`${field.name}: ${text}`);
  }
  check(frame.t0Us + frame.spanUs < 2 ** 53, 't0 + span_us above 2^53 - 1');
  check(!shape.timed || frame.spanUs >= 1, 'no span for columns in time');
  check(Number.isNaN(frame.arrivedUs) && frame.restarts === 0, 'more than the wire says');
  said.push(...columnViolations(frame));
  return said;
}

function otherReading(bytes: Uint8Array, json: boolean): Values {
  if (!json) return OTHER_READER.unpack(bytes) as Values;
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  return asMap(JSON.parse(text));
}

function asMap(value: unknown): Values {
  if (value instanceof Map) return value;
  return new Map(Object.entries(value as object));
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return 0;
  const entries = Array.isArray(value) ? value : [...asMap(value).values()];
  return 1 + entries.reduce((deepest: number, entry) => Math.max(deepest, depthOf(entry)), 0);
}

function fieldViolation(
  shape: WireShape,
  field: WireField,
  values: Values,
  frame: Properties,
): string | undefined {
  const raw = values.get(field.name) ?? undefined;
  const read = readOf(shape, field, frame);
  if (raw === undefined) {
    const successful = shape.form === 'finished' && values.get('success') === true;
    if (field.needed && !successful) return 'is absent';
    return Object.is(read, DEFAULTS[field.name]) ? undefined : `absent, read as ${String(read)}`;
  }
  switch (field.type) {
    case 'integer':
    case 'number':
      return numberViolation(field, raw, read);
    case 'name':
    case 'text':
      return textViolation(raw, read, field.type === 'text' ? 8192 : 128, field.type === 'text');
    case 'token':
      return raw === read && /^[\w-]{1,64}$/.test(String(raw)) ? undefined : 'is no token';
    case 'boolean':
      return typeof raw === 'boolean' && raw === read ? undefined : 'is no boolean';
    case 'word':
      return raw === read && field.words?.includes(String(raw)) ? undefined : 'is no such word';
    case 'step':
      return stepViolation(raw, read);
    case 'names':
      return namesViolation(raw, read);
    case 'counters':
      return countersViolation(raw, read);
    case 'updates':
      return updatesViolation(raw, read);
    default:
      if (field.name === 'step_spikes') return stepsViolation(raw, values, frame);
      return columnViolation(field, raw, read, field.name === 'values');
  }
}

function readOf(shape: WireShape, field: WireField, frame: Properties): unknown {
  if (shape.kind === 'log' && LOG_NAMES.includes(field.name)) {
    return (frame['names'] as Values).get(field.name);
  }
  const special = PROPERTIES[`${shape.kind}.${field.name}`] ?? PROPERTIES[field.name];
  return frame[special ?? field.name.replace(/_(.)/g, (_, letter) => letter.toUpperCase())];
}

function numberViolation(field: WireField, raw: unknown, read: unknown): string | undefined {
  if (typeof raw !== 'number' || !Number.isFinite(raw)) return 'is no finite number';
  if (field.type === 'integer' && !Number.isInteger(raw)) return 'is not whole';
  if (raw < (field.min ?? -Infinity) || raw > (field.max ?? Infinity)) return 'is out of range';
  return raw === read ? undefined : `${raw} was read as ${String(read)}`;
}

function textViolation(
  raw: unknown,
  read: unknown,
  charsMax: number,
  mayBeEmpty: boolean,
): string | undefined {
  if (typeof raw !== 'string') return 'is no string';
  const chars = Array.from(raw).length;
  if (chars > charsMax || (chars === 0 && !mayBeEmpty)) return `has ${chars} characters`;
  if (/\p{Surrogate}/u.test(raw)) return 'is no Unicode';
  return raw === read ? undefined : 'was read as another string';
}

function stepViolation(raw: unknown, read: unknown): string | undefined {
  const step = typeof raw === 'number' ? raw : valuesOf('f32', raw)?.at(-1);
  if (step !== undefined && !(Number.isFinite(step) && step >= 0)) return 'is no length of time';
  return Object.is(step, read) ? undefined : 'was read as another step';
}

function namesViolation(raw: unknown, read: unknown): string | undefined {
  if (!Array.isArray(raw) || !Array.isArray(read) || raw.length !== read.length) return 'no list';
  const bad = raw.findIndex((name, i) => textViolation(name ?? '', read[i], 128, true));
  return bad < 0 ? undefined : `entry ${bad} is bad`;
}

function countersViolation(raw: unknown, read: unknown): string | undefined {
  const counters = asMap(raw);
  const kept = read as ReadonlyMap<string, Float64Array>;
  if (counters.size !== kept.size || counters.size > 64) return 'has other counters';
  for (const [name, column] of counters) {
    const field: WireField = { name, type: 'f64', needed: true, min: 0 };
    const text =
      textViolation(name, name, 128, false) ??
      columnViolation(field, column, kept.get(name), false);
    if (text !== undefined) return `${name}: ${text}`;
  }
  return undefined;
}

function updatesViolation(raw: unknown, read: unknown): string | undefined {
  const list = raw as readonly unknown[];
  const kept = read as readonly Properties[];
  if (list.length !== kept.length || list.length > 4096) return 'has other updates';
  for (const [i, entry] of list.entries()) {
    const update = asMap(entry);
    const count: WireField = { name: 'count', type: 'integer', needed: true, min: 0 };
    const text =
      textViolation(update.get('synapse_type'), kept[i]?.['synapseType'], 128, false) ??
      textViolation(update.get('learning_rule'), kept[i]?.['learningRule'], 128, false) ??
      numberViolation({ ...count, max: 2 ** 53 - 1 }, update.get('count'), kept[i]?.['count']);
    if (text !== undefined) return `entry ${i}: ${text}`;
  }
  return undefined;
}

/** Values of a column as plain numbers, read byte by byte; undefined where it is none. */
function valuesOf(type: WireField['type'], raw: unknown): number[] | undefined {
  if (Array.isArray(raw)) {
    const list = raw.map((value) => (value === null ? Number.NaN : (value as number)));
    return type === 'f32' ? list.map(Math.fround) : list;
  }
  if (!(raw instanceof Uint8Array)) return undefined;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const bytes = type === 'f64' ? 8 : type === 'u16' ? 2 : 4;
  if (raw.length % bytes !== 0) return undefined;
  return Array.from({ length: raw.length / bytes }, (_, i) => {
    if (type === 'u16') return view.getUint16(i * bytes, true);
    if (type === 'u32') return view.getUint32(i * bytes, true);
    return type === 'f32' ? view.getFloat32(i * bytes, true) : view.getFloat64(i * bytes, true);
  });
}

function columnViolation(
  field: WireField,
  raw: unknown,
  read: unknown,
  mayBeNaN: boolean,
): string | undefined {
  const column = valuesOf(field.type, raw);
  if (column === undefined) return 'is no column';
  if (column.length > SAMPLES_MAX) return `has ${column.length} values`;
  const kept = Array.from(read as ArrayLike<number>);
  if (column.length !== kept.length) return 'was read with another length';
  for (const [i, value] of column.entries()) {
    if (!Object.is(value, kept[i])) return `value ${i}: ${value} was read as ${kept[i]}`;
    if (!mayBeNaN && !Number.isFinite(value)) return `value ${i} is not finite`;
    if (value < (field.min ?? -Infinity) || value > (field.max ?? Infinity)) {
      return mayBeNaN ? undefined : `value ${i}: ${value} is out of range`;
    }
    if (field.type === 'u32' && !(Number.isInteger(value) && value >= 0)) return 'is no u32';
  }
  return undefined;
}

/** Whether the times that were read are those of the steps, one after the other. */
function stepsViolation(raw: unknown, values: Values, frame: Properties): string | undefined {
  const counts = valuesOf('u16', raw);
  if (counts === undefined) return 'is no column';
  const stepUs = Number(values.get('timestep_us') ?? 0);
  const times = counts.flatMap((count, step) => new Array<number>(count).fill(step * stepUs));
  const read = Array.from(frame['dtUs'] as ArrayLike<number>);
  return isDeepStrictEqual(times, read) ? undefined : 'was read as other times';
}

/** What holds between columns. */
function columnViolations(frame: Frame): string[] {
  const { spanUs } = frame;
  const inside = (dtUs: Uint32Array) => dtUs.every((dt) => dt < spanUs);
  const ordered = (dtUs: Uint32Array) =>
    dtUs.every((dt, i) => i === 0 || dt >= (dtUs[i - 1] as number));
  const rules: [boolean, string][] = [];
  if (frame.kind === 'spikes') {
    rules.push([frame.neuronId.length === frame.dtUs.length, 'columns differ in length']);
    rules.push([inside(frame.dtUs), 'a spike outside the span']);
    rules.push([frame.neuronId.every((id) => id < frame.neuronCount), 'a neuron outside']);
  } else if (frame.kind === 'membrane') {
    const { neuronId, dtUs, values } = frame;
    rules.push([values.length === neuronId.length * dtUs.length, 'values are not m·n']);
    rules.push([inside(dtUs) && ordered(dtUs), 'times outside the span or out of order']);
  } else if (frame.kind === 'power') {
    const { dtUs, watts, joules = watts, stepUs = watts } = frame;
    const alike = [watts, joules, stepUs].every(({ length }) => length === dtUs.length);
    rules.push([alike, 'columns differ in length']);
    rules.push([inside(dtUs) && ordered(dtUs), 'times outside the span or out of order']);
  } else if (frame.kind === 'cores') {
    const { coreId, utilizationPercent, layerNames = coreId } = frame;
    const alike = utilizationPercent.length === coreId.length;
    rules.push([alike && layerNames.length === coreId.length, 'columns differ in length']);
  } else if (frame.kind === 'activity') {
    const rows = frame.scope === 'chip' ? 1 : frame.coreId.length;
    const columns = [...frame.counters.values()];
    rules.push([columns.every(({ length }) => length === rows), 'columns differ in length']);
  } else if (frame.kind === 'inference') {
    rules.push([frame.latencyUs.length === frame.count, 'columns differ in length']);
  }
  return rules.filter(([holds]) => !holds).map(([, text]) => text);
}
