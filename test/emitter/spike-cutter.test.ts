import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type CutOptions, SpikeCutter } from '../../src/emitter/spike-cutter.ts';

interface Cut {
  readonly t0Us: number;
  readonly endUs: number;
  readonly ids: readonly number[];
  readonly timesUs: readonly number[];
}

type Op = readonly ['add' | 'advance' | 'flush', tUs: number];

/** Every spike has an id of its own, by which it is found again. */
function cutAll(options: CutOptions, ops: readonly Op[]) {
  const cuts: Cut[] = [];
  let seenUs = Number.NEGATIVE_INFINITY;
  let originUs = Number.NaN;
  const cutter = new SpikeCutter(options, (t0Us, spanUs, ids, timesUs, count) => {
    cuts.push({
      t0Us,
      endUs: t0Us + spanUs,
      ids: Array.from(ids.subarray(0, count)),
      timesUs: Array.from(timesUs.subarray(0, count)),
    });
    // What has not come yet is not known.
    expect(t0Us + spanUs - options.stepUs).toBeLessThanOrEqual(seenUs);
  });
  for (const [id, [what, tUs]] of ops.entries()) {
    if (what === 'flush') {
      cutter.flush();
      continue;
    }
    if (Number.isNaN(originUs)) originUs = tUs;
    seenUs = Math.max(seenUs, tUs);
    if (what === 'add') cutter.add(id, tUs);
    else cutter.advance(tUs);
  }
  cutter.flush();
  return { cuts, cutter, originUs, seenUs };
}

const options = fc.record({
  spanUs: fc.constantFrom(1, 2, 5, 40).map((steps) => steps * 20),
  spikesMax: fc.integer({ min: 1, max: 6 }),
  stepUs: fc.constantFrom(1, 10, 20),
});
const times = fc.oneof(fc.nat(400), fc.nat(3000), fc.nat(100_000_000));
const op = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constant('add' as const), times) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('advance' as const), times) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('flush' as const), fc.constant(0)) },
);

