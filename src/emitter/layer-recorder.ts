import { FrameError, shown } from '../frames/frame-error.ts';
import type { SpikesFrame } from '../frames/spikes.ts';
import type { Batcher, EmitterCore } from './emitter-core.ts';
import { spikesFrame } from './frame-builders.ts';
import { SpikeCutter } from './spike-cutter.ts';

export interface LayerOptions {
  readonly layerName: string;
  /** Neurons of the layer on this chip; their ids run from 0. */
  readonly neuronCount: number;
  /** `lif` by default. */
  readonly neuronType?: string | undefined;
  /** What pages add to ids, where a layer is spread over chips. */
  readonly neuronOffset?: number | undefined;
  /** Where this layer is on another chip than the emitter says. */
  readonly deviceType?: string | undefined;
  readonly chipId?: string | undefined;
  /** Time that a frame covers, µs; 100,000 by default. */
  readonly spanUs?: number | undefined;
  /** Spikes of a frame at most; 4,096 by default. */
  readonly spikesMax?: number | undefined;
  /** Length of a step of the simulation, µs: tells readers each spike's step. */
  readonly timestepUs?: number | undefined;
  /** Step with which the layer's time begins; 0 by default, where `timestepUs` is given. */
  readonly timestep0?: number | undefined;
}

const SPAN_US_DEFAULT = 100_000;
const SPIKES_DEFAULT = 4096;
/** 512 KiB of columns: half of what a payload may have. */
const SPIKES_MAX = 65_536;
const SPAN_US_MAX = 60_000_000;
/** Room for the longest frame behind every time. */
const T_US_MAX = Number.MAX_SAFE_INTEGER - 2 * SPAN_US_MAX;

/**
 * Takes the spikes of one layer and cuts them into frames. Times are absolute, in µs, and rounded
 * to whole ones. Nothing here throws: what is no spike of the layer is counted as `invalid`.
 */
export class LayerRecorder implements Batcher {
  readonly layerName: string;
  readonly neuronCount: number;
  private readonly core: EmitterCore;
  private readonly cutter: SpikeCutter;
  private readonly template: SpikesFrame;
  private readonly dtUs: Uint32Array;
  private cutsSeen = 0;

  /** @throws FrameError that names the field */
  constructor(core: EmitterCore, options: LayerOptions) {
    const { deviceType, chipId, runId } = core.settings;
    const { timestepUs, timestep0 } = options;
    const spikesMax = whole('spikes_max', options.spikesMax ?? SPIKES_DEFAULT, SPIKES_MAX);
    const askedUs = whole('span_us', options.spanUs ?? SPAN_US_DEFAULT, SPAN_US_MAX);
    const stepUs = timestepUs === undefined ? 1 : whole('timestep_us', timestepUs, SPAN_US_MAX);
    if (timestep0 !== undefined && timestepUs === undefined) {
      throw new FrameError('missing_field', 'timestep_us', 'is needed beside timestep0');
    }
    this.core = core;
    this.layerName = options.layerName;
    this.neuronCount = options.neuronCount;
    this.template = spikesFrame({
      deviceType: options.deviceType ?? deviceType,
      chipId: options.chipId ?? chipId,
      runId,
      layerName: options.layerName,
      neuronType: options.neuronType,
      neuronCount: options.neuronCount,
      neuronOffset: options.neuronOffset,
      timestep0: timestepUs === undefined ? undefined : (timestep0 ?? 0),
      timestepUs,
      t0Us: 0,
      spanUs: 1,
      neuronId: [],
      dtUs: [],
    });
    this.dtUs = new Uint32Array(spikesMax);
    const spanUs = Math.min(Math.ceil(askedUs / stepUs), Math.floor(SPAN_US_MAX / stepUs)) * stepUs;
    this.cutter = new SpikeCutter({ spanUs, spikesMax, stepUs }, (...cut) => this.post(...cut));
  }

  /** One spike. */
  record(neuronId: number, tUs: number): void {
    // The unsigned shift is the number itself for the whole numbers from 0 only.
    const isNeuron = neuronId >>> 0 === neuronId && neuronId < this.neuronCount;
    if (isNeuron && isTime(tUs)) this.cutter.add(neuronId, Math.round(tUs));
    else this.refuse(neuronId, tUs);
  }

  /** Spikes with a time each, or all at one time. */
  recordSpikes(neuronIds: ArrayLike<number>, timesUs: ArrayLike<number> | number): void {
    const count = neuronIds?.length;
    if (typeof timesUs === 'number') {
      for (let i = 0; i < count; i++) this.record(neuronIds[i] as number, timesUs);
      return;
    }
    const times = timesUs?.length;
    if (count === undefined || count !== times) {
      const sizes = `${shown(count)} neurons and ${shown(times)} times`;
      this.core.refuse(Math.max(count ?? 0, times ?? 0), () => `${this.layerName}: ${sizes}`);
      return;
    }
    for (let i = 0; i < count; i++) this.record(neuronIds[i] as number, timesUs[i] as number);
  }

  /** Time has come this far: where no spike was, there was none. Frames need it to be sent. */
  advance(tUs: number): void {
    if (isTime(tUs)) this.cutter.advance(Math.floor(tUs));
    else this.core.refuse(0, () => `${this.layerName}: t ${shown(tUs)} is no time in µs`);
  }

  get waiting(): number {
    return this.cutter.waiting;
  }

  /** Cuts a frame of what there is. */
  flush(): void {
    this.cutter.flush();
  }

  flushOld(): void {
    const { cuts } = this.cutter;
    if (cuts === this.cutsSeen) this.cutter.flush();
    this.cutsSeen = this.cutter.cuts;
  }

  private refuse(neuronId: unknown, tUs: unknown): void {
    this.core.refuse(1, () => {
      const range = `neuron_id below ${this.neuronCount}, t in µs from 0`;
      return `${this.layerName}: needs ${range}; got ${shown(neuronId)}, ${shown(tUs)}`;
    });
  }

  private post(
    t0Us: number,
    spanUs: number,
    ids: Uint32Array,
    timesUs: Float64Array,
    count: number,
  ): void {
    const { template, dtUs } = this;
    for (let i = 0; i < count; i++) dtUs[i] = (timesUs[i] as number) - t0Us;
    const step0 = (template.timestep0 ?? 0) + this.cutter.stepAt(t0Us);
    const hasStep = template.timestepUs !== undefined && step0 >= 0;
    const frame: SpikesFrame = {
      ...template,
      t0Us,
      spanUs,
      neuronId: ids.subarray(0, count),
      dtUs: dtUs.subarray(0, count),
      timestep0: hasStep ? step0 : undefined,
      timestepUs: hasStep ? template.timestepUs : undefined,
    };
    this.core.post(() => frame);
  }
}

/** Of callers without types too: null would pass for 0. */
function isTime(tUs: unknown): boolean {
  return typeof tUs === 'number' && tUs >= 0 && tUs <= T_US_MAX;
}

function whole(name: string, value: number, max: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new FrameError('out_of_range', name, `needs 1 … ${max}, got ${shown(value)}`);
}
