import { RATE_LE_HZ } from '../../numerics/rate-buckets.ts';
import type { Analyzer } from '../analyzer.ts';
import type { Analysis, WindowResult } from '../result.ts';
import type { LayerSamples, Subject } from './comparison.ts';
import { numbersOf } from './numbers.ts';

/** A recording that was analyzed, as a side of a comparison. */
export function recordingSubject(
  analysis: Analysis,
  analyzer: Analyzer,
  remarks: readonly string[],
): Subject {
  const samples = new Map<string, LayerSamples>();
  for (const [name, { rateHz, isiMeanMs, isiCv }] of analyzer.neurons()) {
    const windows = analysis.layers[name]?.windows;
    samples.set(name, {
      rate_hz: rateHz,
      isi_mean_ms: isiMeanMs,
      isi_cv: isiCv,
      ...(windows !== undefined && { window_rate_bucket: bucketsOfWindows(windows) }),
    });
  }
  const { recording, ...rest } = analysis;
  const side = { name: recording, kind: 'recording' } as const;
  return { side, numbers: numbersOf(rest), samples, remarks };
}

function bucketsOfWindows(windows: readonly WindowResult[]): Float64Array {
  const sums = new Array<number>(RATE_LE_HZ.length + 1).fill(0);
  for (const { histogram } of windows) {
    for (const [i, count] of histogram.entries()) {
      sums[i] = (sums[i] as number) + count - (histogram[i - 1] ?? 0);
    }
  }
  return bucketSample(sums, windows.length);
}

/**
 * One value, the number of its bucket, for each neuron of a mean window: what is left of neurons
 * where only histograms are known. All windows together are no more neurons.
 */
export function bucketSample(sums: readonly number[], windows: number): Float64Array {
  if (windows === 0) return new Float64Array(0);
  const values: number[] = [];
  let sum = 0;
  for (const [bucket, count] of sums.entries()) {
    // Rounded as a running sum, so that as many neurons come out as there are.
    sum += count / windows;
    const upTo = Math.round(sum);
    while (values.length < upTo) values.push(bucket);
  }
  return Float64Array.from(values);
}
