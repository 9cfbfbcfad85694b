import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Fft } from '../../src/numerics/fft.ts';
import { welch } from '../../src/numerics/welch.ts';

interface Case {
  readonly length: number;
  readonly segment: number;
  readonly sample_hz: number;
  readonly top: number;
  readonly frequency_hz: readonly number[];
  readonly density: readonly number[];
}

/** Made by welch_oracle.py with SciPy. */
const ORACLE = JSON.parse(readFileSync(new URL('welch-scipy.json', import.meta.url), 'utf8')) as {
  cases: readonly Case[];
};

/** The same integers as the oracle's. */
function series({ length, top }: Case): Float64Array {
  let state = length * 7919 + top;
  return Float64Array.from({ length }, (_, i) => {
    state = Number((BigInt(state) * 1664525n + 1013904223n) % 2n ** 32n);
    return (state % (top + 1)) + (i % 50 < 10 ? top : 0);
  });
}

it.each(ORACLE.cases)('has the spectrum of SciPy: $length samples in $segment', (known) => {
  const spectrum = welch(series(known), known.sample_hz, known.segment);
  expect([...(spectrum?.frequencyHz ?? [])]).toEqual(known.frequency_hz);
  const largest = Math.max(...known.density);
  const off = known.density.map((wanted, i) => {
    const got = spectrum?.density[i] as number;
    // What should cancel out to nothing is held against the largest.
    return Math.abs(got - wanted) / Math.max(wanted, largest * 1e-6);
  });
  expect(off).toHaveLength(known.segment / 2 + 1);
  expect(Math.max(...off)).toBeLessThan(1e-9);
});

it('holds the variance of noise, and shows where a beat is', () => {
  const hz = 1000;
  const beat = Float64Array.from({ length: 8192 }, (_, i) => {
    return 3 * Math.sin((2 * Math.PI * 125 * i) / hz);
  });
  const spectrum = welch(beat, hz, 1024);
  const density = [...(spectrum?.density ?? [])];
  expect(spectrum?.frequencyHz[density.indexOf(Math.max(...density))]).toBe(125);
  const power = density.reduce((sum, value) => sum + (value * hz) / 1024, 0);
  expect(power).toBeCloseTo(4.5, 9);
  expect(spectrum?.segments).toBe(15);
});

it('has none of less than a segment', () => {
  expect(welch(new Float64Array(31), 1000, 32)).toBeUndefined();
  expect(() => new Fft(12)).toThrow('power of two');
});
