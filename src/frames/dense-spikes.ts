import { UNORDERED } from '../kernels/column-kernels.ts';
import { largestOf, largestTime } from '../kernels/take-column.ts';
import type { ColumnScratch } from './column-scratch.ts';
import { type ColumnReader, requireLength } from './columns.ts';
import type { Fields } from './fields.ts';
import { FrameError } from './frame-error.ts';
import type { FrameHeader, TraceContext } from './header.ts';
import type { SpikesFrame, SpikesNames } from './spikes.ts';

/**
 * Columns of spikes as they came, where they came denser than one u32 each. Who counts works on
 * these; who asks the frame for `neuronId` or `dtUs` has them expanded, once.
 */
export interface DenseColumns {
  /** [n] one id a spike. */
  readonly ids: Uint16Array | Uint32Array;
  /** [n] µs after t0; undefined where the spikes are grouped by step. */
  readonly dts: Uint16Array | Uint32Array | undefined;
  /** [steps] spikes up to the end of each step; undefined where each spike has a time. */
  readonly stepEnds: Uint32Array | undefined;
  /** Length of a step, µs: those of step k have dt k · stepUs. */
  readonly stepUs: number;
  /** Whether times are known never to go back. */
  readonly isOrdered: boolean;
}

/** Whether a message has its spikes in one of the denser columns. */
export function isDense(fields: Fields, columns: ColumnReader): boolean {
  return !columns.has(fields, 'neuron_id') || !columns.has(fields, 'dt');
}

/**
 * The u32 columns count where they are there, as for readers that know no others; where none of
 * the three is, it is the u32 one that is missed.
 */
export function readDense(
  fields: Fields,
  columns: ColumnReader,
  neuronCount: number,
  spanUs: number,
  timestepUs: number | undefined,
): DenseColumns {
  const isIdU16 = !columns.has(fields, 'neuron_id') && columns.has(fields, 'neuron_id_u16');
  const ids = isIdU16 ? columns.u16(fields, 'neuron_id_u16') : columns.u32(fields, 'neuron_id');
  requireIdsBelow(ids, neuronCount);
  if (!columns.has(fields, 'dt') && !columns.has(fields, 'dt_u16')) {
    if (columns.has(fields, 'step_spikes')) {
      const counts = columns.u16(fields, 'step_spikes');
      return bySteps(ids, counts, columns.scratch, spanUs, timestepUs ?? spanUs);
    }
  }
  const isDtU16 = !columns.has(fields, 'dt') && columns.has(fields, 'dt_u16');
  const dts = isDtU16 ? columns.u16(fields, 'dt_u16') : columns.u32(fields, 'dt');
  return byTimes(ids, dts, spanUs);
}

/** As `readDense`, of the columns themselves: either times or counts of steps are there. */
export function denseOf(
  ids: Uint16Array | Uint32Array,
  dts: Uint16Array | Uint32Array | undefined,
  counts: Uint16Array | undefined,
  { neuronCount, timestepUs }: Pick<SpikesNames, 'neuronCount' | 'timestepUs'>,
  spanUs: number,
  scratch: ColumnScratch,
): DenseColumns {
  requireIdsBelow(ids, neuronCount);
  if (dts !== undefined) return byTimes(ids, dts, spanUs);
  return bySteps(ids, counts as Uint16Array, scratch, spanUs, timestepUs ?? spanUs);
}

function byTimes(
  ids: Uint16Array | Uint32Array,
  dts: Uint16Array | Uint32Array,
  spanUs: number,
): DenseColumns {
  const name = dts instanceof Uint16Array ? 'dt_u16' : 'dt';
  requireLength(name, dts.length, ids.length);
  const isOrdered = requireTimesBelow(dts, spanUs, name);
  return { ids, dts, stepEnds: undefined, stepUs: 0, isOrdered };
}

function bySteps(
  ids: Uint16Array | Uint32Array,
  counts: Uint16Array,
  scratch: ColumnScratch,
  spanUs: number,
  stepUs: number,
): DenseColumns {
  const steps = Math.ceil(spanUs / stepUs);
  requireLength('step_spikes', counts.length, steps);
  const stepEnds = scratch.u32(steps);
  let end = 0;
  for (let step = 0; step < steps; step++) {
    end += counts[step] as number;
    stepEnds[step] = end;
  }
  if (end !== ids.length) {
    const detail = `sums to ${end}, and there are ${ids.length} neuron ids`;
    throw new FrameError('length_mismatch', 'step_spikes', detail);
  }
  return { ids, dts: undefined, stepEnds, stepUs, isOrdered: true };
}

function requireIdsBelow(ids: Uint16Array | Uint32Array, neuronCount: number): void {
  if (ids instanceof Uint16Array && neuronCount > 0xffff) return;
  if (largestOf(ids) < neuronCount || ids.length === 0) return;
  const at = ids.findIndex((id) => id >= neuronCount);
  const name = ids instanceof Uint16Array ? 'neuron_id_u16' : 'neuron_id';
  const detail = `value ${at}: ${ids[at]} is not below neuron_count ${neuronCount}`;
  throw new FrameError('neuron_outside_population', name, detail);
}

