import type { MembraneFrame } from '../frames/membrane.ts';
import { Float32Quantiles } from '../numerics/float32-quantiles.ts';
import { membraneBoundsOf } from '../numerics/membrane-buckets.ts';
import { cumulated } from '../numerics/rate-buckets.ts';
import { SampleMoments } from '../numerics/sample-moments.ts';
import type { MembraneHistograms } from '../operators/bin-membrane.ts';
import type { MembraneResult } from './result.ts';

/** Samples of a layer up to which quantiles are exact. */
const EXACT_MAX = 100_000;

/** The membrane potentials of a layer, all neurons together. */
export class LayerMembrane {
  readonly unit: string;
  private readonly moments = new SampleMoments();
  private readonly quantiles = new Float32Quantiles(EXACT_MAX);
  /** As of the last frame; the operator keeps adding to it. */
  private histograms: MembraneHistograms | undefined;

  constructor(unit: string) {
    this.unit = unit;
  }

  add({ values }: MembraneFrame): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (!Number.isFinite(value)) continue;
      this.moments.add(value);
      this.quantiles.add(value);
    }
  }

  binned(histograms: MembraneHistograms): void {
    this.histograms = histograms;
  }

  result(): MembraneResult {
    const { moments } = this;
    const orNull = (value: number | undefined) => (moments.count === 0 ? null : (value ?? null));
    const quantile = (q: number) => orNull(this.quantiles.quantile(q));
    return {
      unit: this.unit,
      samples: moments.count,
      mean: orNull(moments.mean),
      sd: orNull(moments.sd()),
      min: orNull(moments.min),
      max: orNull(moments.max),
      quantiles: {
        '0.01': quantile(0.01),
        '0.05': quantile(0.05),
        '0.5': quantile(0.5),
        '0.95': quantile(0.95),
        '0.99': quantile(0.99),
      },
      histogram: this.histogram(),
    };
  }

  /** The neurons' histograms, added up. */
  private histogram(): MembraneResult['histogram'] {
    const le = [...membraneBoundsOf(this.unit)];
    const sums = new Array<number>(le.length + 1).fill(0);
    const { counts = new Float64Array(0) } = this.histograms ?? {};
    for (let i = 0; i < counts.length; i++) {
      const bucket = i % sums.length;
      sums[bucket] = (sums[bucket] as number) + (counts[i] as number);
    }
    return { le: [...le, '+Inf'], count: cumulated(sums) };
  }
}
