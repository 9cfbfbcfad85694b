import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until as untilSo } from './until.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');

/** The program as a user starts it, in a process of its own. */
export interface ServiceProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /**
   * All whole lines that it has written to stderr so far. They come by a way of their own: what it
   * has answered or published says nothing about them, only `logged`, `stop` and `kill` do.
   */
  log(): string;
  /** Waits until it has written this to stderr; fails where it ends without. */
  logged(what: string | RegExp): Promise<void>;
  metrics(): Promise<Exposition>;
  /** Polls until the condition holds; fails with the last exposition when it never does. */
  until(what: string, holds: (metrics: Exposition) => boolean): Promise<Exposition>;
  /** Ends it as an operator would; gives the exit code when all that it has written is here. */
  stop(): Promise<number | null>;
  /** Ends it as a crash would; resolves when it is gone and all that it has written is here. */
  kill(): Promise<void>;
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
  const { written, closed, url } = watch(child);
  void closed.then(() => rmSync(state, { recursive: true, force: true, maxRetries: 5 }));
  const base = await url;
  const metrics = async (): Promise<Exposition> => {
    const answer = await fetch(`${base}/metrics`);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${base}/metrics answers ${answer.status}: ${text}`);
    return new Exposition(text);
  };
  return {
    url: base,
    child,
    log: written.lines,
    logged: async (what) => {
      const isThere = () => {
        const log = written.lines();
        return typeof what === 'string' ? log.includes(what) : what.test(log);
      };
      const isDone = () => isThere() || written.isWhole();
      await untilSo(`the log has ${what}`, isDone, written.lines);
      if (!isThere()) throw new Error(`ended without ${what} in its log:\n${written.lines()}`);
    },
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
      child.kill('SIGTERM');
      return await closed;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

interface Watched {
  readonly written: { readonly lines: () => string; readonly isWhole: () => boolean };
  /** The exit code, when it has ended and its pipes are read to their end. */
  readonly closed: Promise<number | null>;
  /** Where it serves; rejects where it ends before. */
  readonly url: Promise<string>;
}

/** Reads what a process writes, to its end. */
function watch(child: ChildProcess): Watched {
  let log = '';
  let isWhole = false;
  // A pipe brings pieces: what is after the last end of a line is the half of one.
  const lines = () => (isWhole ? log : log.slice(0, log.lastIndexOf('\n') + 1));
  const closed = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      isWhole = true;
      resolve(code);
    });
  });
  // Nobody looks at it; a full pipe would hold the process up.
  child.stdout?.resume();
  const url = new Promise<string>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      const found = /serving on (http:\/\/[^\s"\\/]+)/.exec(lines())?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('error', reject);
    void closed.then((code) => reject(new Error(`ended with ${code} before it served:\n${log}`)));
  });
  return { written: { lines, isWhole: () => isWhole }, closed, url };
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
