import { describe, expect, it } from 'vitest';
import { noIntervals, SpikeIntervals } from '../../src/numerics/spike-intervals.ts';

/** [train in µs, bursts, spikes in bursts], as the oracle of the recordings finds them in NumPy. */
const TRAINS: readonly (readonly [string, readonly number[], number, number])[] = [
  ['an interval of exactly 10 ms begins one', [100100, 110100, 120100, 130100], 1, 4],
  ['one that is above 10 ms as a float64 difference does not', [6100, 16100, 26100], 0, 0],
  ['an interval above 10 ms begins none', [0, 10001, 20002, 30003], 0, 0],
  ['an interval up to 20 ms goes on', [0, 5000, 25000, 30000, 50001], 1, 4],
  ['too short', [0, 1000, 2000, 4999, 100000], 0, 0],
  ['just long enough', [0, 1000, 5000, 100000], 1, 3],
  ['5 ms that are less as a float64 difference', [3200, 4200, 8200, 100000], 0, 0],
  ['two spikes', [0, 9000, 100000, 107000], 0, 0],
  ['two bursts', [0, 3000, 6000, 26001, 29000, 34000], 2, 6],
  ['open at the end', [500000, 503000, 509000], 1, 3],
];

describe('MaxIntervalBursts, as SpikeIntervals tells it of spikes', () => {
  it.each(TRAINS)('%s', (_, train, bursts, spikes) => {
    for (const cut of train.keys()) {
      const intervals = new SpikeIntervals(3);
      for (const part of [train.slice(0, cut), train.slice(cut)]) {
        intervals.add(new Uint32Array(part.length).fill(2), Uint32Array.from(part), 0);
      }
      intervals.addTo(noIntervals());
      const found = intervals.bursts;
      expect([found.bursts, found.spikes]).toEqual([bursts, spikes]);
      expect(found.neurons).toBe(bursts > 0 ? 1 : 0);
    }
  });
});
