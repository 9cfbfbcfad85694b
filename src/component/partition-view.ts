/** A partition as one worker sees it: its own, or whose it is. */
export interface PartitionView {
  readonly partition: string;
  /** Who has it; null where nobody does. */
  readonly worker: string | null;
  readonly isOwn: boolean;
  /** One more with each owner; 0 where nobody ever was. */
  readonly epoch: number;
  /** Since the owner last said that it is there: of another, since this worker saw it. */
  readonly leaseAgeMs: number | null;
  /** Messages of it that are not processed; only of its own a worker knows that. */
  readonly lagMessages: number | null;
}

/** How partitions stand, as it is shown to those outside. */
export interface PartitionsShown {
  readonly count: number;
  readonly owned: number;
  readonly without_owner: number;
  readonly list: {
    readonly partition: string;
    readonly worker: string | null;
    readonly own: boolean;
    readonly epoch: number;
    readonly lease_age_seconds: number | null;
    readonly lag_messages: number | null;
  }[];
}

/** Null where one process has the whole stream. */
export function partitionsShown(
  views: readonly PartitionView[] | undefined,
): PartitionsShown | null {
  if (views === undefined) return null;
  return {
    count: views.length,
    owned: views.filter(({ isOwn }) => isOwn).length,
    without_owner: views.filter(({ worker }) => worker === null).length,
    list: views.map(({ partition, worker, isOwn, epoch, leaseAgeMs, lagMessages }) => ({
      ...{ partition, worker, own: isOwn, epoch },
      lease_age_seconds: leaseAgeMs === null ? null : Math.round(leaseAgeMs) / 1000,
      lag_messages: lagMessages,
    })),
  };
}
