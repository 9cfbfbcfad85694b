import type { InvalidReason } from '../../src/frames/frame-error.ts';
import type { Plain } from './slow-read.ts';
import type { WireField, WireShape } from './wire-fields.ts';

export type Values = ReadonlyMap<string, Plain>;

const SAMPLES_MAX = 131_072;
const ENTRIES_MAX = 4096;
const COUNTERS_MAX = 64;
const NAME_CHARS_MAX = 128;
const TEXT_CHARS_MAX = 8192;
const NEURON_COUNT_MAX = 2 ** 24;
const BYTES = { u16: 2, u32: 4, f32: 4, f64: 8 } as const;

const UPDATE_FIELDS: readonly WireField[] = [
  { name: 'synapse_type', type: 'name', needed: true },
  { name: 'learning_rule', type: 'name', needed: true },
  { name: 'count', type: 'integer', needed: true, min: 0, max: 2 ** 53 - 1 },
];

/** What is wrong with a message, as far as it has been looked at. */
export class Faults {
  readonly all = new Set<InvalidReason>();

  add(reason: InvalidReason): void {
    this.all.add(reason);
  }

  /** Judges one field alone; gives the numbers of a column, where it is one. */
  field(field: WireField, raw: Plain | undefined, json: boolean): readonly number[] | undefined {
    if (raw === undefined || raw === null) {
      if (field.needed) this.add('missing_field');
      return undefined;
    }
    switch (field.type) {
      case 'integer':
      case 'number':
        this.number(field, raw);
        return undefined;
      case 'name':
      case 'text':
        this.text(raw, field.type === 'text');
        return undefined;
      case 'boolean':
        if (typeof raw !== 'boolean') this.add('wrong_type');
        return undefined;
      case 'word':
        if (typeof raw !== 'string') this.add('wrong_type');
        else if (!field.words?.includes(raw)) this.add('out_of_range');
        return undefined;
      case 'u16':
      case 'u32':
      case 'f32':
      case 'f64':
        return this.column(field, field.type, raw, json);
      case 'step':
        this.step(raw, json);
        return undefined;
      case 'updates':
        this.updates(raw, json);
        return undefined;
      default:
        return undefined;
    }
  }

  private number({ type, min, max }: WireField, raw: Plain): void {
    if (typeof raw !== 'number') this.add('wrong_type');
    else if (!Number.isFinite(raw)) this.add('not_finite');
    else {
      if (raw < (min ?? -Infinity) || raw > (max ?? Infinity)) this.add('out_of_range');
      if (type === 'integer' && !Number.isInteger(raw)) this.add('wrong_type');
    }
  }

  text(raw: Plain, prose: boolean): void {
    const chars = typeof raw === 'string' ? Array.from(raw).length : undefined;
    if (chars === undefined) this.add('wrong_type');
    else if (chars > (prose ? TEXT_CHARS_MAX : NAME_CHARS_MAX)) this.add('string_too_long');
    else if (chars === 0 && !prose) this.add('out_of_range');
  }

  private column(
    field: WireField,
    type: keyof typeof BYTES,
    raw: Plain,
    json: boolean,
  ): readonly number[] | undefined {
    const values = this.numbers(type, raw, json);
    if (values === undefined || field.name === 'values') return values;
    for (const value of values) {
      if (!Number.isFinite(value)) this.add('not_finite');
      else if (value < (field.min ?? -Infinity) || value > (field.max ?? Infinity)) {
        this.add('out_of_range');
      }
    }
    return values;
  }

  private numbers(
    type: keyof typeof BYTES,
    raw: Plain,
    json: boolean,
  ): readonly number[] | undefined {
    if (json ? !Array.isArray(raw) : !(raw instanceof Uint8Array)) {
      this.add('wrong_type');
      return undefined;
    }
    const list = raw as readonly Plain[] | Uint8Array;
    const length = json ? list.length : list.length / BYTES[type];
    if (!Number.isInteger(length)) this.add('length_mismatch');
    else if (length > SAMPLES_MAX) this.add('too_many');
    else if (!json) return numbersOf(type, list as Uint8Array, length);
    else return (list as readonly Plain[]).map((value) => this.listed(type, value));
    return undefined;
  }

  /** A value of a column in JSON, where null is NaN. */
  private listed(type: keyof typeof BYTES, value: Plain): number {
    if (value === null && type.startsWith('f')) return Number.NaN;
    if (typeof value !== 'number') {
      this.add('wrong_type');
      return 0;
    }
    if (type === 'f32') return Math.fround(value);
    if (type === 'f64') return value;
    if (Number.isInteger(value) && value >= 0 && value < 256 ** BYTES[type]) return value;
    this.add('out_of_range');
    return 0;
  }

  private step(raw: Plain, json: boolean): void {
    const last = typeof raw === 'number' ? raw : this.numbers('f32', raw, json)?.at(-1);
    if (last === undefined) return;
    if (!Number.isFinite(last)) this.add('not_finite');
    else if (last < 0) this.add('out_of_range');
  }

  private updates(raw: Plain, json: boolean): void {
    if (!Array.isArray(raw)) this.add('wrong_type');
    else if (raw.length > ENTRIES_MAX) this.add('too_many');
    else for (const entry of raw as readonly Plain[]) this.update(entry, json);
  }

  private update(entry: Plain, json: boolean): void {
    if (!(entry instanceof Map)) this.add('wrong_type');
    else if (entry.size > ENTRIES_MAX) this.add('too_many');
    else for (const field of UPDATE_FIELDS) this.field(field, entry.get(field.name), json);
  }