describe('whatever is recorded in whatever order', () => {
  it('every spike is in exactly one frame, and inside it', () => {
    fc.assert(
      fc.property(options, fc.array(op, { maxLength: 60 }), (choice, ops) => {
        const { cuts, cutter } = cutAll(choice, ops);
        const found = new Map<number, number>();
        for (const { t0Us, endUs, ids, timesUs } of cuts) {
          expect(ids.length).toBeLessThanOrEqual(choice.spikesMax);
          for (const [i, id] of ids.entries()) {
            expect(found.has(id)).toBe(false);
            found.set(id, timesUs[i] as number);
            expect(timesUs[i]).toBeGreaterThanOrEqual(t0Us);
            expect(timesUs[i]).toBeLessThan(endUs);
          }
        }
        const given = [...ops.entries()].filter(([, [what]]) => what === 'add');
        expect([...found].sort(([a], [b]) => a - b)).toEqual(given.map(([id, [, t]]) => [id, t]));
        expect(cutter.waiting).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('frames cover the time from the first call on without a gap, in whole steps', () => {
    fc.assert(
      fc.property(options, fc.array(op, { minLength: 1, maxLength: 60 }), (choice, ops) => {
        const { cuts, originUs, seenUs } = cutAll(choice, ops);
        if (Number.isNaN(originUs)) return;
        let endUs = originUs;
        for (const cut of [...cuts].sort((a, b) => a.t0Us - b.t0Us)) {
          expect(cut.t0Us).toBeLessThanOrEqual(endUs);
          expect(cut.endUs - cut.t0Us).toBeGreaterThan(0);
          expect(cut.endUs - cut.t0Us).toBeLessThanOrEqual(60_000_000);
          expect(Math.abs(cut.t0Us - originUs) % choice.stepUs).toBe(0);
          expect((cut.endUs - cut.t0Us) % choice.stepUs).toBe(0);
          endUs = Math.max(endUs, cut.endUs);
        }
        // The last step is known when something was in it, or when time has gone past it.
        expect(endUs).toBeGreaterThan(seenUs - choice.stepUs);
        expect(endUs).toBeLessThanOrEqual(seenUs + choice.stepUs);
      }),
      { numRuns: 500 },
    );
  });

  it('spikes in order of time make frames that do not overlap', () => {
    const steps = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(options, steps, (choice, gaps) => {
        let tUs = 0;
        const ops = gaps.map((gap): Op => {
          tUs += gap;
          return ['add', tUs];
        });
        const { cuts } = cutAll({ ...choice, stepUs: 1 }, ops);
        for (const [i, cut] of cuts.entries()) {
          if (i > 0) expect(cut.t0Us).toBe((cuts[i - 1] as Cut).endUs);
        }
      }),
    );
  });
});

const PLAIN = { spanUs: 100, spikesMax: 4, stepUs: 1 };

function spans(ops: readonly Op[], choice: CutOptions = PLAIN): string[] {
  return cutAll(choice, ops).cuts.map(({ t0Us, endUs, ids }) => `${t0Us}-${endUs}: ${ids.length}`);
}

test('frames have their span; silence before the next spike is one frame', () => {
  expect(
    spans([
      ['add', 1000],
      ['add', 1099],
      ['add', 1100],
      ['add', 2350],
    ]),
  ).toEqual(['1000-1100: 2', '1100-1200: 1', '1200-2300: 0', '2300-2351: 1']);
});

test('silence of minutes is cut where a frame can be no longer', () => {
  expect(
    spans([
      ['advance', 0],
      ['advance', 130_000_050],
    ]),
  ).toEqual([
    '0-100: 0',
    '100-60000100: 0',
    '60000100-120000100: 0',
    '120000100-130000000: 0',
    '130000000-130000050: 0',
  ]);
});

test('a full frame ends after its last spike, and the next keeps to the grid', () => {
  const ops = [10, 20, 30, 40, 50, 120].map((tUs): Op => ['add', tUs]);
  expect(spans(ops)).toEqual(['10-41: 4', '41-110: 1', '110-121: 1']);
});

test('more spikes of one time than a frame holds are in frames of the same time', () => {
  const ops = Array.from({ length: 10 }, (): Op => ['add', 7]);
  expect(spans([...ops, ['add', 8]])).toEqual(['7-8: 4', '7-8: 4', '7-9: 3']);
});

test('late spikes go together, with the next frame', () => {
  const ops = [1000, 1150, 1010, 1020, 900, 1160, 1250].map((tUs): Op => ['add', tUs]);
  expect(spans(ops)).toEqual(['1000-1100: 1', '900-1021: 3', '1100-1200: 2', '1200-1251: 1']);
});

test('late spikes do not wait until the frame has its span, where it is full before', () => {
  const ops = [1000, 1100, 1010, 1101, 1102, 1103, 1104].map((tUs): Op => ['add', tUs]);
  expect(spans(ops)).toEqual(['1000-1100: 1', '1010-1011: 1', '1100-1104: 4', '1104-1105: 1']);
});

test.each([
  ['forward', 3_600_000_300],
  ['back', 3_599_999_998],
])('an hour %s is another time, and no silence', (_way, tUs) => {
  const startUs = tUs > 3_600_000_000 ? 100 : 7_200_000_000;
  const ops: Op[] = [
    ['add', startUs],
    ['add', tUs],
    ['add', tUs + 250],
  ];
  const { cuts, cutter } = cutAll(PLAIN, ops);
  expect(cuts.map(({ t0Us, endUs }) => [t0Us, endUs])).toEqual([
    [startUs, startUs + 1],
    [tUs, tUs + 100],
    [tUs + 100, tUs + 200],
    [tUs + 200, tUs + 251],
  ]);
  expect(cutter.jumps).toBe(1);
});

test('steps count from where time began', () => {
  const cutter = new SpikeCutter({ spanUs: 100, spikesMax: 2, stepUs: 10 }, () => {});
  cutter.add(0, 1003);
  expect([1003, 1103, 1013].map((tUs) => cutter.stepAt(tUs))).toEqual([0, 10, 1]);
});
