import {
  type AlertRule,
  JOB_LABELS,
  movedOver,
  type RuleContext,
  SCRAPED,
  SCRAPED_2,
  SCRAPED_LABELS,
} from '../rule.ts';

const LOST = 'spikescope_stream_messages_lost_total';
const LAG = 'spikescope_stream_lag_messages';
const FAILURES = 'spikescope_commit_failures_total';
const SHARED = { team: 'platform', dashboard: 'spikescope' } as const;

/** Delivery by JetStream; with core NATS these metrics stay 0 or are not there. */
export function streamAlerts(context: RuleContext): AlertRule[] {
  return [gap(context), behind(context), interrupted(context), commitFailing(context)];
}

function gap({ t }: RuleContext): AlertRule {
  const of = (scraped: string) => `${LOST}{${scraped}}`;
  // The counter goes on after a restart, or with another worker, which is when a gap shows:
  // `increase` would not see it.
  const now = `max without (instance) (${LOST})`;
  const before = `max without (instance) (max_over_time(${LOST}[${t(86_400)}] offset ${t(600)}))`;
  const grown = `sum without (partition) (clamp_min(${now} - ${before}, 0)) > 0`;
  return {
    ...SHARED,
    alert: 'StreamGap',
    expr: `${grown} or sum without (partition) (${now} unless ${before}) > 0`,
    forS: 0,
    severity: 'critical',
    summary: 'The stream lost frames before {{ $labels.job }} had read them',
    description:
      '{{ $value }} messages of the stream of frames were discarded, deleted or purged before ' +
      'they were read. Totals and energy lack them for good; windows with gaps ' +
      'give no rates.',
    runbook: {
      means:
        'The stream keeps messages for `streams.kept` and up to `streams.bytes_max`; Spikescope ' +
        'was away or behind for longer. Or somebody purged the stream.',
      look: [
        'Records `stream-gap` of the derived stream, and the log: from which message to which.',
        '`spikescope status`: how full the stream is, how far behind Spikescope.',
        '`spikescope_stream_lag_messages` and StreamLagHigh in the hours before.',
      ],
      mend: [
        'Nothing brings them back but a recording: `spikescope replay`.',
        'Keep more (`streams.kept`, `streams.bytes_max`, then `spikescope setup`), or find out ' +
          'why Spikescope was away.',
      ],
    },
    fires: {
      // It shows when another worker has taken the partition over.
      input: [
        [of(`partition="3",${SCRAPED}`), '0x20 stale _x60'],
        [of(`partition="3",${SCRAPED_2}`), '_x22 500x60'],
      ],
      atS: 720,
      labels: JOB_LABELS,
      value: '500',
    },
    quiet: { input: movedOver(of, 500), atS: 1200 },
  };
}

function behind({ settings, t }: RuleContext): AlertRule {
  const { stream_lag_messages: most } = settings.thresholds;
  const series = `${LAG}{${SCRAPED}}`;
  return {
    ...SHARED,
    alert: 'StreamLagHigh',
    expr: `min_over_time(job:${LAG}:sum[${t(600)}]) > ${most}`,
    forS: 60,
    severity: 'warning',
    summary: '{{ $labels.job }} is behind the stream',
    description:
      'For 10 minutes at least {{ $value }} messages have waited in the stream of frames; ' +
      `more than ${most} is too many. What it shows is old; where the stream runs full, frames ` +
      'are lost.',
    runbook: {
      means: 'More comes in than is processed, or processing waits for something.',
      look: [
        'Does the lag fall? After a restart it does, and it is a matter of time.',
        '`spikescope_commit_failures_total`: with derived records that can not be stored, ' +
          'reading pauses.',
        'The processor: one worker uses one core for frames; `spikescope status` has the lag of ' +
          'each partition.',
      ],
      mend: [
        'Give the process a core of its own, or fewer and larger frames; see docs/benchmarks.md.',
        'More workers where there are partitions for them: docs/scaling.md.',
        'Bring back what the derived stream waits for: room, or NATS itself.',
      ],
    },
    // Neither worker alone has too many; their partitions change hands meanwhile.
    fires: {
      input: [
        [series, '9000x30 1000x30'],
        [`${LAG}{${SCRAPED_2}}`, '7000x30 15000x30'],
      ],
      atS: 780,
      labels: { job: 'spikescope' },
      value: '16000',
    },
    // A burst is worked off.
    quiet: { input: [[series, '20000x30 0x5 20000x30']], atS: 900 },
  };
}

function interrupted({ t }: RuleContext): AlertRule {
  const total = 'spikescope_stream_interruptions_total';
  const series = `${total}{reader="frames",${SCRAPED}}`;
  return {
    ...SHARED,
    alert: 'StreamInterrupted',
    expr: `increase(${total}[${t(600)}]) > 5`,
    forS: 60,
    severity: 'warning',
    summary: 'Reading {{ $labels.reader }} from the stream breaks off again and again',
    description:
      'In the last 10 minutes {{ $labels.instance }} began to read {{ $labels.reader }} from ' +
      'its stream anew {{ $value | humanize }} times. Nothing is lost by it, but it is slow.',
    runbook: {
      means: 'The server, or what lies between, ends the reader or does not answer it.',
      look: [
        'The log: `reading … begins anew` and why.',
        'Other clients that delete consumers; a server that elects leaders over and over.',
      ],
      mend: ['Mend the network or the server; reading goes on where it was, by itself.'],
    },
    fires: {
      input: [[series, '0+1x60']],
      atS: 780,
      labels: { reader: 'frames', ...SCRAPED_LABELS },
      value: '40',
    },
    quiet: { input: [[series, '0x10 3x60']], atS: 780 },
  };
}

function commitFailing({ t }: RuleContext): AlertRule {
  const series = `${FAILURES}{${SCRAPED}}`;
  return {
    ...SHARED,
    alert: 'CommitFailing',
    expr: `rate(${FAILURES}[${t(60)}]) > 0`,
    forS: 120,
    severity: 'critical',
    summary: '{{ $labels.instance }} can not store what it derives',
    description:
      'For 2 minutes {{ $labels.instance }} has failed to store derived records in their ' +
      'stream. They wait in memory; when `checkpoints.waiting_bytes_max` is half full, no more ' +
      'frames are read, and no checkpoint is written.',
    runbook: {
      means:
        'NATS is away, its store is full, or the derived stream was changed. Metrics go on until ' +
        'reading pauses; documents and readers of derived records get nothing new.',
      look: [
        'The log: `can’t store derived records now` and why.',
        '`nats stream info SPIKEFORMER_DERIVED`, free space of the server’s store.',
      ],
      mend: [
        'Make room or bring NATS back: what waits is stored by itself, each record once.',
        'Where another process took the stream over, this one ends and says so: start only one.',
      ],
    },
    fires: { input: [[series, '0x4 5+5x60']], atS: 600, labels: SCRAPED_LABELS },
    quiet: { input: [[series, '0x10 3x60']], atS: 900 },
  };
}
