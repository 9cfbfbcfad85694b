import { BEGIN_US, MaxIntervalBursts } from './max-interval-bursts.ts';

/**
 * What is kept of each neuron: 64 bytes side by side, so that a spike touches one line of cache.
 */
const STRIDE_BITS = 3;
const STRIDE = 1 << STRIDE_BITS;
const COUNT = 0;
const LAST_US = 1;
const INTERVAL_US = 2;
const FIRST_INTERVAL_US = 3;
const SQUARES = 4;
const CV2 = 5;
const LV = 6;
const LVR = 7;

/** Refractoriness constant R of LvR: 4 R, R = 5 ms (Elephant's default). */
const LVR_4R_US = 4 * 5000;

/** Statistics of interspike intervals, summed over neurons. */
export interface IntervalSums {
  /** Intervals of all neurons, and their sum, least and greatest in µs. */
  count: number;
  sumUs: number;
  minUs: number;
  maxUs: number;
  cv: NeuronMean;
  cv2: NeuronMean;
  lv: NeuronMean;
  lvr: NeuronMean;
}

/** A mean over the neurons where a measure is defined. */
export interface NeuronMean {
  sum: number;
  neurons: number;
}

/** One value for each neuron that has it. */
export interface NeuronIntervals {
  readonly meanMs: Float64Array;
  readonly cv: Float64Array;
}

export function noIntervals(): IntervalSums {
  const none = () => ({ sum: 0, neurons: 0 });
  return {
    count: 0,
    sumUs: 0,
    minUs: Number.POSITIVE_INFINITY,
    maxUs: Number.NEGATIVE_INFINITY,
    cv: none(),
    cv2: none(),
    lv: none(),
    lvr: none(),
  };
}

/**
 * Interspike intervals of one population. 72 bytes a neuron, whatever it fires; every sum is over
 * one neuron's spikes in order of time, so that it does not matter how they were cut into frames.
 */
export class SpikeIntervals {
  /** Spikes before the last one of their neuron: they make no interval. */
  unordered = 0;
  /** Bursts of the same spikes; they are few, so that this costs little in the same loop. */
  readonly bursts: MaxIntervalBursts;
  private readonly neuronCount: number;
  /** [neurons·8] */
  private readonly state: Float64Array;
  /** [neurons] µs of the first spike. */
  private readonly firstUs: Float64Array;
  /** [neurons] unordered spikes of each; made with the first. */
  private unorderedOf: Uint32Array | undefined;
  private minUs = Number.POSITIVE_INFINITY;
  private maxUs = Number.NEGATIVE_INFINITY;

  constructor(neuronCount: number) {
    this.neuronCount = neuronCount;
    this.bursts = new MaxIntervalBursts(neuronCount);
    this.state = new Float64Array(neuronCount * STRIDE);
    this.firstUs = new Float64Array(neuronCount);
  }

