import { runMalformed } from '../../test/frames/run-malformed.ts';
import type { BenchOptions, Row } from './report.ts';

const CASES = 10_000_000;
const SEED = 1;

/** Ten million generated messages that are no frames, through every pipeline. */
export async function malformed({ scale }: BenchOptions): Promise<Row[]> {
  const cases = Math.round(CASES * scale);
  const started = performance.now();
  const { thrown, failed, invalid, dead, before, after, heapBytes } = await runMalformed(
    cases,
    SEED,
  );
  const sum = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((total, count) => total + count, 0);
  const [first = 0, ...later] = heapBytes;
  return [
    {
      messages: cases,
      'counted invalid': sum(invalid),
      'on the dead subject': sum(dead),
      reasons: Object.keys(invalid).length,
      'thrown, pipelines ended': thrown.length + failed.length,
      'other metrics moved': JSON.stringify(before) === JSON.stringify(after) ? 'none' : 'some',
      'heap, largest to first fifth': (Math.max(...later) / first).toFixed(2),
      seconds: Math.round((performance.now() - started) / 1000),
    },
  ];
}
