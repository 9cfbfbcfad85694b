import type { Random } from '../chip-frames.ts';

/** What is done to workers and servers; `kill…` end a process with -9. */
const CLUSTER_FAULTS = [
  'kill-worker',
  'kill-workers',
  'pause-worker',
  'stop-worker',
  'add-worker',
  'kill-server',
  'kill-quorum',
  'pause-server',
] as const;

export type ClusterFault = (typeof CLUSTER_FAULTS)[number];

/** How often each is drawn. */
const WEIGHTS: Readonly<Record<ClusterFault, number>> = {
  'kill-worker': 34,
  'kill-workers': 5,
  'pause-worker': 24,
  'stop-worker': 6,
  'add-worker': 6,
  'kill-server': 14,
  'kill-quorum': 4,
  'pause-server': 7,
};

export interface ClusterStep {
  /** Pause before it. */
  readonly waitMs: number;
  readonly fault: ClusterFault;
  /** Which one it hits, of those there are: 0 up to 1. */
  readonly which: number;
  /** How long what it does goes on, where it has a length. */
  readonly lengthMs: number;
}

export interface ClusterScheduleOptions {
  readonly faults: number;
  /** What a lease lives without its owner: half of the pauses are longer. */
  readonly leaseMs: number;
  readonly isPossible: (fault: ClusterFault) => boolean;
}

/** The same steps for a seed. */
export function* clusterSchedule(
  random: Random,
  { faults, leaseMs, isPossible }: ClusterScheduleOptions,
): Generator<ClusterStep> {
  const drawn = CLUSTER_FAULTS.filter(isPossible).flatMap((fault) =>
    Array<ClusterFault>(WEIGHTS[fault]).fill(fault),
  );
  for (let i = 0; i < faults; i++) {
    const fault = drawn[Math.floor(random() * drawn.length)] as ClusterFault;
    const [wait, which, long, length] = [random(), random(), random(), random()];
    const isLong = fault === 'pause-worker' && long < 0.5;
    yield {
      waitMs: 100 + wait * 900,
      fault,
      which,
      lengthMs: isLong ? leaseMs * (1.2 + length) : length * 1500,
    };
  }
}
