import type { Frame } from '../frames/frame.ts';
import { FrameError } from '../frames/frame-error.ts';
import type { FrameLimits } from '../frames/limits.ts';
import type { MembraneFrame } from '../frames/membrane.ts';
import { placeOf } from '../frames/places.ts';
import { noteOrder, type SpikesFrame } from '../frames/spikes.ts';
import { giveArena, takeArena } from '../kernels/memory.ts';
import type { AdapterOptions } from './adapter-options.ts';
import type { AdaptedLayer, LayerTable } from './layer-table.ts';
import type { ObjectColumns } from './object-columns.ts';
import { SingleObject } from './single-object.ts';

/** Whose the frames are. */
export interface FramePlace {
  readonly deviceType: string;
  readonly chipId: string;
}

/** The time that a message covers. */
interface Span {
  readonly t0Us: number;
  readonly spanUs: number;
}

/** Bytes of an object in the columns of frames: id, dt, id and potential of its sample. */
const ROW_BYTES = 16;
const ROWS_MIN = 4096;
/** The one time of potentials that are told as of one time. */
const NO_DT = new Uint32Array(1);

/**
 * Makes frames of the objects of a message: for each layer one of spikes and, where potentials came
 * with them, one of membrane. Listed layers come first, in their order, then the others by their
 * first object: what a message makes depends on nothing that came before. The frames' columns are
 * valid until the next message.
 */
export class ObjectFrames {
  private readonly options: AdapterOptions;
  private readonly limits: FrameLimits;
  private readonly table: LayerTable;
  /** By layer: objects, potentials, and where the next one of each goes. */
  private counts = new Uint32Array(0);
  private samples = new Uint32Array(0);
  private spikeAt = new Uint32Array(0);
  private sampleAt = new Uint32Array(0);
  private area = new Uint8Array(0);
  private ids = new Uint32Array(0);
  private dts = new Uint32Array(0);
  private sampleIds = new Uint32Array(0);
  private sampleValues = new Float32Array(0);
  /** [samples] µs after the start of the span. */
  private sampleDts = new Float64Array(0);
  private readonly single: SingleObject;
  /** Whether layers without an object have a frame, too. */
  private readonly areSilentTold: boolean;

  constructor(options: AdapterOptions, limits: FrameLimits, table: LayerTable) {
    this.options = options;
    this.limits = limits;
    this.table = table;
    this.single = new SingleObject(options);
    this.areSilentTold = options.silent_layers === 'covered' && table.listed > 0;
  }

  /** @throws FrameError where the objects lie too far apart */
  make(columns: ObjectColumns, place: FramePlace): Frame[] {
    if (columns.length === 0) return [];
    const span = this.spanOf(columns);
    if (columns.length === 1 && !this.areSilentTold) {
      const layer = this.table.layers[columns.layer[0] as number] as AdaptedLayer;
      return this.single.make(columns, layer, place, span.t0Us, span.spanUs);
    }
    this.reset(columns.length);
    const layers = this.count(columns);
    this.scatter(columns, span.t0Us);
    const frames: Frame[] = [];
    for (const layer of layers) frames.push(this.spikesOf(layer, place, span));
    for (const layer of layers) this.addMembrane(layer, place, span, frames);
    return frames;
  }

  private spanOf({ timeUs, length }: ObjectColumns): Span {
    let first = Number.POSITIVE_INFINITY;
    let last = 0;
    for (let i = 0; i < length; i++) {
      const us = timeUs[i] as number;
      if (us < first) first = us;
      if (us > last) last = us;
    }
    const { span } = this.options;
    const piece = span === 'message' ? 1 : span;
    const t0Us = Math.floor(first / piece) * piece;
    const spanUs = (Math.floor(last / piece) + 1) * piece - t0Us;
    if (spanUs <= this.limits.spanUsMax && t0Us + spanUs <= Number.MAX_SAFE_INTEGER) {
      return { t0Us, spanUs };
    }
    const { time } = this.options.fields;
    const bound = `a message covers at most ${this.limits.spanUsMax} µs`;
    throw new FrameError('out_of_range', time, `from ${first} to ${last} µs; ${bound}`);
  }

  private reset(rows: number): void {
    const { length } = this.table.layers;
    if (this.counts.length < length) {
      const room = 2 ** Math.ceil(Math.log2(length + 1));
      this.counts = new Uint32Array(room);
      this.samples = new Uint32Array(room);
      this.spikeAt = new Uint32Array(room);
      this.sampleAt = new Uint32Array(room);
    }
    this.counts.fill(0, 0, length);
    this.samples.fill(0, 0, length);
    if (rows <= this.ids.length) return;
    const room = Math.max(ROWS_MIN, 2 ** Math.ceil(Math.log2(rows)));
    if (this.area.length > 0) giveArena(this.area);
    this.area = takeArena(room * ROW_BYTES);
    const { buffer, byteOffset } = this.area;
    this.ids = new Uint32Array(buffer, byteOffset, room);
    this.dts = new Uint32Array(buffer, byteOffset + room * 4, room);
    this.sampleIds = new Uint32Array(buffer, byteOffset + room * 8, room);
    this.sampleValues = new Float32Array(buffer, byteOffset + room * 12, room);
    this.sampleDts = new Float64Array(room);
  }

