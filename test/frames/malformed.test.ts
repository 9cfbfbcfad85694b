import { beforeAll, describe, expect, it } from 'vitest';
import { INVALID_REASONS } from '../../src/frames/frame-error.ts';
import { faultsOf } from './judge.ts';
import { malformedCase } from './malformed.ts';
import { HEAP_LOOKS, type MalformedOutcome, runMalformed } from './run-malformed.ts';

const CASES = 100_000;
const SEED = 20_261_124;

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

describe(`${CASES} malformed messages through every pipeline`, () => {
  let outcome: MalformedOutcome;
  beforeAll(async () => {
    outcome = await runMalformed(CASES, SEED);
  });

  it('throw nothing and end no pipeline', () => {
    expect(outcome.thrown).toEqual([]);
    expect(outcome.failed).toEqual([]);
  });

  it('are each counted once, by the reason with which they went to the dead', () => {
    expect(sum(outcome.invalid)).toBe(CASES);
    expect(outcome.invalid).toEqual(outcome.dead);
  });

  it('are of every reason there is', () => {
    expect(Object.keys(outcome.invalid).sort()).toEqual(Object.keys(INVALID_REASONS).sort());
  });

  it('move no other metric', () => {
    expect(Object.keys(outcome.before).length).toBeGreaterThan(30);
    expect(sum(totalsOf(outcome.before['spikescope_frames_total']))).toBeGreaterThan(100);
    expect(outcome.after).toEqual(outcome.before);
  });

  it('leave nothing behind in memory', () => {
    expect(outcome.heapBytes).toHaveLength(HEAP_LOOKS);
    // The first look comes after a fifth of them: what is kept once is there by then.
    const [first, ...later] = outcome.heapBytes as [number, ...number[]];
    expect(Math.max(...later) / first).toBeLessThan(1.5);
  });
});

function totalsOf(series: unknown): Record<string, number> {
  const rows = series as readonly (readonly [readonly string[], boolean, readonly [number]])[];
  return Object.fromEntries(rows.map(([labels, , [value]]) => [labels.join(), value]));
}

describe('case number i of a seed', () => {
  it('is the same each time, and is another in another seed', () => {
    for (let i = 0; i < 200; i++) expect(malformedCase(3, i)).toEqual(malformedCase(3, i));
    const texts = (seed: number) =>
      Array.from({ length: 200 }, (_, i) => Buffer.from(malformedCase(seed, i).data).toString());
    expect(texts(3)).not.toEqual(texts(4));
  });

  it('is no frame', () => {
    for (let i = 0; i < 2000; i++)
      expect(faultsOf(malformedCase(7, i)).size, `case ${i}`).not.toBe(0);
  });
});
