import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

interface Outcome {
  readonly hash: string;
  readonly records: number;
  readonly dead: number;
  readonly isPlain: boolean;
}

function outcome(kernels: string): Outcome {
  const file = join(import.meta.dirname, 'outcome-of-kernels.ts');
  const env = { ...process.env, SPIKEFORMER_KERNELS: kernels };
  return JSON.parse(execFileSync(process.execPath, [file], { env, encoding: 'utf8' }));
}

test('all metrics, records, states and rasters are the same with kernels and without', () => {
  const [fast, plain] = [outcome(''), outcome('plain')];
  expect([fast.isPlain, plain.isPlain]).toEqual([false, true]);
  expect(fast.records).toBeGreaterThan(20);
  expect(fast.dead).toBeGreaterThan(0);
  expect({ ...fast, isPlain: true }).toEqual(plain);
});
