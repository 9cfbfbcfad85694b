import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../test/integration/free-ports.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
/** A machine that is busy with other work is no fault of the service's. */
const STOP_MS_MAX = 120_000;

export interface ServiceSettings {
  readonly natsUrl: string;
  readonly stateFolder: string;
  readonly configFile: string;
  readonly logFile: string;
  readonly port: number;
  readonly delivery: string;
}

/** The service as a process that a signal hits at once: no npm and no shell between. */
export class ServiceUnderFire {
  readonly url: string;
  /** Ends that nobody asked for, with code or signal. */
  readonly ownEnds: string[] = [];
  starts = 0;
  private readonly settings: ServiceSettings;
  private child: ChildProcess | undefined;
  private isWanted = false;

  constructor(settings: ServiceSettings) {
    this.settings = settings;
    this.url = `http://127.0.0.1:${settings.port}`;
  }

  get isRunning(): boolean {
    return this.child !== undefined;
  }

  start(): void {
    if (this.child !== undefined) return;
    const { natsUrl, stateFolder, configFile, logFile, port, delivery } = this.settings;
    const log = openSync(logFile, 'a');
    const child = spawn(
      process.execPath,
      [
        ...[MAIN, 'run', '--delivery', delivery, '--state', stateFolder, '--nats', natsUrl],
        ...['--http', `127.0.0.1:${port}`, '--config', configFile],
      ],
      { stdio: ['ignore', log, log], env: { ...process.env, NODE_NO_WARNINGS: '1' } },
    );
    closeSync(log);
    this.child = child;
    this.isWanted = true;
    this.starts++;
    child.once('exit', (code, signal) => {
      if (this.child === child) this.child = undefined;
      if (this.isWanted) this.ownEnds.push(`start ${this.starts}: ${signal ?? `code ${code}`}`);
    });
  }

  /** At once, whatever it does, also where it is stopped. */
  async kill(): Promise<void> {
    const { child } = this;
    this.isWanted = false;
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** As an operator would; gives how it ended. One that does not end by itself is killed. */
  async stop(): Promise<string> {
    const { child } = this;
    this.isWanted = false;
    if (child === undefined) return 'was not running';
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const late = new AbortController();
    const timer = sleep(STOP_MS_MAX, undefined, { signal: late.signal }).catch(() => {});
    const isGone = await Promise.race([gone.then(() => true), timer.then(() => false)]);
    late.abort();
    if (isGone) return String(child.signalCode ?? child.exitCode);
    await this.kill();
    return `did not end within ${STOP_MS_MAX} ms of SIGTERM`;
  }
}

/** A port that nobody has and no client gets, so that the service can take it at every start. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}