  /**
   * Most of the time that a recording takes is spent here: little is called in the loop.
   * @param ids [n] below neuronCount
   * @param dtsUs [n] µs after t0Us, ascending
   */
  add(ids: Uint32Array, dtsUs: Uint32Array, t0Us: number): void {
    const { state, firstUs, bursts } = this;
    const burstLength = bursts.length;
    let { minUs, maxUs } = this;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as number;
      const at = id << STRIDE_BITS;
      const timeUs = t0Us + (dtsUs[i] as number);
      const count = state[at + COUNT] as number;
      const tookUs = timeUs - (state[at + LAST_US] as number);
      if (count === 0) {
        state[at + COUNT] = 1;
        state[at + LAST_US] = timeUs;
        firstUs[id] = timeUs;
        continue;
      }
      if (tookUs < 0) {
        this.leaveOut(id);
        continue;
      }
      if (tookUs <= BEGIN_US || burstLength[id] !== 0) bursts.follow(id, timeUs - tookUs, timeUs);
      const beforeUs = state[at + INTERVAL_US] as number;
      state[at + COUNT] = count + 1;
      state[at + LAST_US] = timeUs;
      state[at + INTERVAL_US] = tookUs;
      if (tookUs < minUs) minUs = tookUs;
      if (tookUs > maxUs) maxUs = tookUs;
      if (count === 1) {
        state[at + FIRST_INTERVAL_US] = tookUs;
        continue;
      }
      // Deviations from the first interval: the squares' sum keeps its digits where all are alike.
      const deviation = tookUs - (state[at + FIRST_INTERVAL_US] as number);
      const inverse = 1 / (tookUs + beforeUs);
      const contrast = (tookUs - beforeUs) * inverse;
      const square = contrast * contrast;
      state[at + SQUARES] = (state[at + SQUARES] as number) + deviation * deviation;
      state[at + CV2] = (state[at + CV2] as number) + Math.abs(contrast);
      state[at + LV] = (state[at + LV] as number) + square;
      state[at + LVR] = (state[at + LVR] as number) + square * (1 + LVR_4R_US * inverse);
    }
    this.minUs = minUs;
    this.maxUs = maxUs;
  }

  private leaveOut(id: number): void {
    this.unordered++;
    this.unorderedOf ??= new Uint32Array(this.neuronCount);
    this.unorderedOf[id] = (this.unorderedOf[id] as number) + 1;
  }

  /** [neurons] spikes of each, all of them. */
  counts(): Uint32Array {
    const { state, unorderedOf } = this;
    return Uint32Array.from({ length: this.neuronCount }, (_, id) => {
      return (state[id * STRIDE + COUNT] as number) + (unorderedOf?.[id] ?? 0);
    });
  }

  /** Means of the neurons with an interval or more, and cv of those with two, by neuron. */
  ofNeurons(): NeuronIntervals {
    const { state, firstUs } = this;
    const meanMs: number[] = [];
    const cv: number[] = [];
    for (let id = 0; id < this.neuronCount; id++) {
      const at = id * STRIDE;
      const intervals = (state[at + COUNT] as number) - 1;
      if (intervals < 1) continue;
      const sumUs = (state[at + LAST_US] as number) - (firstUs[id] as number);
      meanMs.push(sumUs / intervals / 1000);
      if (intervals > 1 && sumUs > 0) cv.push(this.variation(at, intervals, sumUs));
    }
    return { meanMs: Float64Array.from(meanMs), cv: Float64Array.from(cv) };
  }

  /** Standard deviation (ddof 0) over mean of a neuron's intervals, two or more. */
  private variation(at: number, intervals: number, sumUs: number): number {
    const { state } = this;
    const shiftUs = sumUs / intervals - (state[at + FIRST_INTERVAL_US] as number);
    const variance = (state[at + SQUARES] as number) / intervals - shiftUs * shiftUs;
    return (Math.sqrt(Math.max(0, variance)) * intervals) / sumUs;
  }

  /** Adds the intervals of all neurons to the sums; their trains have ended. */
  addTo(sums: IntervalSums): void {
    const { state, firstUs } = this;
    this.bursts.finish((neuron) => state[neuron * STRIDE + LAST_US] as number);
    sums.minUs = Math.min(sums.minUs, this.minUs);
    sums.maxUs = Math.max(sums.maxUs, this.maxUs);
    for (let id = 0; id < this.neuronCount; id++) {
      const at = id * STRIDE;
      const intervals = (state[at + COUNT] as number) - 1;
      if (intervals < 1) continue;
      const sumUs = (state[at + LAST_US] as number) - (firstUs[id] as number);
      sums.count += intervals;
      sums.sumUs += sumUs;
      if (intervals < 2) continue;
      // scipy.stats.variation, elephant.statistics.cv2, lv and lvr, of three spikes or more.
      addMean(sums.cv, this.variation(at, intervals, sumUs));
      const pairs = intervals - 1;
      addMean(sums.cv2, (2 * (state[at + CV2] as number)) / pairs);
      addMean(sums.lv, (3 * (state[at + LV] as number)) / pairs);
      addMean(sums.lvr, (3 * (state[at + LVR] as number)) / pairs);
    }
  }
}

/** Leaves out what is undefined: three spikes at the same time, as numpy.nanmean does. */
function addMean(mean: NeuronMean, value: number): void {
  if (Number.isNaN(value)) return;
  mean.sum += value;
  mean.neurons++;
}
