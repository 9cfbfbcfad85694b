import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Detector, Verdict } from '../../src/component/detector.ts';
import { CoreOutlier } from '../../src/detectors/core-outlier.ts';
import { DistributionShift } from '../../src/detectors/distribution-shift.ts';
import { averageRunLength, LevelShift } from '../../src/detectors/level-shift.ts';
import { DETECTORS } from '../../src/detectors/named-detectors.ts';
import { sdFloor } from '../../src/detectors/series-options.ts';
import { Silence } from '../../src/detectors/silence.ts';
import { indexOfDispersion } from '../../src/detectors/synchrony.ts';
import { changePoint } from '../../src/numerics/change-point.ts';
import { fitGeneralizedPareto, tailQuantile } from '../../src/numerics/generalized-pareto.ts';
import { wave } from './series.ts';

const CLASSIC = ['level-shift', 'drift', 'spike', 'flat-line', 'extreme'] as const;
const POINT_US = 1000;

function run(values: readonly number[], detector: Detector): Verdict[] {
  return values.map((value, i) => ({ ...detector.next((i + 1) * POINT_US, value) }));
}

function create(name: string, options: object = {}): Detector {
  return (DETECTORS[name] as (typeof DETECTORS)[string]).create(options);
}

const noise = wave(3000, 3).map((value, i) => value - 20 * Math.sin((i * Math.PI) / 24));
const anomalousIn = (verdicts: readonly Verdict[], from: number, to: number) =>
  verdicts.slice(from, to).filter(({ isAnomalous }) => isAnomalous).length;

function bytesOf(held: unknown): number {
  if (ArrayBuffer.isView(held)) return held.byteLength;
  if (typeof held !== 'object' || held === null) return 8;
  return Object.values(held).reduce<number>((sum, each) => sum + bytesOf(each), 0);
}

describe.each(CLASSIC)('%s', (name) => {
  test('what comes later changes no earlier verdict', () => {
    const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(finite, { maxLength: 100 }), fc.nat(1500), (later, cut) => {
        const before = noise.slice(0, 100 + cut);
        const whole = run([...before, ...later], create(name)).slice(0, before.length);
        expect(whole).toEqual(run(before, create(name)));
      }),
      { numRuns: 10 },
    );
  });

  test('restored, it goes on as one that never stopped, wherever it is cut', () => {
    const values = noise.map((value, i) => (i > 1200 && i < 1400 ? value * 3 : value));
    values.fill(7, 2000, 2600);
    const whole = run(values, create(name));
    fc.assert(
      fc.property(fc.nat(values.length), (cut) => {
        const first = create(name);
        const before = run(values.slice(0, cut), first);
        const second = create(name);
        second.restore(structuredClone(first.snapshot()));
        const after = values.slice(cut).map((value, i) => ({
          ...second.next((cut + i + 1) * POINT_US, value),
        }));
        // `observed` and `lastUs` of a verdict that says nothing are what was there before.
        const said = ({ isAnomalous, score, expected, pValue }: Verdict) => [
          ...[isAnomalous, score, expected, pValue],
        ];
        expect([...before, ...after].map(said)).toEqual(whole.map(said));
      }),
      { numRuns: 15 },
    );
  });

  test('memory does not grow with the series', () => {
    const detector = create(name);
    run(noise, detector);
    const after = bytesOf(detector.snapshot());
    for (let i = 0; i < 10; i++) run(noise, detector);
    expect(bytesOf(detector.snapshot())).toBeLessThanOrEqual(after * 1.5 + 64);
  });

  test('noise without a fault is no anomaly', () => {
    expect(anomalousIn(run(noise, create(name)), 0, noise.length)).toBe(0);
  });
});

