import { spawn } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeNest } from './nest-file.ts';
import { type BenchOptions, median, type Row } from './report.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
const SPIKES = 10_000_000;

/** `analyze --html` of a NEST .dat of 10 million spikes beside `analyze`, in turns. */
export async function htmlReport({ scale, rounds }: BenchOptions): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spikescope-bench-'));
  try {
    const path = join(folder, 'spikes.dat');
    const report = join(folder, 'report.html');
    const spikes = Math.round(SPIKES * scale);
    await writeNest(path, spikes);
    const plain: Taken[] = [];
    const withReport: Taken[] = [];
    for (let i = 0; i < rounds; i++) {
      plain.push(await take(path, '--json'));
      withReport.push(await take(path, '--json', '--html', report));
    }
    const middle = (list: readonly Taken[], of: keyof Taken) =>
      median(list.map((taken) => taken[of])).toFixed(2);
    return [
      {
        spikes,
        'file, MB': Math.round((await stat(path)).size / 1e6),
        'analyze, s': middle(plain, 'seconds'),
        'analyze --html, s': middle(withReport, 'seconds'),
        'CPU of analyze, s': middle(plain, 'cpuSeconds'),
        'CPU with --html, s': middle(withReport, 'cpuSeconds'),
        'largest memory with --html, MB': Math.round(
          median(withReport.map(({ megabytes }) => megabytes)),
        ),
        'report, kB': Math.round((await stat(report)).size / 1000),
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Taken {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly megabytes: number;
}

/** What the program itself says of its CPU and memory as it ends. */
const ASK = `data:text/javascript,${encodeURIComponent(`process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  console.error(JSON.stringify([userCPUTime + systemCPUTime, maxRSS]));
})`)}`;

async function take(...args: readonly string[]): Promise<Taken> {
  const started = performance.now();
  const child = spawn(process.execPath, ['--import', ASK, MAIN, 'analyze', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`analyze failed: ${said}`);
  const [cpuUs, kilobytes] = JSON.parse(said.trim().split('\n').at(-1) as string) as number[];
  return {
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (cpuUs as number) / 1e6,
    megabytes: (kilobytes as number) / 1024,
  };
}
