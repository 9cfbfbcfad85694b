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

/** One of the workers that share the partitions, as it says itself. */
export interface WorkerView {
  readonly worker: string;
  readonly isOwn: boolean;
  readonly host: string;
  /** Of its page; null where others can't reach it, or it does not serve yet. */
  readonly url: string | null;
  readonly partitions: readonly string[];
}

/** What workers share, and who they are. */
export interface SharedView {
  readonly partitions: readonly PartitionView[];
  readonly workers: readonly WorkerView[];
}

/** How partitions stand, as it is shown to those outside. */
export interface PartitionsShown {
  readonly count: number;
  readonly owned: number;
  readonly without_owner: number;
  readonly workers: {
    readonly worker: string;
    readonly own: boolean;
    readonly host: string;
    readonly url: string | null;
    readonly partitions: string[];
  }[];
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
export function partitionsShown(shared: SharedView | undefined): PartitionsShown | null {
  if (shared === undefined) return null;
  const { partitions: views, workers } = shared;
  return {
    count: views.length,
    owned: views.filter(({ isOwn }) => isOwn).length,
    without_owner: views.filter(({ worker }) => worker === null).length,
    workers: workers.map(({ worker, isOwn, host, url, partitions }) => {
      return { worker, own: isOwn, host, url, partitions: [...partitions] };
    }),
    list: views.map(({ partition, worker, isOwn, epoch, leaseAgeMs, lagMessages }) => ({
      ...{ partition, worker, own: isOwn, epoch },
      lease_age_seconds: leaseAgeMs === null ? null : Math.round(leaseAgeMs) / 1000,
      lag_messages: lagMessages,
    })),
  };
}
