import { setTimeout as sleep } from 'node:timers/promises';
import { type BlastPace, blast, openPublisher, send } from '../parts/blast.ts';
import { windowOf } from '../parts/closed-loop.ts';
import type { Consumer } from '../parts/consumer.ts';
import { payloadBytes } from '../parts/frame-stream.ts';
import type { Arena, Contender, ContenderKind } from './contender.ts';

/** What one run of a contender gave. */
export interface Measured {
  readonly events: number;
  readonly cpuS: number;
  readonly wallS: number;
  readonly peakMb: number;
  /** Of the payload alone. */
  readonly bytesPerEvent: number;
  /** That came into Elasticsearch, warm-up included; undefined where there is none. */
  readonly documents?: number;
}

/**
 * Well below what a server or a client keeps for who is slow (64 MiB, 65,536 messages), so that
 * nobody loses any; and far enough ahead that who is fast is not kept waiting for a look at the
 * counters, which costs whom it is looked at something, too.
 */
const PACE: BlastPace = { inFlightBytes: 48 * 1024 * 1024, inFlightMessages: 60_000, pollMs: 100 };
/** A server that stores messages drops what it can't store in time. */
const STREAM_PACE: BlastPace = { ...PACE, inFlightBytes: 32 * 1024 * 1024, inFlightMessages: 4000 };
const POLL_MS = 50;
const POLL_MS_MAX = 250;
/** They say when they listen to core NATS. */
const IN_TIME: readonly ContenderKind[] = ['own', 'bare'];
const LISTENS_MS_MAX = 20_000;
const KNOCK_MS = 2000;
/** What was published before somebody listened, or is on its way, is in no run. */
const SETTLE_MS = 500;
/** The shortest run, whatever the first one promised. */
const MESSAGES_MIN = 50;
/** Until compilers have settled: who runs for days is not measured in its first second. */
const COMPILE_S = 2.5;

/**
 * A run of about `seconds`, after a first one that says how many messages that are, and one in
 * which compilers settle: everybody has the same.
 */
export async function measure(
  contender: Contender,
  arena: Arena,
  seconds: number,
): Promise<Measured> {
  const consumer = await contender.start(arena);
  const socket = await openPublisher(contender.usesStream ? arena.streamPort : arena.natsPort);
  const pace = contender.usesStream ? STREAM_PACE : PACE;
  try {
    const stream = contender.stream();
    if (contender.usesStream || !IN_TIME.includes(contender.kind)) {
      await listening(consumer, async () => await send(socket, stream.next(1)));
    }
    const first = await blast(socket, stream, consumer, contender.warmUp, pace);
    const settling = messagesFor(COMPILE_S, contender.warmUp, first.wallS);
    const second = await blast(socket, stream, consumer, settling, pace);
    const messages = messagesFor(seconds, settling, second.wallS);
    const inTime = {
      ...pace,
      pollMs: pollMsFor(stream.bytesPerMessage, pace, settling / second.wallS),
    };
    const { cpuS, wallS, spikes } = await blast(socket, stream, consumer, messages, inTime);
    const bytesPerEvent = payloadBytes(stream) / stream.spikesPerFrame;
    return { events: spikes, cpuS, wallS, peakMb: consumer.peakMb(), bytesPerEvent };
  } finally {
    socket.destroy();
    await consumer.stop();
  }
}

/** Two looks while a window is worked off: who is slow is not looked at more often than that. */
function pollMsFor(bytesPerMessage: number, pace: BlastPace, messagesPerS: number): number {
  const { inFlightBytes, inFlightMessages = Number.POSITIVE_INFINITY } = pace;
  const ahead = windowOf(bytesPerMessage, inFlightBytes, inFlightMessages);
  return Math.max(POLL_MS, Math.min(POLL_MS_MAX, (ahead / messagesPerS) * 500));
}

export function messagesFor(seconds: number, messages: number, tookS: number): number {
  return Math.max(MESSAGES_MIN, Math.round((messages / tookS) * seconds));
}

/**
 * Knocks until somebody counts, for who serves metrics may not have subscribed yet. Few knocks,
 * each given time: one that is counted later would be taken for a message of the run.
 */
async function listening(consumer: Consumer, knock: () => Promise<void>): Promise<void> {
  const deadlineMs = performance.now() + LISTENS_MS_MAX;
  while ((await consumer.frames()) === 0) {
    if (performance.now() > deadlineMs) throw new Error('it counts nothing that is published');
    await knock();
    const nextMs = performance.now() + KNOCK_MS;
    while (performance.now() < nextMs && (await consumer.frames()) === 0) await sleep(POLL_MS);
  }
  for (let before = -1, now = await consumer.frames(); before !== now; ) {
    before = now;
    await sleep(SETTLE_MS);
    now = await consumer.frames();
    if (performance.now() > deadlineMs) throw new Error('it counts on, with nothing published');
  }
}
