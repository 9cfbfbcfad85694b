import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');

/** The program as a user starts it, in a process of its own. */
export interface ServiceProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** All that it has written to stderr so far. */
  log(): string;
  metrics(): Promise<Exposition>;
  /** Polls until the condition holds; fails with the last exposition when it never does. */
  until(what: string, holds: (metrics: Exposition) => boolean): Promise<Exposition>;
  /** Ends it as an operator would; gives the exit code. */
  stop(): Promise<number | null>;
}

const POLL_MS = 50;
const POLLS_MAX = 4000;

/** Starts it with these variables beside those of this process, but for its OTEL_* ones. */
export async function startService(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('OTEL_'));
  // What it keeps is its own, unless the test names a folder with --state.
  const state = mkdtempSync(join(tmpdir(), 'spikescope-state-'));
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...Object.fromEntries(inherited), XDG_STATE_HOME: state, ...variables },
  });
  child.once('exit', () => rmSync(state, { recursive: true, force: true }));
  let log = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      const found = /serving on (http:\/\/[^\s"\\/]+)/.exec(log)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it served:\n${log}`)));
  });
  const metrics = async (): Promise<Exposition> =>
    new Exposition(await (await fetch(`${url}/metrics`)).text());
  return {
    url,
    child,
    log: () => log,
    metrics,
    until: async (what, holds) => {
      let seen = await metrics();
      for (let poll = 0; !holds(seen); poll++) {
        if (poll === POLLS_MAX) throw new Error(`never ${what}:\n${seen.text.slice(0, 4000)}`);
        await sleep(POLL_MS);
        seen = await metrics();
      }
      return seen;
    },
    stop: async () => {
      if (child.exitCode !== null) return child.exitCode;
      const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      return await code;
    },
  };
}

/** A text exposition, read for single values. */
export class Exposition {
  readonly text: string;
  private readonly values = new Map<string, number>();

  constructor(text: string) {
    this.text = text;
    for (const line of text.split('\n')) {
      const space = line.lastIndexOf(' ');
      if (line.length > 0 && !line.startsWith('#')) {
        this.values.set(line.slice(0, space), Number(line.slice(space + 1)));
      }
    }
  }

  /** A series by its whole name with labels, as it is written. */
  value(series: string): number | undefined {
    return this.values.get(series);
  }

  /** Sum over the series of a metric, of those whose labels contain each of `having`. */
  sum(metric: string, ...having: string[]): number {
    let sum = 0;
    for (const [series, value] of this.values) {
      const name = series.split('{', 1)[0];
      if (name === metric && having.every((part) => series.includes(part))) sum += value;
    }
    return sum;
  }
}
