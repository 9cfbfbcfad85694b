import type { GaugeSeries } from '../../component/metric.ts';
import type { PartitionView } from '../../component/partition-view.ts';
import type { OwnMetrics } from '../../telemetry/own-metrics.ts';
import type { ShownLease } from '../../workers/lease-table.ts';
import type { Part } from './part.ts';

/** `7` for the part `p7`, as the label of its series is. */
export function partitionName(key: string): string {
  return key.replace(/^p(?=\d)/, '');
}

/** A lease as it is shown: of one's own part what one knows, of another's what was seen of it. */
export function viewOf(
  worker: string,
  lease: ShownLease,
  own: Pick<Part, 'epoch' | 'leaseAgeMs' | 'lag'> | undefined,
): PartitionView {
  const partition = partitionName(lease.key);
  if (own !== undefined) {
    const { epoch, leaseAgeMs, lag } = own;
    const age = Number.isFinite(leaseAgeMs) ? leaseAgeMs : null;
    const known = { epoch, leaseAgeMs: age, lagMessages: lag ?? null };
    return { partition, worker, isOwn: true, ...known };
  }
  const { epoch, ageMs = null } = lease;
  // What this worker has just given back is nobody's, until it sees whose it is.
  const other = lease.worker === worker ? null : (lease.worker ?? null);
  return { partition, worker: other, isOwn: false, epoch, leaseAgeMs: ageMs, lagMessages: null };
}

/** Gauges of the parts that a worker has; they go with the part. */
export class PartitionGauges {
  private readonly own: OwnMetrics;
  private shown = new Map<string, readonly GaugeSeries[]>();

  constructor(own: OwnMetrics) {
    this.own = own;
  }

  show(views: readonly PartitionView[]): void {
    const { partitions, partitionsOwned, partitionEpoch, partitionLag, partitionLeaseAge } =
      this.own;
    partitions.series().set(views.length);
    partitionsOwned.series().set(views.filter(({ isOwn }) => isOwn).length);
    const now = new Map<string, readonly GaugeSeries[]>();
    for (const { partition, isOwn, epoch, leaseAgeMs, lagMessages } of views) {
      if (!isOwn) continue;
      const [epochs, lag, age] = this.shown.get(partition) ?? [
        partitionEpoch.series(partition),
        partitionLag.series(partition),
        partitionLeaseAge.series(partition),
      ];
      epochs?.set(epoch);
      if (lagMessages !== null) lag?.set(lagMessages);
      if (leaseAgeMs !== null) age?.set(leaseAgeMs / 1000);
      now.set(partition, [epochs, lag, age] as readonly GaugeSeries[]);
    }
    for (const [partition, series] of this.shown) {
      if (!now.has(partition)) for (const gauge of series) gauge.remove();
    }
    this.shown = now;
  }
}
