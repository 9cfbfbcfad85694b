import type { DerivedRecord } from '../../component/derived-record.ts';
import { LatestMap } from './latest-map.ts';
import { LIVE_LIMITS } from './live-limits.ts';
import { numbersOf, textOf } from './record-fields.ts';
import type { BenchmarksUpdate, LiveBenchmark } from './schemas.ts';

const VALUES = [
  'latency_seconds',
  'throughput_per_second',
  'accuracy',
  'energy_joules',
  'synaptic_operations',
];

/** The last result of each model on each hardware, with those before it. */
export class LiveBenchmarks {
  private readonly results = new LatestMap<LiveBenchmark>(LIVE_LIMITS.benchmarks);

  take({ fields, t0Us }: DerivedRecord, revision: number): void {
    const model = textOf(fields['model']);
    const hardware = textOf(fields['hardware']);
    const all = numbersOf(fields);
    const values = Object.fromEntries(
      Object.entries(all).filter(([name]) => VALUES.includes(name)),
    );
    const history = (Array.isArray(fields['history']) ? fields['history'] : []).map(numbersOf);
    const change_against_median = numbersOf(fields['change_against_median']);
    const result = { model, hardware, t0_us: t0Us, values, change_against_median, history };
    this.results.set(JSON.stringify([hardware, model]), result, revision);
  }

  since(revision: number): BenchmarksUpdate {
    return { benchmarks: this.results.since(revision) };
  }
}
