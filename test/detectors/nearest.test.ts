import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../src/component/detector.ts';
import { COMPACT_NEAREST, NearestDetector, nearestOptions } from '../../src/detectors/nearest.ts';
import { wave } from './series.ts';

const OPTIONS = { baseline: 200, coarse_weight: 1 };
const make = (options: object = OPTIONS) => new NearestDetector(nearestOptions.parse(options));

function run(values: readonly number[], detector = make()): Verdict[] {
  return values.map((value, i) => ({ ...detector.next(i * 1000, value) }));
}

/** Bytes in the arrays of a snapshot. */
function bytesOf(held: unknown): number {
  if (ArrayBuffer.isView(held)) return held.byteLength;
  if (typeof held !== 'object' || held === null) return 8;
  return Object.values(held).reduce<number>((sum, each) => sum + bytesOf(each), 0);
}

describe('nearest detector', () => {
  test('a change that never came before is told within a window, and not before', () => {
    const values = wave(1200).map((value, i) => (i >= 900 && i < 930 ? value + 60 : value));
    const anomalous = run(values).flatMap(({ isAnomalous }, i) => (isAnomalous ? [i] : []));
    const during = anomalous.filter((i) => i >= 900 && i < 940);
    expect(during.length).toBeGreaterThan(0);
    expect(anomalous.filter((i) => i < 900).length).toBeLessThanOrEqual(3);
  });

  test('no value is expected before there is a past, and a near one after', () => {
    const verdicts = run(wave(1200));
    expect(verdicts[10]?.pValue).toBeNaN();
    expect(verdicts[10]?.expected).toBeNaN();
    expect(Math.abs((verdicts[1100]?.expected as number) - 100)).toBeLessThan(30);
  });

  test('a constant series is never odd', () => {
    const verdicts = run(new Array(1000).fill(3));
    expect(verdicts.every(({ score, isAnomalous }) => score === 0 && !isAnomalous)).toBe(true);
  });

  test('what comes later changes no earlier verdict', () => {
    const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(finite, { maxLength: 300 }), fc.nat(300), (later, cut) => {
        const before = wave(400).slice(0, 100 + cut);
        const whole = run([...before, ...later]).slice(0, before.length);
        expect(whole).toEqual(run(before));
      }),
      { numRuns: 30 },
    );
  });

  test('a restored detector goes on as one that never stopped, wherever it is cut', () => {
    const values = wave(1500).map((value, i) => (i % 311 === 300 ? value * 2 : value));
    // A short history, so that every ring has gone round.
    const options = { baseline: 200, history: 128, coarse_weight: 1 };
    const whole = run(values, make(options));
    fc.assert(
      fc.property(fc.nat(values.length), (cut) => {
        const first = make(options);
        run(values.slice(0, cut), first);
        const second = make(options);
        second.restore(structuredClone(first.snapshot()));
        expect(run(values.slice(cut), second)).toEqual(whole.slice(cut));
      }),
      { numRuns: 25 },
    );
  });

  test('a snapshot shares no memory with the detector', () => {
    const detector = make();
    run(wave(500), detector);
    const held = detector.snapshot();
    const copy = structuredClone(held);
    run(wave(500, 3), detector);
    expect(held).toEqual(copy);
  });

  test('what is held does not grow once the history is full', () => {
    const detector = make(COMPACT_NEAREST);
    run(wave(2000), detector);
    const after = bytesOf(detector.snapshot());
    run(wave(20_000, 9), detector);
    expect(bytesOf(detector.snapshot())).toBeLessThanOrEqual(after * 1.05);
    expect(after).toBeLessThan(12 * 300 * 8 + 4096);
  });

  test('scores are from 0 to 1 whatever finite values come', () => {
    const any = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e150, max: 1e150 });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 200 }), (values) => {
        for (const { score } of run(values, make(COMPACT_NEAREST))) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('with a baseline of 30 points a jump after 60 is told at once', () => {
    const values = wave(200).map((value, i) => (i >= 120 ? value + 200 : value));
    const anomalous = run(values, make(COMPACT_NEAREST)).flatMap((v, i) =>
      v.isAnomalous ? [i] : [],
    );
    expect(anomalous.some((i) => i >= 120 && i < 130)).toBe(true);
  });
});
