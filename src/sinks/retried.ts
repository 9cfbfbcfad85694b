import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { pauseMs } from '../component/backoff.ts';
import { isAnswer, STREAM_NOT_FOUND } from '../component/jetstream-codes.ts';
import type { DerivedCommitParts } from './commit-parts.ts';
import { FencedError } from './fence.ts';

const RETRY_LIMITS = { firstMs: 20, lastMs: 2000 };

/** Attempts for ever, until the signal; only a fence ends it. Gives whether one worked. */
export async function retried(
  parts: Pick<DerivedCommitParts, 'connection' | 'events' | 'missing'>,
  signal: AbortSignal,
  attempt: (connection: NatsConnection) => Promise<void>,
): Promise<boolean> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      const connection = parts.connection();
      if (connection === undefined) throw new Error('not connected to NATS');
      await attempt(connection);
      if (failures > 0) parts.events.worked();
      return true;
    } catch (error) {
      if (error instanceof FencedError) throw error;
      parts.events.failed((error as Error).message);
      if (isAnswer(error, STREAM_NOT_FOUND)) await parts.missing().catch(() => {});
    }
    await sleep(pauseMs(RETRY_LIMITS, failures), undefined, { signal }).catch(() => {});
  }
  return false;
}
