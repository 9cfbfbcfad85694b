import type { Difference } from './compare.ts';
import { nameOf, sumOf } from './exposition.ts';
import type { StreamTally } from './known-stream.ts';

/**
 * What the stream should count by what is known of it, without Spikescope: the totals that do not
 * depend on the order in which an outage let its messages through. Both runs could be wrong alike.
 */
export function compareWithTally(
  counters: ReadonlyMap<string, number>,
  tally: StreamTally,
): Difference[] {
  const expected: [string, number, number][] = [];
  const of = (series: string) => counters.get(series) ?? 0;
  for (const [kind, frames] of tally.framesByKind) {
    const series = `spikescope_frames_total{kind="${kind}"}`;
    expected.push([series, of(series), frames]);
  }
  for (const [kind, samples] of tally.samplesByKind) {
    const series = `spikescope_samples_total{kind="${kind}"}`;
    expected.push([series, of(series), samples]);
  }
  const sums: readonly (readonly [string, number])[] = [
    ['neural_spikes_total', tally.spikes],
    ['spikescope_frames_invalid_total', tally.invalid],
    ['spikescope_frames_repeated_total', tally.repeated],
  ];
  for (const [name, count] of sums) expected.push([name, sumOf(counters, name), count]);
  const wrong = expected.filter(([, is, want]) => is !== want);
  if (wrong.length === 0) return [];
  const examples = wrong.map(([name, is, want]) => `${name} is ${is}, published were ${want}`);
  return [{ what: 'totals other than published', count: wrong.length, examples }];
}

/** Counters that are above 0: what the run is shown to have been about. */
export function liveFamilies(counters: ReadonlyMap<string, number>): string[] {
  const live = [...counters].filter(([, value]) => value > 0).map(([series]) => nameOf(series));
  return [...new Set(live)];
}
