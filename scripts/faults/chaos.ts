import { setTimeout as sleep } from 'node:timers/promises';
import { randomFrom } from '../../test/conformance/generate-frames.ts';
import type { Arena } from './arena.ts';
import { doStep } from './deed.ts';
import type { KnownStream } from './known-stream.ts';
import { Publisher } from './publisher.ts';
import { type Fault, KILLS, schedule } from './schedule.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly kills: number;
  readonly messagesPerS: number;
  /** Told after each step. */
  readonly said: (text: string) => void;
}

/** What was done, and what came of the publishing. */
export interface ChaosTally {
  readonly faults: ReadonlyMap<Fault, number>;
  readonly kills: number;
  readonly seconds: number;
  readonly stored: number;
  readonly retries: number;
}

/** The schedule has its own chance, so that the stream of a seed does not depend on it. */
const SCHEDULE_SALT = 0x5eed;

/** Publishes the stream to a running service and does one fault after the other meanwhile. */
export async function chaos(
  arena: Arena,
  stream: KnownStream,
  { seed, kills, messagesPerS, said }: ChaosOptions,
): Promise<ChaosTally> {
  const startMs = performance.now();
  const random = randomFrom(seed ^ SCHEDULE_SALT);
  const faults = new Map<Fault, number>();
  let killed = 0;
  const publisher = await Publisher.open(stream, arena.nats.url);
  arena.watch.start();
  arena.service.start();
  publisher.start(messagesPerS);
  const isPossible = (fault: Fault): boolean => {
    if (fault === 'kill-store') return arena.documents.restart !== undefined;
    return fault !== 'no-room' || arena.disk.refusal === undefined;
  };
  for (const step of schedule(random, kills, isPossible)) {
    await sleep(step.waitMs);
    const done = await doStep(arena, step, random);
    // One that ended by itself is told of at the end; the next steps need one that runs.
    arena.service.start();
    faults.set(step.fault, (faults.get(step.fault) ?? 0) + 1);
    killed += KILLS[step.fault];
    said(`${killed}/${kills} ${step.fault}${done === undefined ? '' : `: ${done}`}`);
  }
  await publisher.finish();
  const seconds = (performance.now() - startMs) / 1000;
  return { faults, kills: killed, seconds, stored: publisher.stored, retries: publisher.retries };
}
