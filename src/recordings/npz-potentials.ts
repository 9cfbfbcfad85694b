import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { FRAME_LIMITS } from '../frames/limits.ts';
import { NpzArray } from './npz-array.ts';
import { noteEnds } from './npz-spikes.ts';
import type { ReadingNotes } from './reading-notes.ts';
import { RecordingError } from './recording-error.ts';
import type { SampleColumns, SampleReader } from './samples.ts';
import { wholeUs } from './whole-us.ts';
import type { ZipMember } from './zip-listing.ts';

/** Times that are kept where a matrix lies neuron by neuron: 32 MiB. */
const TIMES_KEPT_MAX = 2 ** 22;
const NEURONS_MAX = 1 << 20;
const BUFFERED = 4096;

/** A matrix of potentials and its axes, ready to be read. */
export interface NpzMatrix {
  readonly times: ZipMember;
  readonly timeUnitUs: number;
  readonly values: ZipMember;
  readonly layers: ZipMember | undefined;
  readonly neurons: ZipMember | undefined;
  /** Layer of all neurons, where meta.json says one. */
  readonly onlyLayer: string | undefined;
}

/** Whose values the rows of memory are: all neurons at a time, or all times of a neuron. */
interface Axes {
  readonly neurons: number;
  readonly times: number;
  readonly isTimeMajor: boolean;
}

/** Reads a matrix of potentials in the order in which it lies in the file. */
export class NpzPotentialReader implements SampleReader {
  readonly names: readonly string[];
  private readonly handle: FileHandle;
  private readonly times: NpzArray;
  private readonly values: NpzArray;
  private readonly axes: Axes;
  private readonly timeUnitUs: number;
  private readonly layer: Int32Array;
  private readonly neuron: Uint32Array;
  private readonly notes: ReadingNotes;
  private readonly fileName: string;
  /** All times, or, where they come one after the other, some. */
  private timesUs = new Float64Array(0);
  private timesFrom = 0;
  private readonly buffer = new Float64Array(BUFFERED);
  private count = 0;
  private at = 0;
  private done = 0;
  private isTold = false;

  private constructor(parts: {
    readonly handle: FileHandle;
    readonly times: NpzArray;
    readonly values: NpzArray;
    readonly axes: Axes;
    readonly timeUnitUs: number;
    readonly population: { names: string[]; layer: Int32Array; neuron: Uint32Array };
    readonly notes: ReadingNotes;
    readonly fileName: string;
  }) {
    this.handle = parts.handle;
    this.times = parts.times;
    this.values = parts.values;
    this.axes = parts.axes;
    this.timeUnitUs = parts.timeUnitUs;
    this.names = parts.population.names;
    this.layer = parts.population.layer;
    this.neuron = parts.population.neuron;
    this.notes = parts.notes;
    this.fileName = parts.fileName;
  }

  static async open(
    path: string,
    matrix: NpzMatrix,
    notes: ReadingNotes,
  ): Promise<NpzPotentialReader> {
    const fileName = basename(path);
    const handle = await open(path, 'r');
    const opened: NpzArray[] = [];
    const array = async (member: ZipMember) => {
      opened.push(await NpzArray.open(handle, member, `${fileName}: ${member.name}`));
      return opened.at(-1) as NpzArray;
    };
    try {
      const times = await array(matrix.times);
      const values = await array(matrix.values);
      const axes = axesOf(times, values, `${fileName}: ${matrix.values.name}`);
      const layers = matrix.layers && (await (await array(matrix.layers)).texts());
      const ids = new Float64Array(axes.neurons);
      if (matrix.neurons === undefined) for (let i = 0; i < ids.length; i++) ids[i] = i;
      else await (await array(matrix.neurons)).numbers(ids);
      const population = populationOf(layers, ids, matrix.onlyLayer);
      const { timeUnitUs } = matrix;
      const parts = { handle, times, values, axes, timeUnitUs, population, notes, fileName };
      return new NpzPotentialReader(parts);
    } catch (error) {
      for (const one of opened) await one.close();
      await handle.close();
      throw error;
    }
  }

