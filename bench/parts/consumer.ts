import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const TICKS_PER_S = 100;

/** A process under measurement: what it has counted, what it has cost. */
export interface Consumer {
  /** Frames counted so far. */
  frames(): Promise<number>;
  /** User and system time of all its threads, s. */
  cpuS(): number;
  rssMb(): number;
  /** The largest that it ever had, MB. */
  peakMb(): number;
  text(): Promise<string>;
  stop(): Promise<void>;
}

export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

export function rssOf(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
  return (pages * 4096) / 1e6;
}

/** Waits for a line of a process, and gives what the pattern finds in it. */
export async function lineWith(child: ChildProcess, pattern: RegExp): Promise<string> {
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8');
  return await new Promise((resolve, reject) => {
    for (const input of [child.stdout, child.stderr]) {
      if (input === null) continue;
      createInterface({ input }).on('line', (line) => {
        const found = pattern.exec(line)?.[1];
        if (found !== undefined) resolve(found);
      });
    }
    child.once('exit', (code) => reject(new Error(`the consumer ended with ${code}`)));
  });
}

/** The largest resident size that a process ever had, MB. */
export function peakOf(pid: number): number {
  const kb = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return (Number(kb) * 1024) / 1e6;
}

async function stopped(
  child: ChildProcess,
  signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM',
): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

/** A bare loop as a process of its own. */
export async function startBareLoop(natsPort: number, loop = 'bare-loop.ts'): Promise<Consumer> {
  const file = join(import.meta.dirname, loop);
  const child = spawn(process.execPath, [file, String(natsPort)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await lineWith(child, /^READY (\d+)/);
  const text = async () => await (await fetch(`http://127.0.0.1:${port}/`)).text();
  return {
    frames: async () => Number(await text()),
    cpuS: () => cpuOf(child.pid as number),
    rssMb: () => rssOf(child.pid as number),
    peakMb: () => peakOf(child.pid as number),
    text,
    stop: () => stopped(child),
  };
}

/** The service has a URL as well. */
export interface Service extends Consumer {
  readonly url: string;
  /** Kills it with -9. */
  kill(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

export interface ServiceOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Where its state is, for who wants it after its end; a folder that goes with it otherwise. */
  readonly state?: string;
}

/** The service as users start it, all pipelines on. */
export async function startService(
  natsPort: number,
  flags: readonly string[] = [],
  options: ServiceOptions = {},
): Promise<Service> {
  const file = join(import.meta.dirname, '../../src/cli/main.ts');
  const nats = `nats://127.0.0.1:${natsPort}`;
  const args = [file, 'run', '--nats', nats, '--http', '127.0.0.1:0', ...flags];
  const state = options.state ?? mkdtempSync(join(tmpdir(), 'spikescope-bench-state-'));
  const env = { ...process.env, XDG_STATE_HOME: state, ...options.env };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  child.once('exit', () => {
    if (options.state === undefined) rmSync(state, { recursive: true, force: true });
  });
  const url = await lineWith(child, /serving on (http:\/\/127\.0\.0\.1:\d+)/);
  const text = async () => await (await fetch(`${url}/metrics`)).text();
  // It serves before it listens to NATS; what is published until then is for nobody.
  while (sumOf(await text(), 'spikescope_nats_connected') !== 1) await sleep(10);
  return {
    url,
    frames: async () => sumOf(await text(), 'spikescope_frames_total'),
    cpuS: () => cpuOf(child.pid as number),
    rssMb: () => rssOf(child.pid as number),
    peakMb: () => peakOf(child.pid as number),
    text,
    stop: () => stopped(child),
    kill: () => stopped(child, 'SIGKILL'),
    signal: (signal) => child.kill(signal),
  };
}

/** Sum of a metric over its series, from an exposition. */
export function sumOf(exposition: string, metric: string): number {
  let sum = 0;
  for (const line of exposition.split('\n')) {
    if (line.startsWith(`${metric}{`) || line.startsWith(`${metric} `)) {
      sum += Number(line.slice(line.lastIndexOf(' ') + 1));
    }
  }
  return sum;
}
