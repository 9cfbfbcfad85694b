import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serviceBinary } from '../../scripts/services/service-binary.ts';
import { freePorts } from './free-ports.ts';

export interface NatsServerOptions {
  /** Lines of the server's configuration, such as `authorization { … }` or `tls { … }`. */
  readonly config?: string;
  /** Keeps streams in the server's folder, across restarts; a text is further settings of them. */
  readonly jetStream?: boolean | string;
  /** A free port where undefined. */
  readonly port?: number;
  /** Unique among the servers of a cluster. */
  readonly name?: string;
}

/** A busy machine takes long; one that can't start says so by ending. */
const UP_MS_MAX = 120_000;
const PORTS_MAX = 5;

/** A real server on a loopback port, in a folder of its own. */
export class NatsServer {
  readonly folder: string;
  private readonly options: NatsServerOptions;
  private child: ChildProcess | undefined;
  /** Undefined until one is chosen, which is kept over restarts. */
  private portTaken: number | undefined;

  constructor(folder: string, options: NatsServerOptions) {
    this.folder = folder;
    this.options = options;
    this.portTaken = options.port;
  }

  /** One that is yet to be started, in a folder that is made where it is missing. */
  static async in(folder: string, options: NatsServerOptions): Promise<NatsServer> {
    await mkdir(folder, { recursive: true });
    return new NatsServer(folder, options);
  }

  get port(): number {
    return this.portTaken ?? -1;
  }

  get isUp(): boolean {
    return this.child !== undefined;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Starts the program again after `kill`, on the same port and with the same streams. */
  async start(config = this.options.config ?? ''): Promise<void> {
    const file = join(this.folder, 'server.conf');
    const choices = this.portTaken === undefined ? await freePorts(PORTS_MAX) : [this.portTaken];
    for (const port of choices) {
      this.portTaken = port;
      await writeFile(file, this.configText(config));
      if (await this.comesUp(file)) return;
      // Only one that ended by itself may have found that another has the port by now.
      if (this.child?.exitCode === null || this.child === undefined) break;
    }
    throw new Error(`nats-server did not start: ${await this.log()}`);
  }

  /** Ends the program; SIGKILL leaves it no chance to say goodbye. */
  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  /** Freezes or thaws the program: its sockets stay open and nothing answers. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child?.kill(signal);
  }

  log(): Promise<string> {
    return readFile(join(this.folder, 'server.log'), 'utf8').catch(() => '(no log)');
  }

  async stop(): Promise<void> {
    await this.kill('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }

  /** False where it ends, or is not there in time. */
  private async comesUp(configFile: string): Promise<boolean> {
    const program = serviceBinary('nats-server');
    const args = ['--config', configFile, '--ports_file_dir', this.folder];
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore'] });
    this.child = child;
    const portsFile = join(this.folder, `nats-server_${child.pid}.ports`);
    const deadlineMs = performance.now() + UP_MS_MAX;
    while (performance.now() < deadlineMs && child.exitCode === null && child === this.child) {
      if ((await readPort(portsFile)) !== undefined) return true;
      await sleep(10);
    }
    return false;
  }

  private jetStreamLines(): string[] {
    const { jetStream = false } = this.options;
    if (jetStream === false) return [];
    const settings = jetStream === true ? '' : jetStream;
    const folder = JSON.stringify(join(this.folder, 'streams'));
    return [`jetstream { store_dir: ${folder}, ${settings} }`];
  }

  private configText(config: string): string {
    return [
      `server_name: ${this.options.name ?? 'spikescope-test'}`,
      `listen: "127.0.0.1:${this.port}"`,
      `log_file: ${JSON.stringify(join(this.folder, 'server.log'))}`,
      ...this.jetStreamLines(),
      config,
    ].join('\n');
  }
}

/** Starts a server that takes connections when this resolves. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const folder = await mkdtemp(join(tmpdir(), 'spikescope-nats-'));
  const server = new NatsServer(folder, options);
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function readPort(portsFile: string): Promise<number | undefined> {
  try {
    const ports = JSON.parse(await readFile(portsFile, 'utf8')) as { nats?: string[] };
    const [url] = ports.nats ?? [];
    return url === undefined ? undefined : Number(new URL(url).port);
  } catch {
    return undefined;
  }
}
