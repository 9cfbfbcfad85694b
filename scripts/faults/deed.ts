import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { DOCUMENTS_CONSUMER } from '../../src/sources/jetstream-streams.ts';
import { type Arena, STREAMS } from './arena.ts';
import type { Random } from './chip-frames.ts';
import type { Step } from './schedule.ts';
import { tearNewest } from './torn-checkpoint.ts';

/** What a fault did, where that is not said by its name; for the log of the run. */
type Done = string | undefined;

/** Does one step to the arena; the service runs again afterwards. */
export async function doStep(arena: Arena, step: Step, random: Random): Promise<Done> {
  const { service, nats } = arena;
  const { fault, lengthMs } = step;
  switch (fault) {
    case 'kill-service':
      await service.kill();
      service.start();
      return undefined;
    case 'kill-nats':
      await nats.kill();
      await sleep(lengthMs / 3);
      await nats.start();
      return undefined;
    case 'kill-both':
      await Promise.all([service.kill(), nats.kill()]);
      service.start();
      await sleep(lengthMs / 3);
      await nats.start();
      return undefined;
    case 'kill-store':
      await arena.documents.restart?.(lengthMs);
      return undefined;
    case 'pause-service':
      service.pause();
      await sleep(lengthMs);
      service.resume();
      return undefined;
    case 'pause-nats':
      nats.signal('SIGSTOP');
      await sleep(lengthMs);
      nats.signal('SIGCONT');
      return undefined;
    case 'stop-service': {
      const how = await service.stop();
      service.start();
      return how;
    }
    case 'delete-reader':
      return await deleteConsumers(arena, STREAMS.frames, () => true);
    case 'delete-documents-consumer':
      return await deleteConsumers(arena, STREAMS.derived, (name) => name === DOCUMENTS_CONSUMER);
    case 'no-room':
      arena.watch.hadNoRoom = true;
      arena.disk.fill();
      await sleep(lengthMs);
      await service.kill();
      // Half the time the start finds no room either.
      if (random() < 0.5) arena.disk.free();
      service.start();
      await sleep(lengthMs);
      arena.disk.free();
      return arena.disk.refusal;
    case 'torn-checkpoint': {
      await service.kill();
      const done = tearNewest(arena.stateFolder, random);
      service.start();
      return done ?? 'there was none';
    }
  }
}

async function deleteConsumers(
  arena: Arena,
  stream: string,
  which: (name: string) => boolean,
): Promise<string> {
  const connection = await connect({ servers: arena.nats.url });
  try {
    const manager = await jetstreamManager(connection);
    let deleted = 0;
    for await (const { name } of manager.consumers.list(stream)) {
      if (which(name) && (await manager.consumers.delete(stream, name))) deleted++;
    }
    return `deleted ${deleted}`;
  } catch (error) {
    return `could not: ${(error as Error).message}`;
  } finally {
    await connection.close();
  }
}
