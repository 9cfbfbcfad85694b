import type { Random } from './chip-frames.ts';

/** What is done to the running system; `kill…` end a process with -9. */
export const FAULTS = [
  'kill-service',
  'kill-nats',
  'kill-both',
  'kill-store',
  'pause-service',
  'pause-nats',
  'stop-service',
  'delete-reader',
  'delete-documents-consumer',
  'no-room',
  'torn-checkpoint',
] as const;

export type Fault = (typeof FAULTS)[number];

/** How often each is drawn. */
const WEIGHTS: Readonly<Record<Fault, number>> = {
  'kill-service': 56,
  'kill-nats': 10,
  'kill-both': 4,
  'kill-store': 2,
  'pause-service': 8,
  'pause-nats': 3,
  'stop-service': 3,
  'delete-reader': 4,
  'delete-documents-consumer': 2,
  'no-room': 4,
  'torn-checkpoint': 4,
};

/** Processes that each ends with -9. */
export const KILLS: Readonly<Record<Fault, number>> = {
  'kill-service': 1,
  'kill-nats': 1,
  'kill-both': 2,
  'kill-store': 1,
  'pause-service': 0,
  'pause-nats': 0,
  'stop-service': 0,
  'delete-reader': 0,
  'delete-documents-consumer': 0,
  // A write that fails, and a kill that makes somebody need it.
  'no-room': 1,
  'torn-checkpoint': 1,
};

export interface Step {
  /** Pause before it. */
  readonly waitMs: number;
  readonly fault: Fault;
  /** How long what it does goes on, where it has a length. */
  readonly lengthMs: number;
}

const LENGTH_MS_MAX = 1500;
/** Some kills hit a start before it has begun, most hit work that is under way. */
const WAIT_MS = { shortest: 30, usual: 900, longest: 2500 };

/** Steps until so many processes were killed, the same for a seed. */
export function* schedule(
  random: Random,
  kills: number,
  possible: (fault: Fault) => boolean,
): Generator<Step> {
  // Each as often in the list as it weighs.
  const drawn = FAULTS.filter(possible).flatMap((fault) => Array(WEIGHTS[fault]).fill(fault));
  for (let killed = 0; killed < kills; ) {
    const fault = drawn[Math.floor(random() * drawn.length)] as Fault;
    killed += KILLS[fault];
    yield { waitMs: waitOf(random), fault, lengthMs: random() * LENGTH_MS_MAX };
  }
}

function waitOf(random: Random): number {
  const roll = random();
  const most = roll < 0.15 ? WAIT_MS.longest : WAIT_MS.usual;
  return WAIT_MS.shortest + random() * most;
}
