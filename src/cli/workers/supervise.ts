import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pauseMs } from '../../component/backoff.ts';
import { aborted } from '../../component/together.ts';
import type { Log } from '../../telemetry/log.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/schema.ts';
import { stateFolder } from '../state-folder.ts';
import type { WorkerMessage } from './worker-child.ts';

const RETRY_LIMITS = { firstMs: 200, lastMs: 30_000 };
/** One that worked for so long is started again as if it were for the first time. */
const WORKED_MS = 60_000;
const STOP_MS_MAX = 30_000;
const BAD_CONFIGURATION = 78;
/** For Prometheus: `file_sd_configs`. */
const TARGETS = 'workers.json';

/** How many workers a configuration asks for on this machine. */
export function workerCount({ workers, streams }: Config): number {
  const count = workers.count === 'auto' ? availableParallelism() : workers.count;
  return Math.min(count, streams.partitions);
}

/**
 * Starts workers as processes of their own and keeps them running until the signal; where they
 * serve is in a file of the state's folder that Prometheus reads.
 * @throws ConfigError where a worker says that its configuration is bad
 */
export class Supervisor {
  private readonly config: Config;
  private readonly log: Log;
  private readonly urls = new Map<number, string>();
  private readonly badConfiguration = new AbortController();

  constructor(config: Config, log: Log) {
    this.config = config;
    this.log = log;
  }

  async run(signal: AbortSignal): Promise<void> {
    const count = workerCount(this.config);
    const until = AbortSignal.any([signal, this.badConfiguration.signal]);
    this.log.info(`starting ${count} workers; where they serve is in ${this.targetsFile}`);
    // Of workers before these nobody is to be asked any more.
    this.writeTargets();
    const works = Array.from({ length: count }, (_, index) => this.keep(index, until));
    await Promise.all(works);
    if (this.badConfiguration.signal.aborted) {
      throw new ConfigError('a worker says that its configuration is bad; see its last line');
    }
  }

  private get targetsFile(): string {
    return join(stateFolder(this.config), TARGETS);
  }

  private async keep(index: number, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
      const beganMs = performance.now();
      const how = await this.runOnce(index, signal);
      if (signal.aborted) return;
      if (performance.now() - beganMs > WORKED_MS) failures = 0;
      const pause = Math.round(pauseMs(RETRY_LIMITS, failures));
      this.log.error(`worker ${index} ended with ${how}: started again in ${pause} ms`);
      await sleep(pause, undefined, { signal }).catch(() => {});
    }
  }

  /** Gives how it ended. */
  private async runOnce(index: number, signal: AbortSignal): Promise<string> {
    const args = [...process.execArgv, ...process.argv.slice(1), '--worker', String(index)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const ended = once(child, 'exit').catch((error: unknown) => [String(error), null]);
    child.on('message', (message) => {
      this.urls.set(index, (message as WorkerMessage).serving);
      this.writeTargets();
    });
    await Promise.race([ended, aborted(signal)]);
    if (signal.aborted) await stop(child, ended);
    const [code, name] = (await ended) as [number | string | null, string | null];
    if (code === BAD_CONFIGURATION) this.badConfiguration.abort();
    return name === null ? `code ${code}` : name;
  }

  /** Where the workers serve, for who scrapes them; whole at any time. */
  private writeTargets(): void {
    const entries = [...this.urls].sort(([a], [b]) => a - b);
    const targets = entries.map(([index, url]) => {
      return { targets: [targetOf(url)], labels: { worker: String(index) } };
    });
    const folder = stateFolder(this.config);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const unfinished = `${this.targetsFile}.unfinished`;
      writeFileSync(unfinished, `${JSON.stringify(targets, undefined, 2)}\n`, { mode: 0o644 });
      renameSync(unfinished, this.targetsFile);
    } catch (error) {
      this.log.warn(`${this.targetsFile} can't be written: ${(error as Error).message}`);
    }
  }
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM');
  const late = new AbortController();
  const killed = sleep(STOP_MS_MAX, undefined, { signal: late.signal }).then(
    () => child.kill('SIGKILL'),
    () => {},
  );
  await Promise.race([ended, killed]);
  late.abort();
}

/** Where nothing but an address to listen on is known, others reach this machine by its name. */
function targetOf(url: string): string {
  const { hostname: host, port } = new URL(url);
  return `${host === '0.0.0.0' || host === '[::]' ? hostname() : host}:${port}`;
}
