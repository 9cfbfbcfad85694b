import { runBeside } from '../peers/beside.ts';
import { NODE_CONSUMER } from '../peers/by-hand.ts';
import { rowsOf } from '../peers/standings.ts';
import { workloadsNamed } from '../peers/workloads.ts';
import type { BenchOptions, Row } from './report.ts';

const WORKLOADS = ['one', 'batched', 'frames-4096'];
const SECONDS = 1.5;

/**
 * The main figures, once each, beside the one peer that needs nothing to be built. What the machine
 * does meanwhile is in them: compare within one run, and publish what more rounds give.
 */
export async function quick({ scale }: BenchOptions): Promise<Row[]> {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const options = { rounds: 1, seconds: SECONDS * scale, minutes: 1 };
  const workloads = workloadsNamed(WORKLOADS);
  const found = await runBeside(workloads, [NODE_CONSUMER], options, say);
  return [...found].flatMap(([{ title }, standings]) => {
    return rowsOf(standings).map((row) => ({
      work: title,
      who: row['who'] ?? '',
      'events per CPU-s': String(row['events per CPU-s'] ?? '').replace(/ \(.*/, ''),
      'events per s': row['events per s'] ?? '',
      'memory at most, MB': row['memory at most, MB'] ?? '',
    }));
  });
}
