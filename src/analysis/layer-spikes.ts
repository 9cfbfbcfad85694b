import type { SpikesFrame } from '../frames/spikes.ts';
import { quantileOfSorted } from '../numerics/quantile.ts';
import { cumulated, RATE_LE_HZ, RateBuckets } from '../numerics/rate-buckets.ts';
import { SampleMoments } from '../numerics/sample-moments.ts';
import { type IntervalSums, noIntervals, SpikeIntervals } from '../numerics/spike-intervals.ts';
import { SyncCandidates } from '../numerics/sync-candidates.ts';
import { SyncLog } from '../numerics/sync-log.ts';
import type { AnalysisBudget } from './analysis-budget.ts';
import type { OrderedSpikes } from './ordered-spikes.ts';
import type { IsiResult, LayerResult } from './result.ts';

/** Neurons of the layer's chips are numbered chip by chip, each from a multiple of this. */
const CHIP_NEURONS = 2 ** 24;

export interface LayerSpikesOptions {
  readonly startUs: number;
  readonly endUs: number;
  /** Spikes that the search for synchrony may hold. */
  readonly syncCapacity: number;
  readonly budget: AnalysisBudget;
  readonly ordered: OrderedSpikes;
}

/** What is kept of the neurons of a layer on one chip. */
interface Part {
  readonly neuronType: string;
  readonly neuronCount: number;
  readonly number: number;
  /** Made with the first frame; undefined where the budget is spent. */
  neurons: PartNeurons | undefined;
  isSeen: boolean;
}

/** Followed where there is room for it; else [neurons] spikes of each. */
type PartNeurons = FollowedNeurons | Uint32Array;

interface FollowedNeurons {
  readonly intervals: SpikeIntervals;
  readonly candidates: SyncCandidates;
}

/** One value for each neuron of a layer that has it. */
export interface NeuronValues {
  /** Of every neuron, silent ones too, in the order of the layer. */
  readonly rateHz: Float64Array;
  /** Mean interspike interval; of neurons with two spikes or more. */
  readonly isiMeanMs: Float64Array;
  /** Coefficient of variation of the intervals; of neurons with three spikes or more. */
  readonly isiCv: Float64Array;
}

type SpikeResult = Omit<LayerResult, 'windows' | 'fano_factor_windows' | 'membrane'>;

/**
 * Everything about the spikes of a layer but for its windows: rates over the whole recording,
 * intervals, bursts, synchrony. A layer on several chips is one population.
 */
export class LayerSpikes {
  /** Spikes at exactly the end, which lie in no window [a, b). */
  atEnd = 0;
  /** Spikes of neurons that there is no room for, or that are beyond the part's neurons. */
  outside = 0;
  private spikes = 0;
  private readonly options: LayerSpikesOptions;
  private readonly sync: SyncLog;
  private readonly parts = new Map<string, Part>();

  constructor(options: LayerSpikesOptions) {
    this.options = options;
    this.sync = new SyncLog(options.syncCapacity, options.endUs - options.startUs);
  }

  /** A part of the layer, as the recording declares it; a part met first in a frame needs none. */
  declare(chip: string, neuronType: string, neuronCount: number): Part {
    const part: Part = {
      neuronType,
      neuronCount,
      number: this.parts.size,
      neurons: undefined,
      isSeen: false,
    };
    this.parts.set(chip, part);
    return part;
  }

  /** Parts of which a frame was seen. */
  get seenCount(): number {
    let seen = 0;
    for (const { isSeen } of this.parts.values()) if (isSeen) seen++;
    return seen;
  }

  /** Spikes before one of their neuron that came earlier: they make no interval. */
  get unordered(): number {
    let sum = 0;
    for (const { neurons } of this.parts.values()) {
      if (isFollowed(neurons)) sum += neurons.intervals.unordered;
    }
    return sum;
  }

  /** Neurons of which only spikes are counted, or nothing, for there are too many. */
  get isReduced(): boolean {
    return [...this.parts.values()].some((part) => {
      return part.isSeen && !isFollowed(part.neurons);
    });
  }

  add(frame: SpikesFrame): void {
    const chip = `${frame.deviceType}/${frame.chipId}`;
    const part = this.parts.get(chip) ?? this.declare(chip, frame.neuronType, frame.neuronCount);
    if (!part.isSeen) {
      part.isSeen = true;
      part.neurons = this.neuronsOf(part);
    }
    const { neurons } = part;
    const given = frame.neuronId.length;
    if (neurons === undefined) {
      this.outside += given;
      return;
    }
    const { startUs, ordered } = this.options;
    const { neuronId, dtUs } = ordered.of(frame, part.neuronCount);
    this.outside += given - neuronId.length;
    this.spikes += neuronId.length;
    if (isFollowed(neurons)) follow(neurons, neuronId, dtUs, frame.t0Us - startUs);
    else count(neurons, neuronId);
    this.countAtEnd(frame.t0Us, frame.spanUs, dtUs);
  }

  private neuronsOf({ neuronCount, number }: Part): PartNeurons | undefined {
    const detail = this.options.budget.takeNeurons(neuronCount);
    if (detail === 'nothing') return undefined;
    if (detail === 'counts') return new Uint32Array(neuronCount);
    return {
      intervals: new SpikeIntervals(neuronCount),
      candidates: new SyncCandidates(neuronCount, this.sync, number * CHIP_NEURONS),
    };
  }

  private countAtEnd(t0Us: number, spanUs: number, dtUs: Uint32Array): void {
    const endDt = this.options.endUs - t0Us;
    if (endDt < 0 || endDt >= spanUs) return;
    for (const dt of dtUs) if (dt === endDt) this.atEnd++;
  }

