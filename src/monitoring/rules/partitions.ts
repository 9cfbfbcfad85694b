import { type AlertRule, type RuleContext, SCRAPED, SCRAPED_2, SCRAPED_LABELS } from '../rule.ts';

const EPOCH = 'spikescope_partition_epoch';
const EPOCH_MAX = `partition:${EPOCH}:max`;
const SHARED = { team: 'platform', dashboard: 'spikescope' } as const;
/** More owners than that within the range: it is no restart, and no worker that was added. */
const OWNERS_MAX = 4;
const RANGE_S = 900;

/** What is to be shared less what workers have; each worker knows the first, and its own. */
export const WITHOUT_OWNER =
  'max by (job) (spikescope_partitions) - sum by (job) (spikescope_partitions_owned)';

/** Workers that share the frames. */
export function partitionAlerts(context: RuleContext): AlertRule[] {
  return [workerDown(), withoutOwner(), flapping(context)];
}

function workerDown(): AlertRule {
  const job = 'job="spikescope"';
  return {
    alert: 'WorkerDown',
    expr: `up{${job}} == 0 and on (job) max by (job) (up{${job}}) == 1`,
    forS: 120,
    severity: 'warning',
    team: 'platform',
    summary: 'The worker {{ $labels.instance }} does not answer',
    description:
      'Prometheus has not been able to read /metrics of {{ $labels.instance }} for 2 minutes, ' +
      'while others answer. They take its partitions over; there is one fewer to share the work.',
    dashboard: 'spikescope',
    runbook: {
      means:
        'Of several workers one is gone or stuck. Nothing is lost: what it had not stored is ' +
        'processed again by those who have its partitions now (docs/scaling.md).',
      look: [
        '`spikescope status`: who has which partition, and is any without an owner?',
        'The log of that worker; whether its machine is there.',
      ],
      mend: [
        'Start it again: it gets its share back by itself.',
        'Taken away on purpose: take it out of `prometheus.spikescope` of the monitoring values.',
      ],
    },
    fires: {
      input: [
        [`up{${SCRAPED}}`, '1x4 0x30'],
        [`up{${SCRAPED_2}}`, '1x40'],
      ],
      atS: 300,
      labels: SCRAPED_LABELS,
    },
    quiet: {
      input: [
        [`up{${SCRAPED}}`, '1x4 0x30'],
        [`up{${SCRAPED_2}}`, '1x4 0x30'],
      ],
      atS: 300,
    },
  };
}

function withoutOwner(): AlertRule {
  const total = 'spikescope_partitions';
  const owned = 'spikescope_partitions_owned';
  return {
    ...SHARED,
    alert: 'PartitionWithoutOwner',
    expr: `${WITHOUT_OWNER} > 0`,
    forS: 60,
    severity: 'critical',
    summary: '{{ $value }} partitions of {{ $labels.job }} have no owner',
    description:
      'For a minute {{ $value }} partitions have had no worker, by what workers say of ' +
      'themselves. Their chips are in no metric, and are not watched; their frames wait in the ' +
      'stream.',
    runbook: {
      means:
        'A worker that dies is replaced within seconds, by those that are left. Here nobody ' +
        'replaces it: those that are there can not reach NATS, can not write, or are too few to ' +
        'be seen by this Prometheus.',
      look: [
        '`spikescope status`: which partitions, since when, and how many messages wait there.',
        'Has every worker a target in Prometheus? One that is not scraped has partitions too.',
        '`spikescope_commit_failures_total`, NatsDisconnected: workers that can not write leases.',
        '`nats stream info SPIKEFORMER_DERIVED`: has it a leader, and a quorum of its servers?',
      ],
      mend: [
        'Bring NATS back: two of three servers are needed. Workers go on by themselves.',
        'Start a worker; it takes what nobody has.',
      ],
    },
    fires: {
      input: [
        [`${total}{${SCRAPED}}`, '16x30'],
        [`${owned}{${SCRAPED}}`, '8x30'],
        [`${total}{${SCRAPED_2}}`, '16x8 stale _x22'],
        [`${owned}{${SCRAPED_2}}`, '8x8 stale _x22'],
      ],
      atS: 300,
      labels: { job: 'spikescope' },
      value: '8',
    },
    // The other one takes them over.
    quiet: {
      input: [
        [`${total}{${SCRAPED}}`, '16x30'],
        [`${owned}{${SCRAPED}}`, '8x9 16x20'],
        [`${total}{${SCRAPED_2}}`, '16x8 stale _x22'],
        [`${owned}{${SCRAPED_2}}`, '8x8 stale _x22'],
      ],
      atS: 300,
    },
  };
}

function flapping({ t }: RuleContext): AlertRule {
  const of = (scraped: string) => `${EPOCH}{partition="3",${scraped}}`;
  return {
    ...SHARED,
    alert: 'PartitionFlapping',
    expr: `${EPOCH_MAX} - min_over_time(${EPOCH_MAX}[${t(RANGE_S)}]) > ${OWNERS_MAX}`,
    forS: 60,
    severity: 'warning',
    summary: 'Partition {{ $labels.partition }} goes from worker to worker',
    description:
      'Partition {{ $labels.partition }} has had {{ $value }} further owners within 15 minutes. ' +
      'Nothing is lost or counted twice, but each take-over processes again what was after the ' +
      'last checkpoint.',
    runbook: {
      means:
        'Workers lose their leases while they are alive: they are paused, starved of CPU, or ' +
        'what they write to NATS takes longer than a lease lives.',
      look: [
        '`spikescope_partition_changes_total{change="fenced"}` by instance: which worker loses?',
        'The log of that worker: `was taken over by`, and how long it had not renewed.',
        '`spikescope_commit_seconds`, `spikescope_partition_lease_age_seconds`: near the lease?',
        'CPU of the machines, throttling of containers, elections in the log of nats-server.',
      ],
      mend: [
        'Give workers and servers CPU of their own; virtual machines that are paused or moved ' +
          'are no place for them.',
        'A longer lease makes take-overs rarer and slower: docs/scaling.md.',
      ],
    },
    fires: {
      input: [
        [of(SCRAPED), '7x10 stale _x3 9x4 stale _x3 11x4 stale _x40'],
        [of(SCRAPED_2), '_x11 8x4 stale _x3 10x4 stale _x3 12x40'],
      ],
      atS: 780,
      labels: { job: 'spikescope', partition: '3' },
      value: '5',
    },
    // A worker was started anew: handed over, and back.
    quiet: {
      input: [
        [of(SCRAPED), '7x10 stale _x9 9x40'],
        [of(SCRAPED_2), '_x11 8x9 stale _x40'],
      ],
      atS: 780,
    },
  };
}