describe('what each is for', () => {
  test('level shift: a step up is told while it lasts, and is over soon after', () => {
    const values = noise.map((value, i) => (i >= 1500 && i < 1600 ? value + 30 : value));
    const verdicts = run(values, create('level-shift'));
    expect(anomalousIn(verdicts, 1500, 1515)).toBeGreaterThan(5);
    expect(anomalousIn(verdicts, 1520, 1600)).toBe(80);
    expect(anomalousIn(verdicts, 1606, 3000)).toBe(0);
  });

  test('drift: a way off by 0.01 % a point is told, which no level shift tells', () => {
    const values = noise.map((value, i) => (i < 1000 ? value : value * (1 + (i - 1000) / 10_000)));
    expect(anomalousIn(run(values, create('drift')), 1000, 3000)).toBeGreaterThan(500);
  });

  test('spike: one point far off, and nothing else', () => {
    const values = noise.map((value, i) => (i === 700 ? value + 200 : value));
    const verdicts = run(values, create('spike'));
    expect(verdicts.flatMap(({ isAnomalous }, i) => (isAnomalous ? [i] : []))).toEqual([700]);
  });

  test('flat line: the same number again and again, in a series that used to change', () => {
    const values = [...noise];
    values.fill(100, 1000, 1200);
    const verdicts = run(values, create('flat-line'));
    expect(anomalousIn(verdicts, 1000, 1200)).toBeGreaterThan(150);
    expect(anomalousIn(verdicts, 1200, 3000)).toBe(0);
  });

  test('extreme: what lies beyond the tail', () => {
    const values = noise.map((value, i) => (i === 2000 ? value + 50 : value));
    const verdicts = run(values, create('extreme'));
    expect(verdicts.flatMap(({ isAnomalous }, i) => (isAnomalous ? [i] : []))).toEqual([2000]);
  });

  test('silence: a count that stops, by the chance of so long a gap', () => {
    const baseline = { pointsMin: 30, memory: 1000, startShare: 0.5, lag: 5, sdFloor };
    const options = { pValueMax: 1e-10, pointsMin: 5, beyond: 4, backAt: 0.1 };
    const silence = new Silence({ baseline, ...options });
    const values = Array.from({ length: 200 }, (_, i) => (i >= 100 && i < 150 ? 0 : 20 + (i % 5)));
    const verdicts = run(values, silence);
    const silent = verdicts.flatMap(({ isAnomalous }, i) => (isAnomalous ? [i] : []));
    expect(silent[0]).toBeLessThan(110);
    expect(silent.at(-1)).toBe(149);
  });

  test('core: the one that moves alone, and not all that move together', () => {
    const limits = { memory: 100, adoptAfter: 1000, coresMax: 16 };
    const outlier = new CoreOutlier({
      pointsMin: 3,
      threshold: 6,
      atOnce: 12,
      factorMin: 2.5,
      ...limits,
    });
    const ids = [0, 1, 2, 3];
    for (let i = 0; i < 20; i++) {
      expect(outlier.next(ids, [100, 110, 90 + (i % 3), 105], 1).size).toBe(0);
    }
    expect(outlier.next(ids, [10, 11, 9, 10], 1).size).toBe(0);
    expect([...outlier.next(ids, [100, 2000, 92, 104], 1).keys()]).toEqual([1]);
  });

  test('distribution: the same mean with another shape', () => {
    const baseline = { pointsMin: 6, memory: 300, startShare: 0.5, lag: 2, sdFloor: () => 0.02 };
    const level = new DistributionShift({
      ...{ bins: 4, forget: 0.02, windowsMin: 3 },
      level: {
        ...{ baseline, allowance: 1, threshold: 10, zMax: 6 },
        ...{ effectMin: 0, effectMinAbsolute: 0.15, learnsSmall: true, adoptAfter: 1000 },
      },
    });
    for (let i = 0; i < 30; i++) {
      expect(level.next(i, [10, 40 + (i % 2), 40, 10])?.isAnomalous ?? false).toBe(false);
    }
    const verdicts = [30, 31, 32, 33].map((t) => level.next(t, [45, 5, 5, 45])?.isAnomalous);
    expect(verdicts.at(-1)).toBe(true);
  });
});

describe('numbers', () => {
  // Page's test with k = 0.5, h = 4 and k = 0.5, h = 5: two-sided ARL 168 and 465 (Montgomery,
  // Introduction to Statistical Quality Control, table 9.3); Siegmund's formula is within 2 %.
  test.each([
    [4, 168],
    [5, 465],
  ])('average run length at threshold %d is near %d', (threshold, expected) => {
    expect(averageRunLength(0.5, threshold) / expected).toBeGreaterThan(0.98);
    expect(averageRunLength(0.5, threshold) / expected).toBeLessThan(1.02);
  });

  test('index of dispersion: 0 for regular counts, the mean for all or nothing', () => {
    expect(indexOfDispersion(Uint32Array.of(3, 3, 3, 3), 0, 4)).toBe(0);
    expect(indexOfDispersion(Uint32Array.of(0, 8, 0, 8), 0, 4)).toBe(4);
    expect(indexOfDispersion(new Uint32Array(4), 0, 4)).toBeUndefined();
  });

  test('change point: where counts changed their mean', () => {
    const counts = Uint32Array.from({ length: 64 }, (_, i) => (i < 37 ? 1 + (i % 2) : 6));
    expect(changePoint(counts, { from: 10, to: 60, end: 64 }, 1.5, 6)).toBe(37);
  });

  test('an exponential tail has shape 0 and its own quantiles', () => {
    const peaks = Float64Array.from({ length: 400 }, (_, i) => -Math.log(1 - (i + 0.5) / 400));
    const fitted = fitGeneralizedPareto(peaks);
    expect(Math.abs(fitted?.shape ?? 1)).toBeLessThan(0.05);
    expect(Math.abs((fitted?.scale ?? 0) - 1)).toBeLessThan(0.05);
    // P(X > t) = 0.02; the level passed with chance 2e-5 lies ln(1000) scales above t.
    const level = tailQuantile({ shape: 0, scale: 1 }, 10, 0.02, 2e-5);
    expect(level).toBeCloseTo(10 + Math.log(1000), 9);
  });

  test('a level shift that lasts becomes normal after the time of adoption', () => {
    const baseline = { pointsMin: 20, memory: 500, startShare: 0.5, lag: 5, sdFloor };
    const shift = new LevelShift({
      ...{ baseline, allowance: 1, threshold: 10, zMax: 4 },
      ...{ effectMin: 0.05, effectMinAbsolute: 0, learnsSmall: true, adoptAfter: 100 },
    });
    const verdicts = run(
      noise.slice(0, 600).map((value, i) => (i < 200 ? value : value + 50)),
      shift,
    );
    expect(anomalousIn(verdicts, 200, 320)).toBeGreaterThan(90);
    expect(anomalousIn(verdicts, 330, 600)).toBe(0);
  });
});