  counters(raw: Plain | undefined, rows: number | undefined, json: boolean): void {
    if (raw === undefined || raw === null) this.add('missing_field');
    else if (!(raw instanceof Map)) this.add('wrong_type');
    else if (raw.size > COUNTERS_MAX) this.add('too_many');
    else for (const [name, column] of raw) this.counter(name, column, rows, json);
  }

  private counter(name: string, column: Plain, rows: number | undefined, json: boolean): void {
    this.text(name, false);
    const values = this.field({ name, type: 'f64', needed: true, min: 0 }, column, json);
    if (rows !== undefined && values !== undefined && values.length !== rows) {
      this.add('length_mismatch');
    }
  }

  /** A list of names, each of which may be empty or absent. */
  names(raw: Plain | undefined, rows: number | undefined): void {
    if (raw === undefined || raw === null) return;
    if (!Array.isArray(raw)) {
      this.add('wrong_type');
      return;
    }
    if (raw.length > SAMPLES_MAX) this.add('too_many');
    if (rows !== undefined && raw.length !== rows) this.add('length_mismatch');
    for (const name of raw as readonly Plain[]) {
      if (name !== null && name !== '') this.text(name, false);
    }
  }
}

function numbersOf(type: keyof typeof BYTES, bytes: Uint8Array, length: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length }, (_, i) => {
    if (type === 'u16') return view.getUint16(i * 2, true);
    if (type === 'u32') return view.getUint32(i * 4, true);
    return type === 'f32' ? view.getFloat32(i * 4, true) : view.getFloat64(i * 8, true);
  });
}

/** Judges the fields of a form, then what holds between them. */
export function fieldFaults(shape: WireShape, values: Values, json: boolean, faults: Faults): void {
  const columns = new Map<string, readonly number[]>();
  for (const field of shape.fields) {
    if (field.type === 'counters' || field.type === 'names') continue;
    const successful = shape.form === 'finished' && values.get('success') === true;
    const needed = field.needed && !(successful && field.name === 'error_type');
    const column = faults.field({ ...field, needed }, values.get(field.name), json);
    if (column !== undefined) columns.set(field.name, column);
  }
  betweenFields(shape, values, columns, json, faults);
}

type Columns = ReadonlyMap<string, readonly number[]>;

function betweenFields(
  shape: WireShape,
  values: Values,
  columns: Columns,
  json: boolean,
  faults: Faults,
): void {
  const ids = columns.get('neuron_id') ?? columns.get('neuron_id_u16');
  const times = columns.get('dt') ?? columns.get('dt_u16');
  if (shape.timed && times !== undefined) {
    const spanUs = values.get('span_us');
    if (typeof spanUs === 'number' && times.some((dt) => dt >= spanUs)) {
      faults.add('dt_outside_span');
    }
    const falls = times.some((dt, i) => dt < (times[i - 1] ?? 0));
    if (falls && shape.kind !== 'spikes') faults.add('dt_decreasing');
  }
  if (ids !== undefined) {
    const count = shape.kind === 'spikes' ? values.get('neuron_count') : NEURON_COUNT_MAX;
    if (typeof count === 'number' && ids.some((id) => id >= count)) {
      faults.add('neuron_outside_population');
    }
  }
  if (shape.kind === 'activity') {
    const coreId = values.get('core_id') ?? undefined;
    if (shape.form === 'chip' && coreId !== undefined) {
      const none = faults.field({ name: 'core_id', type: 'u32', needed: false }, coreId, json);
      if (none !== undefined && none.length > 0) faults.add('length_mismatch');
    }
    const rows = shape.form === 'chip' ? 1 : columns.get('core_id')?.length;
    faults.counters(values.get('counters'), rows, json);
  }
  if (shape.kind === 'cores')
    faults.names(values.get('layer_name'), columns.get('core_id')?.length);
  const perStep = columns.get('step_spikes');
  if (perStep !== undefined && ids !== undefined) {
    if (perStep.reduce((sum, count) => sum + count, 0) !== ids.length)
      faults.add('length_mismatch');
  }
  for (const [name, length] of lengthsNeeded(shape, values, columns)) {
    const found = columns.get(name)?.length;
    if (found !== undefined && length !== undefined && found !== length) {
      faults.add('length_mismatch');
    }
  }
}

/** Steps of the span, the last of which may be cut; undefined where that can't be told. */
function stepsOf(values: Values): number | undefined {
  const spanUs = values.get('span_us');
  const stepUs = values.get('timestep_us') ?? spanUs;
  if (typeof spanUs !== 'number' || typeof stepUs !== 'number') return undefined;
  let steps = 0;
  while (steps * stepUs < spanUs && steps <= SAMPLES_MAX) steps++;
  return steps;
}

/** Columns and the length that another field gives them; undefined where that one is unknown. */
function lengthsNeeded(
  { kind }: WireShape,
  values: Values,
  columns: Columns,
): readonly (readonly [string, number | undefined])[] {
  const rows = (name: string) => columns.get(name)?.length;
  if (kind === 'spikes') {
    const spikes = rows('neuron_id') ?? rows('neuron_id_u16');
    const steps = stepsOf(values);
    return [
      ['dt', spikes],
      ['dt_u16', spikes],
      ['step_spikes', steps],
    ];
  }
  if (kind === 'cores') return [['utilization_percent', rows('core_id')]];
  if (kind === 'inference') {
    const count = values.get('count');
    return [['latency_us', typeof count === 'number' ? count : undefined]];
  }
  if (kind === 'power') return ['watts', 'joules', 'step_us'].map((name) => [name, rows('dt')]);
  if (kind !== 'membrane') return [];
  const [neurons, times] = [rows('neuron_id'), rows('dt')];
  const known = neurons !== undefined && times !== undefined;
  return [['values', known ? neurons * times : undefined]];
}