  async fill(into: SampleColumns): Promise<void> {
    into.length = 0;
    const { value } = into;
    if (value === undefined) throw new Error('a matrix holds membrane potentials');
    const { isTimeMajor, neurons, times } = this.axes;
    while (into.length < into.timeUs.length) {
      if (this.at === this.count && !(await this.refill())) return;
      const row = isTimeMajor ? neurons : times;
      const outer = Math.floor(this.done / row);
      const inner = this.done % row;
      const timeAt = isTimeMajor ? outer : inner;
      const of = isTimeMajor ? inner : outer;
      const timeUs = this.timesUs[timeAt - this.timesFrom] ?? (await this.readTimes(timeAt));
      if (timeUs === undefined) return this.tell();
      into.timeUs[into.length] = timeUs;
      into.layer[into.length] = this.layer[of] as number;
      into.neuron[into.length] = this.neuron[of] as number;
      value[into.length++] = this.buffer[this.at++] as number;
      this.done++;
    }
  }

  async close(): Promise<void> {
    await this.times.close();
    await this.values.close();
    await this.handle.close();
  }

  private async refill(): Promise<boolean> {
    this.at = 0;
    this.count = await this.values.numbers(this.buffer);
    if (this.count === 0) this.tell();
    return this.count > 0;
  }

  private async readTimes(index: number): Promise<number | undefined> {
    const { isTimeMajor, times } = this.axes;
    // Neuron by neuron, times are needed again and again.
    const room = isTimeMajor ? BUFFERED : times;
    while (index >= this.timesFrom + this.timesUs.length) {
      this.timesFrom += this.timesUs.length;
      const next = new Float64Array(room);
      const count = await this.times.numbers(next);
      this.timesUs = next.subarray(0, count);
      if (count === 0) return undefined;
      for (let i = 0; i < count; i++) next[i] = wholeUs(next[i] as number, this.timeUnitUs);
    }
    return this.timesUs[index - this.timesFrom];
  }

  private tell(): void {
    if (this.isTold) return;
    this.isTold = true;
    noteEnds([this.times.ended, this.values.ended], this.fileName, this.notes);
  }
}

function axesOf(times: NpzArray, values: NpzArray, what: string): Axes {
  const [length = 0, ...more] = times.header.shape;
  const { shape, isFortran } = values.header;
  const [rows = 0, columns = 1] = shape;
  const isNeuronsFirst = columns === length && (shape.length > 1 || length === 1);
  if (more.length > 0 || shape.length > 2 || (!isNeuronsFirst && rows !== length)) {
    throw new RecordingError(
      'table',
      `${what}: its shape (${shape.join(', ')}) does not fit the ${length} times beside it; it \
should be (neurons, times) or (times, neurons).`,
    );
  }
  const neurons = isNeuronsFirst ? rows : columns;
  const isTimeMajor = isNeuronsFirst === isFortran || neurons === 1;
  if (neurons > NEURONS_MAX || (!isTimeMajor && length > TIMES_KEPT_MAX)) {
    throw new RecordingError(
      'too_large',
      `${what}: ${neurons} neurons at ${length} times lie neuron by neuron in the file, which is \
read up to ${TIMES_KEPT_MAX} times and ${NEURONS_MAX} neurons. Save its transpose \
(numpy.ascontiguousarray(v.T)), of shape (times, neurons).`,
    );
  }
  return { neurons, times: length, isTimeMajor };
}

function populationOf(
  layers: readonly string[] | undefined,
  ids: Float64Array,
  onlyLayer: string | undefined,
): { names: string[]; layer: Int32Array; neuron: Uint32Array } {
  const names: string[] = [];
  const layer = Int32Array.from(ids, (_, i) => {
    const name = layers?.[i] ?? onlyLayer;
    if (name === undefined) return -1;
    const known = names.indexOf(name);
    return known < 0 ? names.push(name) - 1 : known;
  });
  const max = FRAME_LIMITS.neuronCountMax;
  return { names, layer, neuron: Uint32Array.from(ids, (id) => (id >= 0 ? id : max)) };
}
