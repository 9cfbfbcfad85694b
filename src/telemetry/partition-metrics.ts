import { row } from './own-row.ts';

/** Own metrics of workers that share the frames. */
export const PARTITION_COUNTERS = {
  partitionTakeOvers: row(
    'partition_take_overs_total',
    'Partitions that this worker took, by why they were to be had.',
    'reason',
  ),
  partitionLosses: row(
    'partition_losses_total',
    'Partitions that this worker does not have any more, by why; fenced: another had taken it.',
    'reason',
  ),
};

export const PARTITION_GAUGES = {
  partitions: row(
    'partitions',
    'What workers share: partitions of the frames, and what joins chips; absent for one process.',
  ),
  partitionsOwned: row('partitions_owned', 'Of those, what this worker has.'),
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
};
