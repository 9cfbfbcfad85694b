import { jetstream } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { storeAtomically } from '../../src/sinks/atomic-batch.ts';

export const PREFIX = 'spikeformer';
const RECORD_BYTES = 300;
export const RECORDS_A_COMMIT = 50;
const IN_FLIGHT = 64;
const REQUEST_MS_MAX = 10_000;

/** Frames of so many bytes that the server acknowledges in a second, 64 at once on their way. */
export async function publishRate(
  connection: NatsConnection,
  frames: number,
  bytes: number,
): Promise<number> {
  const client = jetstream(connection, { timeout: REQUEST_MS_MAX });
  const data = new Uint8Array(bytes);
  const startMs = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < frames) {
      const msgID = `bench:${startMs}:${next++}`;
      await client.publish(`${PREFIX}.spikes.cpu.0`, data, { msgID });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return frames / ((performance.now() - startMs) / 1000);
}

/** As the service commits: records and the marker, which replaces the one before; ms each. */
export async function commitTimes(
  connection: NatsConnection,
  commits: number,
  part = 'position',
): Promise<number[]> {
  const data = new Uint8Array(RECORD_BYTES);
  const times: number[] = [];
  let marker = 0;
  for (let commit = 0; commit < commits; commit++) {
    const records = Array.from({ length: RECORDS_A_COMMIT }, () => ({
      ...{ subject: `${PREFIX}.derived.power.cpu.0.total.total`, data, headers: headers() },
    }));
    const about = headers();
    about.set('Nats-Expected-Last-Subject-Sequence', String(marker));
    about.set('Nats-Rollup', 'sub');
    const last = { subject: `${PREFIX}.control.${part}`, data, headers: about };
    const startMs = performance.now();
    marker = await storeAtomically(connection, [...records, last], REQUEST_MS_MAX);
    times.push(performance.now() - startMs);
  }
  return times;
}

/** Commits of so many parts at once, each one after the other: how many a second, all together. */
export async function commitRate(
  connection: NatsConnection,
  parts: number,
  commitsEach: number,
): Promise<number> {
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: parts }, (_, i) => commitTimes(connection, commitsEach, `part.b${i}`)),
  );
  return (parts * commitsEach) / ((performance.now() - startMs) / 1000);
}

export function quantile(list: readonly number[], share: number): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}
