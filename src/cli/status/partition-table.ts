import { section } from '../text-table.ts';
import { ageText, NOT_KNOWN } from './amounts.ts';
import type { PartitionsStatus } from './partition-status.ts';

/** Who has which partition, and how far each is; nothing where one process has all. */
export function partitionRows(partitions: PartitionsStatus | null): string[] {
  if (partitions === null) return [];
  const { list, workers, without_owner: free } = partitions;
  const rows = list.map((each) => [
    each.partition,
    each.worker ?? 'nobody',
    String(each.epoch),
    each.lag_messages === null ? NOT_KNOWN : String(each.lag_messages),
    ageText(each.lease_age_seconds),
    each.sequence === null ? NOT_KNOWN : String(each.sequence),
  ]);
  const owners = workers.map(({ worker, owner, partitions: count }) => {
    return [worker, String(count), owner];
  });
  return [
    ...section([['partition', 'worker', 'epoch', 'lag', 'lease', 'stored to'], ...rows]),
    ...(owners.length === 0 ? [] : section([['worker', 'partitions', 'process'], ...owners])),
    ...(free === 0 ? [] : [`${free} partitions have no owner`]),
  ];
}
