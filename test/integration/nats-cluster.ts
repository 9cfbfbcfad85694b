import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { freePorts } from './free-ports.ts';
import { NatsServer } from './nats-server.ts';

export interface NatsClusterOptions {
  /** Where the servers have their folders; a temporary one that `stop` removes where undefined. */
  readonly folder?: string;
  /** Settings of JetStream on every server. */
  readonly jetStream?: string;
}

const READY_MS_MAX = 120_000;
const POLL_MS = 100;
/** For one question: who is down refuses at once, who is starved answers late. */
const CONNECT_MS_MAX = 20_000;
const ANSWER_MS_MAX = 5000;

/**
 * Real servers that are one cluster with JetStream, each a process with a folder of its own; each
 * can be killed, frozen and started again without the others.
 */
export class NatsCluster {
  readonly servers: readonly NatsServer[];
  private readonly folder: string;
  private readonly isOwnFolder: boolean;

  private constructor(folder: string, isOwnFolder: boolean, servers: readonly NatsServer[]) {
    this.folder = folder;
    this.isOwnFolder = isOwnFolder;
    this.servers = servers;
  }

  /** Starts them; resolves when streams with as many replicas as servers can be made. */
  static async start(size: number, options: NatsClusterOptions = {}): Promise<NatsCluster> {
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'spikescope-cluster-')));
    // Clients and routes: both have to be known before, as each server names all the others.
    const ports = await freePorts(2 * size);
    const routes = ports.slice(size);
    const servers = await Promise.all(
      routes.map(async (route, i) => {
        const list = routes.map((port) => `"nats://127.0.0.1:${port}"`).join(', ');
        return await NatsServer.in(join(folder, `server-${i}`), {
          name: `server-${i}`,
          port: ports[i] as number,
          jetStream: options.jetStream ?? 'max_file: 40G',
          config: `cluster { name: test, listen: "127.0.0.1:${route}", routes: [${list}] }`,
        });
      }),
    );
    const cluster = new NatsCluster(folder, options.folder === undefined, servers);
    try {
      await Promise.all(servers.map((server) => server.start()));
      await cluster.whenWhole();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** For clients that take a list. */
  get urls(): string[] {
    return this.servers.map(({ url }) => url);
  }

  /** For a flag or a variable. */
  get url(): string {
    return this.urls.join(',');
  }

  /** Waits until every server is up and a stream on all of them can be made. */
  async whenWhole(): Promise<void> {
    const deadlineMs = performance.now() + READY_MS_MAX;
    let reason: unknown;
    while (performance.now() < deadlineMs) {
      try {
        await this.tryStream();
        return;
      } catch (error) {
        reason = error;
        await sleep(POLL_MS);
      }
    }
    const logs = await Promise.all(this.servers.map((server) => server.log()));
    throw new Error(`the cluster does not become whole: ${reason}\n${logs.join('\n')}`);
  }

  /** Which server leads a stream, and how many others have a copy; none where nobody says. */
  async placeOf(stream: string): Promise<{ leader: string; current: number }> {
    const connection = await connect({ servers: this.urls, timeout: CONNECT_MS_MAX });
    try {
      const manager = await jetstreamManager(connection, {
        timeout: ANSWER_MS_MAX,
        checkAPI: false,
      });
      const { cluster } = await manager.streams.info(stream);
      const current = (cluster?.replicas ?? []).filter((each) => each.current).length;
      return { leader: cluster?.leader ?? '', current };
    } catch {
      // It elects, or is starved.
      return { leader: '', current: 0 };
    } finally {
      await connection.close();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill('SIGKILL')));
    if (this.isOwnFolder) await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  private async tryStream(): Promise<void> {
    const connection = await connect({ servers: this.urls, timeout: CONNECT_MS_MAX });
    try {
      const manager = await jetstreamManager(connection, {
        timeout: ANSWER_MS_MAX,
        checkAPI: false,
      });
      const name = 'WHOLE';
      const num_replicas = this.servers.length;
      await manager.streams.add({ name, num_replicas, subjects: ['whole'], max_bytes: 1024 });
      await manager.streams.delete(name);
    } finally {
      await connection.close();
    }
  }
}