  result(): SpikeResult {
    const parts = [...this.parts.values()];
    const neuronCount = parts.reduce((sum, part) => sum + part.neuronCount, 0);
    return {
      neuron_type: parts[0]?.neuronType ?? null,
      neuron_count: parts.length === 0 ? null : neuronCount,
      spikes: this.spikes,
      ...this.rates(parts),
      ...this.intervals(parts),
    };
  }

  /** One value for each neuron: what two recordings are compared by. Undefined without frames. */
  neurons(): NeuronValues | undefined {
    const lengthUs = this.options.endUs - this.options.startUs;
    const parts = [...this.parts.values()];
    if (this.seenCount === 0 || lengthUs === 0) return undefined;
    const counts = countsOfAll(parts);
    const followed = parts.map(({ neurons }) => neurons).filter(isFollowed);
    const intervals = followed.map((each) => each.intervals.ofNeurons());
    return {
      rateHz: Float64Array.from(counts, (spikes) => (spikes * 1e6) / lengthUs),
      isiMeanMs: joinedNumbers(intervals.map(({ meanMs }) => meanMs)),
      isiCv: joinedNumbers(intervals.map(({ cv }) => cv)),
    };
  }

  private rates(parts: readonly Part[]) {
    const lengthUs = this.options.endUs - this.options.startUs;
    const counts = countsOfAll(parts).sort();
    const moments = new SampleMoments();
    for (let i = 0; i < counts.length; i++) moments.add(counts[i] as number);
    // Multiplied before it is divided: one rounding where the product is below 2^53.
    const hz = (spikes: number | undefined) =>
      spikes === undefined || counts.length === 0 || lengthUs === 0
        ? null
        : (spikes * 1e6) / lengthUs;
    const quantile = (q: number) => hz(quantileOfSorted(counts, q));
    const buckets = new RateBuckets(lengthUs).histogram(lengthUs === 0 ? NONE : counts);
    const silent = counts.findIndex((spikes) => spikes > 0);
    return {
      mean_rate_hz: hz(moments.mean),
      rate_sd_hz: hz(moments.sd()),
      rate_min_hz: hz(moments.min),
      rate_max_hz: hz(moments.max),
      active_neurons: silent < 0 ? 0 : counts.length - silent,
      rate_quantiles_hz: { '0.5': quantile(0.5), '0.95': quantile(0.95), '0.99': quantile(0.99) },
      rate_histogram: { le: [...RATE_LE_HZ, '+Inf' as const], count: cumulated(buckets) },
      fano_factor_neurons: moments.fano() ?? null,
    };
  }

  private intervals(parts: readonly Part[]) {
    const sums = noIntervals();
    const bursts = { count: 0, neurons: 0, spikes: 0 };
    for (const { neurons } of parts) {
      if (!isFollowed(neurons)) continue;
      neurons.intervals.addTo(sums);
      const found = neurons.intervals.bursts;
      bursts.count += found.bursts;
      bursts.neurons += found.neurons;
      bursts.spikes += found.spikes;
    }
    const isKnown = !this.isReduced;
    return {
      isi: isKnown ? isiOf(sums) : { ...isiOf(noIntervals()), count: null },
      bursts: {
        count: isKnown ? bursts.count : null,
        neurons: isKnown ? bursts.neurons : null,
        share_of_spikes: isKnown && this.spikes > 0 ? bursts.spikes / this.spikes : null,
      },
      synchrony: {
        spike_synchronization: isKnown ? (this.sync.value() ?? null) : null,
        neurons: isKnown ? this.sync.size : null,
      },
    };
  }
}

/** Spikes of each neuron, chip by chip. */
function countsOfAll(parts: readonly Part[]): Uint32Array {
  return joined(parts.flatMap(({ neurons }) => countsOf(neurons) ?? []));
}

function joinedNumbers(columns: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(columns.reduce((sum, column) => sum + column.length, 0));
  let at = 0;
  for (const column of columns) {
    all.set(column, at);
    at += column.length;
  }
  return all;
}

function countsOf(neurons: PartNeurons | undefined): Uint32Array | undefined {
  return isFollowed(neurons) ? neurons.intervals.counts() : neurons;
}

function isFollowed(neurons: PartNeurons | undefined): neurons is FollowedNeurons {
  return neurons !== undefined && 'intervals' in neurons;
}

/** One pass each: a loop over few columns is faster than one over all of them. */
function follow(
  { intervals, candidates }: FollowedNeurons,
  ids: Uint32Array,
  dtsUs: Uint32Array,
  t0Us: number,
): void {
  intervals.add(ids, dtsUs, t0Us);
  candidates.add(ids, dtsUs, t0Us);
}

const NONE = new Uint32Array(0);

function count(counts: Uint32Array, ids: Uint32Array): void {
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as number;
    counts[id] = (counts[id] as number) + 1;
  }
}

function joined(columns: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(columns.reduce((sum, column) => sum + column.length, 0));
  let at = 0;
  for (const column of columns) {
    all.set(column, at);
    at += column.length;
  }
  return all;
}

function isiOf(sums: IntervalSums): IsiResult {
  const { count, sumUs, minUs, maxUs } = sums;
  const ms = (us: number) => (count === 0 ? null : us / 1000);
  const mean = ({ sum, neurons }: { sum: number; neurons: number }) =>
    neurons === 0 ? null : sum / neurons;
  return {
    count,
    mean_ms: ms(sumUs / count),
    min_ms: ms(minUs),
    max_ms: ms(maxUs),
    cv_mean: mean(sums.cv),
    cv2_mean: mean(sums.cv2),
    lv_mean: mean(sums.lv),
    lvr_mean: mean(sums.lvr),
  };
}
