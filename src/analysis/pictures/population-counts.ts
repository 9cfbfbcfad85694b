import type { SpikesFrame } from '../../frames/spikes.ts';
import { type PowerSpectrum, welch } from '../../numerics/welch.ts';
import { type PicturePlan, POINTS_MAX, roundUp } from './picture-plan.ts';

/** Samples of a segment of the spectrum. */
const SEGMENT_MAX = 1024;
const SEGMENT_MIN = 32;
/** Segments that do not overlap, where there is time for as many. */
const SEGMENTS_WANTED = 4;
/** A point is known when frames cover this share of it. */
const COVERED_SHARE = 0.98;

export interface LayerSpectrum extends PowerSpectrum {
  readonly segment: number;
  /** Of the stretch without gaps of which it is. */
  readonly fromUs: number;
  readonly toUs: number;
  /** What neurons that fire by chance at the stretch's mean rate would have: 2 · rate / neurons. */
  readonly chance: number;
}

/** A population's rate over time. */
export interface LayerRates {
  readonly pointUs: number;
  /** [points] spikes a second and neuron; NaN where frames do not cover the time. */
  readonly rates: Float64Array;
}

/** The spikes of a population by time. */
export class PopulationCounts {
  private readonly plan: PicturePlan;
  private readonly binUs: number;
  private readonly pointUs: number;
  private readonly points: number;
  /** [bins] */
  private readonly counts: Uint32Array;
  /** [points] µs that frames cover, of all chips together. */
  private readonly coveredUs: Float64Array;
  private readonly chips = new Set<string>();

  /** @param stepUs of the chip's clock, 0 where it has none: a finer bin would be a comb */
  constructor(plan: PicturePlan, stepUs: number) {
    const { binUs, lengthUs } = plan;
    this.plan = plan;
    this.binUs = stepUs === 0 ? binUs : Math.ceil(binUs / stepUs) * stepUs;
    const bins = Math.ceil(lengthUs / this.binUs);
    this.pointUs = roundUp(Math.ceil(bins / POINTS_MAX)) * this.binUs;
    this.points = Math.ceil(lengthUs / this.pointUs);
    this.counts = new Uint32Array(bins);
    this.coveredUs = new Float64Array(this.points);
  }

  add(frame: SpikesFrame): void {
    const { counts, binUs } = this;
    const bins = counts.length;
    const t0Us = frame.t0Us - this.plan.startUs;
    const { dtUs } = frame;
    for (let i = 0; i < dtUs.length; i++) {
      const bin = Math.floor((t0Us + (dtUs[i] as number)) / binUs);
      if (bin >= 0 && bin < bins) counts[bin] = (counts[bin] as number) + 1;
    }
    this.chips.add(`${frame.deviceType}/${frame.chipId}`);
    this.cover(t0Us, t0Us + frame.spanUs);
  }

  private cover(fromUs: number, toUs: number): void {
    const { pointUs, points } = this;
    const { lengthUs } = this.plan;
    const endUs = Math.min(toUs, lengthUs);
    let atUs = Math.max(0, fromUs);
    while (atUs < endUs) {
      const point = Math.min(points - 1, Math.floor(atUs / pointUs));
      const untilUs = Math.min(endUs, (point + 1) * pointUs);
      this.coveredUs[point] = (this.coveredUs[point] as number) + untilUs - atUs;
      atUs = untilUs;
    }
  }

  rates(neurons: number): LayerRates {
    const { pointUs, binUs, points } = this;
    const { lengthUs } = this.plan;
    const bins = this.counts.length;
    const perPoint = Math.round(pointUs / binUs);
    const rates = new Float64Array(points).fill(Number.NaN);
    for (let point = 0; point < points; point++) {
      if (!this.isKnown(point)) continue;
      let spikes = 0;
      const end = Math.min(bins, (point + 1) * perPoint);
      for (let bin = point * perPoint; bin < end; bin++) spikes += this.counts[bin] as number;
      const tookUs = Math.min(pointUs, lengthUs - point * pointUs);
      rates[point] = (spikes * 1e6) / (neurons * tookUs);
    }
    return { pointUs, rates };
  }

  private isKnown(point: number): boolean {
    const { pointUs } = this;
    const { lengthUs } = this.plan;
    const tookUs = Math.min(pointUs, lengthUs - point * pointUs) * Math.max(1, this.chips.size);
    return (this.coveredUs[point] as number) >= tookUs * COVERED_SHARE;
  }

  /** Of the rate of the longest stretch without gaps; undefined where it is too short. */
  spectrum(neurons: number): LayerSpectrum | undefined {
    const { binUs } = this;
    const { startUs } = this.plan;
    const [from, end] = this.longestStretch();
    const samples = end - from;
    const segment = segmentOf(samples);
    if (segment === undefined) return undefined;
    const factor = 1e6 / (neurons * binUs);
    let spikes = 0;
    const rates = Float64Array.from(this.counts.subarray(from, end), (count) => {
      spikes += count;
      return count * factor;
    });
    const found = welch(rates, 1e6 / binUs, segment);
    if (found === undefined || spikes === 0) return undefined;
    const meanHz = (spikes * factor) / samples;
    return {
      ...found,
      segment,
      fromUs: startUs + from * binUs,
      toUs: startUs + end * binUs,
      chance: (2 * meanHz) / neurons,
    };
  }

  /** Bins [from, end) that frames cover and that lie wholly in the recording. */
  private longestStretch(): [number, number] {
    const { points, pointUs, binUs } = this;
    const { lengthUs } = this.plan;
    let best: [number, number] = [0, 0];
    let from = 0;
    for (let point = 0; point <= points; point++) {
      if (point < points && this.isKnown(point)) continue;
      if (point - from > best[1] - best[0]) best = [from, point];
      from = point + 1;
    }
    const perPoint = Math.round(pointUs / binUs);
    return [best[0] * perPoint, Math.min(best[1] * perPoint, Math.floor(lengthUs / binUs))];
  }
}

/** A quarter of the samples or less, so that there is something to average. */
function segmentOf(samples: number): number | undefined {
  if (samples < SEGMENT_MIN) return undefined;
  const most = Math.min(SEGMENT_MAX, Math.max(SEGMENT_MIN, samples / SEGMENTS_WANTED));
  return 2 ** Math.floor(Math.log2(most));
}
