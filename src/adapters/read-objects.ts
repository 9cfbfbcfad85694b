import { isUtf8 } from 'node:buffer';
import { FrameError, shown } from '../frames/frame-error.ts';
import type { FrameLimits } from '../frames/limits.ts';
import type { AdapterOptions } from './adapter-options.ts';
import type { LayerTable } from './layer-table.ts';
import type { ObjectColumns } from './object-columns.ts';

/** What a time is multiplied by to be µs, and what it is divided by. */
export const TIME_UNITS = {
  s: [1_000_000, 1],
  ms: [1000, 1],
  us: [1, 1],
  ns: [1, 1000],
} as const;

/**
 * Reads the objects of a message into columns, one by one, by the parser of the platform: what it
 * gives and what it refuses is what any faster way has to give and refuse.
 */
export class ObjectReader {
  private readonly options: AdapterOptions;
  private readonly limits: FrameLimits;
  private readonly layers: LayerTable;
  private readonly times: number;
  private readonly divisor: number;

  constructor(options: AdapterOptions, limits: FrameLimits, layers: LayerTable) {
    this.options = options;
    this.limits = limits;
    this.layers = layers;
    [this.times, this.divisor] = TIME_UNITS[options.time_unit];
  }

  /** @throws FrameError naming the object, the field and its value */
  read(bytes: Uint8Array, columns: ObjectColumns): void {
    const objects = this.parse(bytes);
    const { samplesMax } = this.limits;
    if (objects.length > samplesMax) {
      const detail = `${objects.length} objects, at most ${samplesMax}`;
      throw new FrameError('too_many', 'payload', detail);
    }
    columns.reset(objects.length);
    for (let i = 0; i < objects.length; i++) this.take(objects[i], i, columns);
    columns.length = objects.length;
  }

  private parse(bytes: Uint8Array): readonly unknown[] {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
    if (text.includes('\ufffd') && !isUtf8(bytes)) {
      throw new FrameError('malformed', 'payload', 'is not UTF-8');
    }
    if (this.options.format === 'ndjson') return parseLines(text);
    const value = parseJson(text, '');
    if (Array.isArray(value)) return value;
    if (value !== null && typeof value === 'object') return [value];
    throw new FrameError('malformed', 'payload', 'is neither an array of objects nor an object');
  }

  private take(value: unknown, i: number, columns: ObjectColumns): void {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
      throw new FrameError('wrong_type', `[${i}]`, `needs an object, got ${shown(value)}`);
    }
    const object = value as Readonly<Record<string, unknown>>;
    const { fields } = this.options;
    const name = own(object, fields.layer);
    const layer = this.layers.find(name, () => `[${i}].${fields.layer}`);
    const neuron = numberOf(object, fields.neuron, i) - layer.firstNeuron;
    if (!Number.isInteger(neuron)) {
      const detail = `needs a whole number, got ${object[fields.neuron]}`;
      throw new FrameError('wrong_type', `[${i}].${fields.neuron}`, detail);
    }
    if (neuron < 0 || neuron >= layer.neuronCount) {
      const { firstNeuron, neuronCount, name } = layer;
      const range = `${firstNeuron} … ${firstNeuron + neuronCount - 1} of layer ${shown(name)}`;
      const detail = `${neuron + firstNeuron} is not within ${range}`;
      throw new FrameError('neuron_outside_population', `[${i}].${fields.neuron}`, detail);
    }
    columns.layer[i] = layer.index;
    columns.neuron[i] = neuron;
    columns.timeUs[i] = this.timeOf(object, i);
    columns.membrane[i] = membraneOf(object, fields.membrane, i);
  }

  private timeOf(object: Readonly<Record<string, unknown>>, i: number): number {
    const { time } = this.options.fields;
    const value = numberOf(object, time, i);
    // Not Math.round: this is what other ways of reading can do as exactly.
    const scaled = (value * this.times) / this.divisor;
    const us = Number.isInteger(scaled) ? scaled : Math.floor(scaled + 0.5);
    if (us >= 0 && us < Number.MAX_SAFE_INTEGER) return us;
    const detail = `${value} ${this.options.time_unit} is not within 0 … 2^53 - 2 µs`;
    throw new FrameError('out_of_range', `[${i}].${time}`, detail);
  }
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new FrameError(
      'malformed',
      'payload',
      `${where}is not JSON: ${(error as Error).message}`,
    );
  }
}

const BLANK = /^[ \t\r]*$/;

/** Objects, one a line; lines without anything are none. */
function parseLines(text: string): unknown[] {
  const objects: unknown[] = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string;
    if (!BLANK.test(line)) objects.push(parseJson(line, `line ${i + 1} `));
  }
  return objects;
}

function own(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function numberOf(object: Readonly<Record<string, unknown>>, name: string, i: number): number {
  const value = own(object, name);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const field = `[${i}].${name}`;
  if (value === undefined || value === null) {
    throw new FrameError('missing_field', field, 'is needed and absent');
  }
  if (typeof value === 'number') throw new FrameError('not_finite', field, `is ${value}`);
  throw new FrameError('wrong_type', field, `needs a number, got ${shown(value)}`);
}

function membraneOf(
  object: Readonly<Record<string, unknown>>,
  name: string | undefined,
  i: number,
): number {
  if (name === undefined || (own(object, name) ?? null) === null) return Number.NaN;
  const value = Math.fround(numberOf(object, name, i));
  if (Number.isFinite(value)) return value;
  const detail = `${object[name]} is beyond single precision`;
  throw new FrameError('out_of_range', `[${i}].${name}`, detail);
}
