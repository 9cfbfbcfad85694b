import type { Packable } from './pack.ts';
import { COMMON_FIELDS, WIRE_SHAPES, type WireField, type WireShape } from './wire-fields.ts';

/** From 0 to below 1. */
export type Random = () => number;

/** A small repeatable generator (mulberry32), so that a failing case can be run again. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function below(random: Random, end: number): number {
  return Math.floor(random() * end);
}

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[below(random, list.length)] as T;
}

/** A valid message before it is written: wire names to values, columns as typed arrays. */
export interface WireMessage {
  readonly shape: WireShape;
  readonly fields: ReadonlyMap<string, Packable>;
}

const SAFE = 2 ** 53 - 1;
const NAMES = ['l', 'encoder.0/attention', 'µ-layer', '神経', 'a b', '🧠', 'x'.repeat(128)];

export function validMessage(random: Random): WireMessage {
  const shape = pick(random, WIRE_SHAPES);
  const spanUs = pick(random, [1, 1000, 100_000, 60_000_000]);
  const fields = new Map<string, Packable>([
    ['v', 1],
    ['kind', shape.kind],
    ['device_type', pick(random, ['loihi2', 'spinnaker', 'cpu', 'A_b-9'])],
    ['chip_id', pick(random, ['0', 'chip0', '1-2', 'x'.repeat(64)])],
    ['t0', pick(random, [0, 1, 1_700_000_000_000_000, SAFE - spanUs])],
    ['span_us', shape.timed || random() < 0.5 ? spanUs : 0],
  ]);
  for (const [name, value] of Object.entries(shape.fixed)) fields.set(name, value);
  const rows = below(random, 6);
  for (const field of [...COMMON_FIELDS, ...shape.fields]) {
    if (fields.has(field.name) || (!field.needed && random() < 0.5)) continue;
    fields.set(field.name, validValue(shape, field, fields, rows, random));
  }
  return { shape, fields };
}

function validValue(
  shape: WireShape,
  field: WireField,
  fields: ReadonlyMap<string, Packable>,
  rows: number,
  random: Random,
): Packable {
  switch (field.type) {
    case 'integer':
      if (field.name === 'count') return rows;
      if (field.name === 'timestep_us' && shape.form !== '') return denseStep(fields, random);
      return pick(random, [field.min ?? 0, 1, 7, 4096, field.max ?? SAFE]);
    case 'number':
      return pick(random, [field.min ?? -2.5, 0.25, 1, Math.min(field.max ?? 1e300, 1e300)]);
    case 'name':
    case 'token':
      return pick(random, NAMES);
    case 'text':
      return pick(random, ['', 'line one\nline two', 't'.repeat(8192)]);
    case 'boolean':
      return random() < 0.5;
    case 'word':
      return pick(random, field.words ?? []);
    case 'names':
      return Array.from({ length: rows }, () => pick(random, [...NAMES, '', null]));
    case 'updates':
      return Array.from({ length: rows }, () => update(random));
    case 'counters':
      return counters(shape.form === 'chip' ? 1 : rows, random);
    case 'step':
      return pick<Packable>(random, [0, 12.5, Float32Array.of(1, 2), new Float32Array(0)]);
    default:
      return column(shape, field, fields, rows, random);
  }
}

/** A length of steps of which a span has few. */
function denseStep(fields: ReadonlyMap<string, Packable>, random: Random): number {
  const spanUs = fields.get('span_us') as number;
  return pick(random, [Math.ceil(spanUs / (1 + below(random, 7))), spanUs, SAFE]);
}

/** So many spikes, spread over the steps of the span. */
function stepSpikes(
  fields: ReadonlyMap<string, Packable>,
  spikes: number,
  random: Random,
): Uint16Array {
  const spanUs = fields.get('span_us') as number;
  const stepUs = (fields.get('timestep_us') as number | undefined) ?? spanUs;
  const counts = new Uint16Array(Math.ceil(spanUs / stepUs));
  for (let i = 0; i < spikes; i++) {
    const step = below(random, counts.length);
    counts[step] = (counts[step] as number) + 1;
  }
  return counts;
}

function update(random: Random): Packable {
  return new Map<string, Packable>([
    ['synapse_type', pick(random, NAMES)],
    ['learning_rule', pick(random, NAMES)],
    ['count', pick(random, [0, 5, SAFE])],
  ]);
}

function counters(rows: number, random: Random): Packable {
  const names = pick(random, [['syn_ops'], ['spikes_in', 'axon_out'], ['__proto__'], []]);
  return new Map(names.map((name) => [name, Float64Array.from({ length: rows }, () => random())]));
}

function column(
  shape: WireShape,
  field: WireField,
  fields: ReadonlyMap<string, Packable>,
  rows: number,
  random: Random,
): Packable {
  const spanUs = fields.get('span_us') as number;
  if (field.name === 'dt') {
    const times = Uint32Array.from({ length: rows }, () => below(random, spanUs));
    return shape.kind === 'spikes' ? times : times.sort();
  }
  if (field.name === 'dt_u16') {
    return Uint16Array.from({ length: rows }, () => below(random, Math.min(spanUs, 2 ** 16)));
  }
  if (field.name === 'step_spikes') return stepSpikes(fields, rows, random);
  if (field.name === 'neuron_id_u16') {
    const count = Math.min(fields.get('neuron_count') as number, 2 ** 16);
    return Uint16Array.from({ length: rows }, () => below(random, count));
  }
  if (field.name === 'neuron_id') {
    const count = (fields.get('neuron_count') as number | undefined) ?? 2 ** 24;
    const length = shape.kind === 'membrane' ? 1 + below(random, 3) : rows;
    return Uint32Array.from({ length }, () => below(random, count));
  }
  if (field.name === 'values') {
    const neurons = (fields.get('neuron_id') as Uint32Array).length;
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0.5];
    return Float32Array.from({ length: rows * neurons }, () =>
      random() < 0.1 ? pick(random, odd) : random() * 100 - 80,
    );
  }
  const value = () => (field.min === undefined ? random() * 4 - 1 : random() * 100);
  if (field.type === 'u32') return Uint32Array.from({ length: rows }, () => random() * 2 ** 32);
  if (field.type === 'f32') return Float32Array.from({ length: rows }, value);
  return Float64Array.from({ length: rows }, value);
}