/** Gives whether times never go back. */
function requireTimesBelow(dts: Uint16Array | Uint32Array, spanUs: number, name: string): boolean {
  const largest = largestTime(dts);
  const isOrdered = largest < UNORDERED;
  const max = isOrdered ? largest : largest - UNORDERED;
  if (max < spanUs || dts.length === 0) return isOrdered;
  const at = dts.findIndex((dt) => dt >= spanUs);
  throw new FrameError('dt_outside_span', name, `value ${at}: ${dts[at]} is not below ${spanUs}`);
}

/** The columns as wire fields, in the form they came in. */
export function denseFields({ ids, dts, stepEnds }: DenseColumns, fields: Fields): Fields {
  fields[ids instanceof Uint16Array ? 'neuron_id_u16' : 'neuron_id'] = ids;
  if (stepEnds === undefined) {
    fields[dts instanceof Uint16Array ? 'dt_u16' : 'dt'] = dts;
  } else {
    const counts = new Uint16Array(stepEnds.length);
    for (let step = 0, from = 0; step < counts.length; step++) {
      const to = stepEnds[step] as number;
      counts[step] = to - from;
      from = to;
    }
    fields['step_spikes'] = counts;
  }
  return fields;
}

/** Where spikes are grouped by step: how many of them have a dt below this one. */
export function spikesBefore(stepEnds: Uint32Array, stepUs: number, dtUs: number): number {
  const steps = Math.min(Math.ceil(dtUs / stepUs), stepEnds.length);
  return steps <= 0 ? 0 : (stepEnds[steps - 1] as number);
}

/**
 * A frame whose spikes came in denser columns. A class, as getters of a literal cost a
 * microsecond a frame; so a copy by spread loses them: `changedFrame` makes copies.
 */
export class DenseSpikesFrame implements SpikesFrame {
  readonly kind = 'spikes';
  readonly deviceType: string;
  readonly chipId: string;
  readonly t0Us: number;
  readonly spanUs: number;
  readonly seq: number | undefined;
  readonly runId: string | undefined;
  readonly emitter: string | undefined;
  arrivedUs: number;
  trace: TraceContext | undefined;
  restarts: number;
  readonly layerName: string;
  readonly neuronType: string;
  readonly neuronCount: number;
  readonly timestep0: number | undefined;
  readonly timestepUs: number | undefined;
  readonly neuronOffset: number;
  readonly place: number | undefined;
  readonly dense: DenseColumns;
  readonly #scratch: ColumnScratch | undefined;
  #neuronId: Uint32Array | undefined;
  #dtUs: Uint32Array | undefined;

  /** Expanded columns are taken from `scratch`, and valid as long as what it holds is. */
  constructor(
    header: FrameHeader,
    names: SpikesNames,
    dense: DenseColumns,
    scratch: ColumnScratch | undefined,
  ) {
    this.deviceType = header.deviceType;
    this.chipId = header.chipId;
    this.t0Us = header.t0Us;
    this.spanUs = header.spanUs;
    this.seq = header.seq;
    this.runId = header.runId;
    this.emitter = header.emitter;
    this.arrivedUs = header.arrivedUs;
    this.trace = header.trace;
    this.restarts = header.restarts;
    this.layerName = names.layerName;
    this.neuronType = names.neuronType;
    this.neuronCount = names.neuronCount;
    this.timestep0 = names.timestep0;
    this.timestepUs = names.timestepUs;
    this.neuronOffset = names.neuronOffset;
    this.place = names.place;
    this.dense = dense;
    this.#scratch = scratch;
    if (dense.ids instanceof Uint32Array) this.#neuronId = dense.ids;
    if (dense.dts instanceof Uint32Array) this.#dtUs = dense.dts;
  }

  get neuronId(): Uint32Array {
    if (this.#neuronId === undefined) {
      const { ids } = this.dense;
      this.#neuronId = this.room(ids.length);
      this.#neuronId.set(ids);
    }
    return this.#neuronId;
  }

  get dtUs(): Uint32Array {
    if (this.#dtUs === undefined) {
      this.#dtUs = this.room(this.dense.ids.length);
      expandTimes(this.dense, this.#dtUs);
    }
    return this.#dtUs;
  }

  /** The same spikes under another header. */
  changed(changes: Partial<FrameHeader>): DenseSpikesFrame {
    const header: FrameHeader = { ...this, ...changes };
    return new DenseSpikesFrame(header, this, this.dense, this.#scratch);
  }

  private room(length: number): Uint32Array {
    return this.#scratch?.u32(length) ?? new Uint32Array(length);
  }
}

function expandTimes({ dts, stepEnds, stepUs }: DenseColumns, into: Uint32Array): void {
  if (stepEnds === undefined) {
    into.set(dts as Uint16Array);
    return;
  }
  for (let step = 0, from = 0; step < stepEnds.length; step++) {
    const to = stepEnds[step] as number;
    const dt = step * stepUs;
    // A fill is a call: it pays for many spikes a step only.
    if (to - from > 16) into.fill(dt, from, to);
    else for (let i = from; i < to; i++) into[i] = dt;
    from = to;
  }
}