  /** Counts what there is of each layer; gives the layers that there are frames of, in order. */
  private count({ layer, membrane, length }: ObjectColumns): AdaptedLayer[] {
    const { counts, samples, table } = this;
    const met: AdaptedLayer[] = [];
    for (let i = 0; i < length; i++) {
      const index = layer[i] as number;
      const before = counts[index] as number;
      if (before === 0 && index >= table.listed) met.push(table.layers[index] as AdaptedLayer);
      counts[index] = before + 1;
      const value = membrane[i] as number;
      if (!Number.isNaN(value)) samples[index] = (samples[index] as number) + 1;
    }
    const areCovered = this.options.silent_layers === 'covered';
    const layers: AdaptedLayer[] = [];
    for (let index = 0; index < table.listed; index++) {
      const listed = table.layers[index] as AdaptedLayer;
      if (areCovered || (counts[index] as number) > 0) layers.push(listed);
    }
    for (const each of met) layers.push(each);
    let spikes = 0;
    let potentials = 0;
    for (const { index } of layers) {
      this.spikeAt[index] = spikes;
      this.sampleAt[index] = potentials;
      spikes += counts[index] as number;
      potentials += samples[index] as number;
    }
    return layers;
  }

  private scatter(columns: ObjectColumns, t0Us: number): void {
    const { layer, neuron, timeUs, membrane, length } = columns;
    const { ids, dts, spikeAt, sampleAt, sampleIds, sampleValues, sampleDts } = this;
    for (let i = 0; i < length; i++) {
      const index = layer[i] as number;
      const at = spikeAt[index] as number;
      spikeAt[index] = at + 1;
      const id = neuron[i] as number;
      const dt = (timeUs[i] as number) - t0Us;
      ids[at] = id;
      dts[at] = dt;
      const value = membrane[i] as number;
      if (Number.isNaN(value)) continue;
      const sample = sampleAt[index] as number;
      sampleAt[index] = sample + 1;
      sampleIds[sample] = id;
      sampleValues[sample] = value;
      sampleDts[sample] = dt;
    }
  }

  private spikesOf(layer: AdaptedLayer, place: FramePlace, span: Span): SpikesFrame {
    // What was counted was gone past.
    const to = this.spikeAt[layer.index] as number;
    const from = to - (this.counts[layer.index] as number);
    const dtUs = this.dts.subarray(from, to);
    return {
      kind: 'spikes',
      deviceType: place.deviceType,
      chipId: place.chipId,
      t0Us: span.t0Us,
      spanUs: span.spanUs,
      seq: undefined,
      runId: undefined,
      emitter: undefined,
      arrivedUs: Number.NaN,
      trace: undefined,
      restarts: 0,
      layerName: layer.name,
      neuronType: layer.neuronType,
      neuronCount: layer.neuronCount,
      neuronId: this.ids.subarray(from, to),
      dtUs: noteOrder(dtUs, areOrdered(dtUs)),
      timestep0: undefined,
      timestepUs: undefined,
      neuronOffset: layer.firstNeuron,
      place: placeOf(place.deviceType, place.chipId, layer.name),
      framesJoined: undefined,
    };
  }

  private addMembrane(
    layer: AdaptedLayer,
    place: FramePlace,
    { t0Us }: Span,
    frames: Frame[],
  ): void {
    const count = this.samples[layer.index] as number;
    if (count === 0) return;
    const to = this.sampleAt[layer.index] as number;
    const times = this.sampleDts.subarray(to - count, to);
    const ids = this.sampleIds.subarray(to - count, to);
    const values = this.sampleValues.subarray(to - count, to);
    const step = this.options.membrane_step;
    const add = (first: number, last: number, part: Pick<MembraneFrame, 'neuronId' | 'values'>) =>
      frames.push({
        kind: 'membrane',
        deviceType: place.deviceType,
        chipId: place.chipId,
        t0Us: t0Us + first,
        spanUs: last - first + 1,
        seq: undefined,
        runId: undefined,
        emitter: undefined,
        arrivedUs: Number.NaN,
        trace: undefined,
        restarts: 0,
        layerName: layer.name,
        neuronId: part.neuronId,
        values: part.values,
        dtUs: NO_DT,
        unit: this.options.membrane_unit,
        neuronOffset: layer.firstNeuron,
      });
    const { first, last } = rangeOf(times);
    if (last - first < step) {
      add(first, last, { neuronId: ids, values });
      return;
    }
    const order = Uint32Array.from(times, (_time, i) => i);
    order.sort((a, b) => (times[a] as number) - (times[b] as number) || a - b);
    const sorted = {
      times: Float64Array.from(order, (i) => times[i] as number),
      neuronId: Uint32Array.from(order, (i) => ids[i] as number),
      values: Float32Array.from(order, (i) => values[i] as number),
    };
    for (let begin = 0, end = 0; begin < count; begin = end) {
      const start = sorted.times[begin] as number;
      while (end < count && (sorted.times[end] as number) < start + step) end++;
      add(start, sorted.times[end - 1] as number, {
        neuronId: sorted.neuronId.subarray(begin, end),
        values: sorted.values.subarray(begin, end),
      });
    }
  }
}

function areOrdered(dts: Uint32Array): boolean {
  for (let i = 1; i < dts.length; i++) {
    if ((dts[i] as number) < (dts[i - 1] as number)) return false;
  }
  return true;
}

function rangeOf(times: Float64Array): { readonly first: number; readonly last: number } {
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (let i = 0; i < times.length; i++) {
    const time = times[i] as number;
    if (time < first) first = time;
    if (time > last) last = time;
  }
  return { first, last };
}
