import { describe, expect, test } from 'vitest';
import { Burst } from '../../src/detectors/burst.ts';
import { CoreOutlier } from '../../src/detectors/core-outlier.ts';
import { DistributionShift } from '../../src/detectors/distribution-shift.ts';
import type { OnsetDetector, OnsetVerdict } from '../../src/detectors/onset.ts';
import { countRatio, RateRatio } from '../../src/detectors/rate-ratio.ts';
import { RecentMedian } from '../../src/detectors/recent-median.ts';
import { Silence } from '../../src/detectors/silence.ts';
import { Synchrony } from '../../src/detectors/synchrony.ts';
import { wave } from './series.ts';

const POINT_US = 10_000;

const sdFloor = (mean: number) => Math.max(0.7 * Math.sqrt(Math.max(0, mean)), 0.3);
const baseline = { pointsMin: 30, memory: 3000, startShare: 0.5, lag: 5, sdFloor };

function level(floor: number, effectMinAbsolute: number) {
  const own = { ...baseline, sdFloor: () => floor };
  const limits = { allowance: 1, threshold: 10, zMax: 5, effectMin: 0, effectMinAbsolute };
  return { baseline: own, ...limits, learnsSmall: true, adoptAfter: 2000 };
}

function burst(): Burst {
  const spike = { window: 200, pointsMin: 30, threshold: 12, beyond: 2.5, adoptAfter: 100 };
  const floor = (median: number) => Math.max(Math.sqrt(Math.max(0, median)), 1);
  const all = { ...spike, direction: 'up', sdFloor: floor } as const;
  return new Burst({ spike: all, quietUs: 350_000, longPoints: 10 });
}

function silence(): Silence {
  return new Silence({ baseline, pValueMax: 1e-10, pointsMin: 5, beyond: 4, backAt: 0.1 });
}

/** Counts of a population about 20 a pane. */
const counts = wave(1200, 5).map((value) => Math.max(1, Math.round(20 + (value - 100) / 10)));

/** What each is made of, and a series in which something happens from 500 to 600. */
const DETECTORS: readonly (readonly [string, () => OnsetDetector, readonly number[]])[] = [
  ['burst', burst, counts.map((c, i) => (i >= 500 && i < 600 && i % 25 < 2 ? 400 : c))],
  ['silence', silence, counts.map((c, i) => (i >= 500 && i < 600 ? 0 : c))],
  [
    'synchrony',
    () => new Synchrony(level(0.1, Math.log(3))),
    counts.map((c, i) => (i >= 500 && i < 600 ? 15 : 1) * (0.9 + c / 200)),
  ],
  [
    'rate ratio',
    () => new RateRatio(level(0.05, Math.log(2))),
    counts.map((c, i) => countRatio(i >= 500 && i < 600 ? c / 5 : c, 20)),
  ],
];

function run(detector: OnsetDetector, values: readonly number[], from = 0): OnsetVerdict[] {
  return values.map((value, i) => ({ ...detector.next((from + i + 1) * POINT_US, value) }));
}

/** What a verdict says: where it says nothing, the rest is what was there before. */
function said(verdict: OnsetVerdict): readonly unknown[] {
  const { isAnomalous, score, expected, onsetUs, lastUs, observed } = verdict;
  return isAnomalous ? [isAnomalous, score, expected, onsetUs, lastUs, observed] : [score];
}

describe.each(DETECTORS)('%s', (_, make, values) => {
  test('finds what happens, from its start to its end, and nothing else', () => {
    const verdicts = run(make(), values);
    const found = verdicts.flatMap(({ isAnomalous }, i) => (isAnomalous ? [i] : []));
    expect(found[0]).toBeGreaterThanOrEqual(500);
    expect(found[0]).toBeLessThan(515);
    expect(found.at(-1)).toBeGreaterThan(575);
    expect(found.at(-1)).toBeLessThan(650);
    const first = verdicts[found[0] as number] as OnsetVerdict;
    expect(Math.abs(first.onsetUs - 500 * POINT_US)).toBeLessThanOrEqual(2 * POINT_US);
  });

  test('what comes later changes no earlier verdict', () => {
    const whole = run(make(), values).map(said);
    for (const cut of [1, 40, 505, 560, 700]) {
      const other = [...values.slice(0, cut), ...values.slice(cut).map((value) => value * 7 + 1)];
      expect(run(make(), other).slice(0, cut).map(said)).toEqual(whole.slice(0, cut));
    }
  });

  test('restored, it goes on as one that never stopped, wherever it is cut', () => {
    const whole = run(make(), values).map(said);
    for (let cut = 0; cut < values.length; cut += 53) {
      const first = make();
      const before = run(first, values.slice(0, cut));
      const second = make();
      second.restore(structuredClone(first.snapshot()));
      const after = run(second, values.slice(cut), cut);
      expect([...before, ...after].map(said), `cut at ${cut}`).toEqual(whole);
    }
  });
});

