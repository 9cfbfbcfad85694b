import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@elastic/elasticsearch';
import { serviceBinary } from '../../scripts/services/service-binary.ts';
import { freePorts } from './free-ports.ts';

const UP_MS_MAX = 200_000;
/** Time for a test that starts it again, which takes minutes where the machine is busy. */
export const RESTARTS_MS_MAX = 900_000;
const REQUEST_MS_MAX = 120_000;

export interface ElasticsearchOptions {
  /** Variables of the launcher: HEAP, TIER. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further settings of the node. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A real server of one node on a loopback port, in a folder of its own. */
export class ElasticsearchServer {
  readonly folder: string;
  readonly port: number;
  /** Asks the server directly, without what is tested. */
  readonly client: Client;
  private readonly options: ElasticsearchOptions;
  private child: ChildProcess | undefined;

  constructor(folder: string, port: number, options: ElasticsearchOptions) {
    this.folder = folder;
    this.port = port;
    this.options = options;
    this.client = new Client({
      node: this.url,
      maxRetries: 0,
      requestTimeout: REQUEST_MS_MAX,
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts the program, again after `kill`: on the same port, with the same data. */
  async start(): Promise<void> {
    const program = serviceBinary('elasticsearch');
    const log = openSync(join(this.folder, 'server.log'), 'a');
    const env = { ...process.env, ...this.options.env };
    const child = spawn(program, this.settings(), { env, stdio: ['ignore', log, log] });
    closeSync(log);
    this.child = child;
    const deadlineMs = performance.now() + UP_MS_MAX;
    while (performance.now() < deadlineMs && isRunning(child)) {
      if (await this.isUp()) return;
      await sleep(50);
    }
    const ended = isRunning(child) ? '' : ` (${child.signalCode ?? child.exitCode})`;
    throw new Error(`Elasticsearch did not start${ended}: ${await this.log()}`);
  }

  /** Ends the program; SIGKILL leaves it no chance to say goodbye. */
  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (child === undefined || !isRunning(child)) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  /** As if the disk were another; only while the program does not run. */
  async loseData(): Promise<void> {
    await rm(join(this.folder, 'data'), { recursive: true, force: true });
  }

  /** Freezes or thaws the program: its sockets stay open and nothing answers. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child?.kill(signal);
  }

  log(): Promise<string> {
    return readFile(join(this.folder, 'server.log'), 'utf8').catch(() => '(no log)');
  }

  async stop(): Promise<void> {
    await this.client.close();
    await this.kill('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Up is when indices can be written, not only when somebody answers. */
  private async isUp(): Promise<boolean> {
    try {
      const health = await fetch(`${this.url}/_cluster/health?wait_for_status=yellow&timeout=1s`);
      return health.ok;
    } catch {
      return false;
    }
  }

  private settings(): string[] {
    const settings = {
      'path.data': join(this.folder, 'data'),
      'path.logs': join(this.folder, 'logs'),
      'cluster.name': 'spikescope-test',
      'node.name': 'spikescope-test',
      'discovery.type': 'single-node',
      'network.host': '127.0.0.1',
      'http.port': String(this.port),
      'transport.port': '0',
      // A test machine's disk may be nearly full, which is no matter here.
      'cluster.routing.allocation.disk.threshold_enabled': 'false',
      ...this.options.settings,
    };
    return Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  }
}

/** Starts a server that takes documents when this resolves. */
export async function startElasticsearch(
  options: ElasticsearchOptions = {},
): Promise<ElasticsearchServer> {
  const folder = await mkdtemp(join(tmpdir(), 'spikescope-elasticsearch-'));
  const server = new ElasticsearchServer(folder, await freePort(), options);
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** A port that nobody has now; the server keeps it over restarts, so it can't be 0. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}
