import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsServer } from '../../../test/integration/nats-server.ts';
import type { ClusterArena, Worker } from './arena.ts';
import type { ClusterStep } from './schedule.ts';

/** More workers than that are not added: the machine has few cores. */
const ADDED_MAX = 2;

/** Faults under way: a pause goes on while others are done. */
export class ClusterDeeds {
  private readonly arena: ClusterArena;
  private readonly pauses = new Set<Promise<void>>();

  constructor(arena: ClusterArena) {
    this.arena = arena;
  }

  get mayAdd(): boolean {
    return this.arena.workers.length < this.arena.options.workers + ADDED_MAX;
  }

  /** Does one step; says what came of it where its name does not. */
  async do({ fault, which, lengthMs }: ClusterStep): Promise<string | undefined> {
    const { workers, cluster } = this.arena;
    const at = Math.floor(which * workers.length);
    const worker = workers[at] as Worker;
    const servers = cluster.servers as readonly NatsServer[];
    const server = servers[Math.floor(which * servers.length)] as NatsServer;
    switch (fault) {
      case 'kill-worker':
        await worker.service.kill();
        worker.service.start();
        return worker.name;
      case 'kill-workers': {
        const hit = workers.filter((_, i) => i % 2 === at % 2);
        await Promise.all(hit.map(({ service }) => service.kill()));
        await sleep(lengthMs);
        for (const { service } of hit) service.start();
        return hit.map(({ name }) => name).join(', ');
      }
      case 'pause-worker':
        this.pause(worker, lengthMs);
        return `${worker.name} for ${Math.round(lengthMs)} ms`;
      case 'stop-worker': {
        worker.service.resume();
        const how = await worker.service.stop();
        worker.service.start();
        return `${worker.name}: ${how}`;
      }
      case 'add-worker':
        if (!this.mayAdd) return 'there are enough';
        await this.arena.addWorkers(1);
        this.arena.start();
        return workers.at(-1)?.name;
      case 'kill-server':
        await server.kill();
        await sleep(lengthMs);
        await server.start();
        return server.url;
      case 'kill-quorum': {
        const hit = servers.filter((each) => each !== server);
        await Promise.all(hit.map((each) => each.kill()));
        await sleep(lengthMs / 2);
        await Promise.all(hit.map((each) => each.start()));
        return hit.map(({ url }) => url).join(', ');
      }
      case 'pause-server':
        server.signal('SIGSTOP');
        await sleep(2 * lengthMs);
        server.signal('SIGCONT');
        return `${server.url} for ${Math.round(2 * lengthMs)} ms`;
    }
  }

  /** Resolves when nobody is paused any more. */
  async over(): Promise<void> {
    await Promise.all(this.pauses);
  }

  private pause({ service }: Worker, lengthMs: number): void {
    service.pause();
    const over = sleep(lengthMs).then(() => {
      service.resume();
      this.pauses.delete(over);
    });
    this.pauses.add(over);
  }
}
