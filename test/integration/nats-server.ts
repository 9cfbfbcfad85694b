import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serviceBinary } from '../../scripts/services/service-binary.ts';

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

const UP_MS_MAX = 20_000;

/** A real server on a loopback port, in a folder of its own. */
export class NatsServer {
  readonly folder: string;
  private readonly options: NatsServerOptions;
  private child: ChildProcess | undefined;
  private portTaken: number;

  constructor(folder: string, options: NatsServerOptions) {
    this.folder = folder;
    this.options = options;
    this.portTaken = options.port ?? -1;
  }

  /** One that is yet to be started, in a folder that is made where it is missing. */
  static async in(folder: string, options: NatsServerOptions): Promise<NatsServer> {
    await mkdir(folder, { recursive: true });
    return new NatsServer(folder, options);
  }

  get port(): number {
    return this.portTaken;
  }

  get isUp(): boolean {
    return this.child !== undefined;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.portTaken}`;
  }

  /** Starts the program again after `kill`, on the same port and with the same streams. */
  async start(config = this.options.config ?? ''): Promise<void> {
    const program = serviceBinary('nats-server');
    const file = join(this.folder, 'server.conf');
    await writeFile(file, this.configText(config));
    const args = ['--config', file, '--ports_file_dir', this.folder];
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore'] });
    this.child = child;
    const portsFile = join(this.folder, `nats-server_${child.pid}.ports`);
    const deadlineMs = performance.now() + UP_MS_MAX;
    while (performance.now() < deadlineMs && child.exitCode === null) {
      const port = await readPort(portsFile);
      if (port !== undefined) {
        this.portTaken = port;
        return;
      }
      await sleep(10);
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
      `listen: "127.0.0.1:${this.portTaken}"`,
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
