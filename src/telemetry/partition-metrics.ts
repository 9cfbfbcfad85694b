import { row } from './own-row.ts';

/** Own metrics of workers that share the frames. */
export const PARTITION_COUNTERS = {
  partitionChanges: row(
    'partition_changes_total',
    'Partitions that a worker took, gave back, lost to another (fenced) or failed to go on with.',
    'change',
  ),
};

export const PARTITION_GAUGES = {
  partitions: row(
    'partitions',
    'What workers share: partitions of the frames, and what joins chips; absent for one process.',
  ),
  partitionsOwned: row(
    'partitions_owned',
    'Partitions that this worker has; absent where one process has the whole stream.',
  ),
  partitionEpoch: row(
    'partition_epoch',
    'How many owners a partition of this worker has had.',
    'partition',
  ),
  partitionLag: row(
    'partition_lag_messages',
    'Messages of a partition of this worker that are not processed yet.',
    'partition',
  ),
  partitionLeaseAge: row(
    'partition_lease_age_seconds',
    'Since this worker last told the others that it has the partition.',
    'partition',
  ),
  workersSeen: row('workers_seen', 'Workers that share the partitions, as this one sees them.'),
};