test('a train of bursts is one finding, and one long burst is over as soon as it is', () => {
  const train = counts.map((c, i) => (i >= 500 && i < 600 && i % 20 === 0 ? 400 : c));
  const starts = run(burst(), train).filter(
    ({ isAnomalous }, i, all) => isAnomalous && all[i - 1]?.isAnomalous !== true,
  );
  expect(starts.length).toBe(1);
  const long = counts.map((c, i) => (i >= 500 && i < 540 ? 400 : c));
  const found = run(burst(), long).flatMap(({ isAnomalous }, i) => (isAnomalous ? [i] : []));
  expect([found[0], found.at(-1)]).toEqual([500, 547]);
});

test('a core, and a distribution: causal, and restored as they were', () => {
  const limits = { memory: 100, adoptAfter: 1000, coresMax: 16 };
  const make = () =>
    new CoreOutlier({ pointsMin: 3, threshold: 6, atOnce: 12, factorMin: 2.5, ...limits });
  const ids = [0, 1, 2, 3];
  const at = (i: number) =>
    ids.map((id) => 100 + ((i * 7 + id * 3) % 11) + (i > 30 && id === 2 ? 900 : 0));
  const whole = make();
  const cut = make();
  for (let i = 0; i < 25; i++) for (const each of [whole, cut]) each.next(ids, at(i), 1);
  const restored = make();
  restored.restore(structuredClone(cut.snapshot()));
  for (let i = 25; i < 40; i++) {
    const [a, b] = [whole.next(ids, at(i), 1), restored.next(ids, at(i), 1)];
    expect([...b]).toEqual([...a]);
    expect([...a.keys()]).toEqual(i > 30 ? [2] : []);
  }
  const shift = () =>
    new DistributionShift({ bins: 4, forget: 0.02, windowsMin: 3, level: level(0.02, 0.15) });
  const [one, two] = [shift(), shift()];
  const histogram = (i: number) => (i < 60 ? [10, 40 + (i % 3), 40, 10] : [45, 5, 5, 45]);
  for (let i = 0; i < 50; i++) for (const each of [one, two]) each.next(i, histogram(i));
  const three = shift();
  three.restore(structuredClone(two.snapshot()));
  const verdicts = Array.from({ length: 20 }, (_, i) => {
    const [a, b] = [one.next(50 + i, histogram(50 + i)), three.next(50 + i, histogram(50 + i))];
    expect(b?.isAnomalous).toBe(a?.isAnomalous);
    return a?.isAnomalous;
  });
  expect(verdicts.slice(0, 10)).not.toContain(true);
  expect(verdicts.at(-1)).toBe(true);
});

test('the median of the last values is that of all of them sorted', () => {
  const plain = (last: readonly number[]) => {
    const middle = (list: readonly number[]) => {
      const sorted = [...list].sort((a, b) => a - b);
      const half = sorted.length >> 1;
      const upper = sorted[half] as number;
      return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] as number)) / 2;
    };
    const median = middle(last);
    return [median, 1.4826 * middle(last.map((value) => Math.abs(value - median)))];
  };
  for (const size of [5, 16, 20, 201]) {
    let recent = new RecentMedian(size);
    const all: number[] = [];
    for (let i = 0; i < 16 * 60 + 1; i++) {
      const value = Math.round(30 * Math.sin(i * i)) + 0;
      recent.add(value);
      all.push(value);
      // It looks at the first value, and at each sixteenth after that.
      if (i % 16 === 0) {
        const [median, deviation] = plain(all.slice(-size));
        expect([recent.median, recent.deviation]).toEqual([median, deviation]);
      }
      if (i % 300 === 7) {
        const restored = new RecentMedian(size);
        restored.restore(structuredClone(recent.snapshot()));
        recent = restored;
      }
    }
  }
});
