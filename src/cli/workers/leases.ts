import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { parseMarker } from '../../sinks/marker.ts';
import { markerSubject } from '../../sinks/marker-store.ts';
import type { SeenLease } from '../../workers/lease-table.ts';

const API_MS_MAX = 2000;
const NO_RESULTS = /no results|not found/i;

/**
 * All control messages as a server has them. Any replica may answer: one that is behind makes a
 * lease look older than it is, and who claims it then finds another message in its place.
 */
export async function readLeases(
  connection: NatsConnection,
  prefix: string,
  derived: string,
): Promise<SeenLease[]> {
  const manager = await jetstreamManager(connection, { timeout: API_MS_MAX, checkAPI: false });
  const subject = markerSubject({ prefix, part: '*' });
  const skip = subject.length - 1;
  const leases: SeenLease[] = [];
  try {
    const found = await manager.direct.getLastMessagesFor(derived, { multi_last: [subject] });
    for await (const message of found) {
      const marker = parseMarker(message.data);
      const key = message.subject.slice(skip);
      // What is no marker is left alone: who claims it is told so.
      const owner = marker?.owner ?? '';
      const worker = marker === undefined ? '' : (marker.worker ?? undefined);
      const { epoch = 0 } = marker ?? {};
      leases.push({ key, revision: message.seq, worker, owner, epoch });
    }
  } catch (error) {
    if (!NO_RESULTS.test((error as Error).message)) throw error;
  }
  return leases;
}
