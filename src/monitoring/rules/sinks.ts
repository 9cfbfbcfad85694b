import { type AlertRule, grew, type RuleContext, SCRAPED, SCRAPED_LABELS } from '../rule.ts';

const DROPPED = 'spikescope_dropped_total';

/** What goes out, and what does not. */
export function sinkAlerts(context: RuleContext): AlertRule[] {
  return [
    queueFull(context),
    recordsDropped(context),
    storeDown(),
    storeSlow(context),
    documentsRefused(context),
    alertmanagerUnreachable(),
    checkpointOld(context),
  ];
}

function queueFull({ t }: RuleContext): AlertRule {
  const series = `${DROPPED}{sink="derived",reason="queue_full",${SCRAPED}}`;
  return {
    alert: 'QueueFull',
    expr: grew(`${DROPPED}{reason=~"queue_full|buffer_full"}`, t, 300),
    forS: 30,
    severity: 'critical',
    team: 'platform',
    summary: 'The queue of {{ $labels.sink }} is full; what comes is dropped',
    description:
      'In the last 5 minutes {{ $labels.instance }} dropped what it had no room for on the way ' +
      'to ' +
      '{{ $labels.sink }}. It is lost there; the other sinks have it.',
    dashboard: 'spikescope',
    runbook: {
      means: 'A sink has been slower than its input, or away, for longer than its queue holds.',
      look: [
        '`spikescope_queue_depth` by queue: which one is full, and since when?',
        'The service behind it: NATS for `nats`, `derived` and `dead`, the store for ' +
          '`documents`, ' +
          'the collector for `traces`, Alertmanager for `alertmanager`.',
      ],
      mend: [
        'Bring the service back or give it room. Queues empty by themselves.',
        '`nats`: the pipelines are the slow side; see FramesMissing.',
      ],
    },
    fires: {
      input: [[series, '_x10 5+5x30']],
      atS: 360,
      labels: { sink: 'derived', reason: 'queue_full', ...SCRAPED_LABELS },
    },
    quiet: { input: [[series, '5x60']], atS: 600 },
  };
}

function recordsDropped({ t }: RuleContext): AlertRule {
  const series = `${DROPPED}{sink="traces",reason="export_failed",${SCRAPED}}`;
  return {
    alert: 'RecordsDropped',
    expr: grew(`${DROPPED}{reason!~"queue_full|buffer_full|stopped"}`, t, 300),
    forS: 30,
    severity: 'warning',
    team: 'platform',
    summary: '{{ $labels.sink }} drops: {{ $labels.reason }}',
    description:
      'In the last 5 minutes {{ $labels.instance }} dropped what {{ $labels.sink }} could not ' +
      'take: ' +
      '{{ $labels.reason }}.',
    dashboard: 'spikescope',
    runbook: {
      means: 'Single records were lost for a reason of their own; trying again would not help.',
      look: [
        '`too_large`: `max_payload` of nats-server. `refused`, `export_failed`: the log of the ' +
          'receiver.',
      ],
      mend: ['Raise the limit, or mend what the receiver complains of.'],
    },
    fires: {
      input: [[series, '0+2x60']],
      atS: 600,
      labels: { sink: 'traces', reason: 'export_failed', ...SCRAPED_LABELS },
    },
    quiet: { input: [[`${DROPPED}{sink="log",reason="stopped",${SCRAPED}}`, '0+2x60']], atS: 600 },
  };
}

function storeDown(): AlertRule {
  const series = `spikescope_document_store_up{${SCRAPED}}`;
  return {
    alert: 'DocumentStoreDown',
    expr: 'spikescope_document_store_up == 0',
    forS: 120,
    severity: 'warning',
    team: 'platform',
    summary: 'The store of documents does not work',
    description:
      'Every request of {{ $labels.instance }} to its store of documents has failed for 2 ' +
      'minutes. ' +
      'Documents wait, up to `documents.queue`; metrics and alerts go on.',
    dashboard: 'spikescope',
    runbook: {
      means:
        'Elasticsearch is away, refuses the credentials, or the disk of the embedded store fails.',
      look: [
        'The log of Spikescope has the reason, once for each that is new.',
        '`/health/detailed`: `services.database`.',
      ],
      mend: [
        'Bring the store back: what waits is written by itself, each document once.',
        'Credentials: a changed file is read at the next request, without a restart.',
      ],
    },
    fires: { input: [[series, '1x4 0x60']], atS: 300, labels: SCRAPED_LABELS },
    quiet: { input: [[series, '0x4 1x60']], atS: 300 },
  };
}

function storeSlow({ settings }: RuleContext): AlertRule {
  const { documents_oldest_seconds: oldest } = settings.thresholds;
  const series = `spikescope_documents_oldest_seconds{${SCRAPED}}`;
  return {
    alert: 'DocumentStoreSlow',
    expr: `spikescope_documents_oldest_seconds > ${oldest}`,
    forS: 60,
    severity: 'warning',
    team: 'platform',
    summary: 'Documents wait for their store',
    description:
      'The oldest document of {{ $labels.instance }} has waited {{ $value | humanizeDuration }} ' +
      'for ' +
      `the store; more than ${oldest} s is too long.`,
    dashboard: 'spikescope',
    runbook: {
      means: 'The store takes less than comes. When the queue is full, documents are dropped.',
      look: [
        '`rate(spikescope_documents_total[5m])` against `rate(spikescope_records_total[5m])`.',
        'Elasticsearch: rejected writes (429), a disk near its watermark.',
      ],
      mend: ['Give the store more room, or keep less: `documents.retention`, `derived.log_level`.'],
    },
    fires: { input: [[series, '600x60']], atS: 300, labels: SCRAPED_LABELS, value: '10m 0s' },
    quiet: { input: [[series, '2x60']], atS: 300 },
  };
}

function documentsRefused({ t }: RuleContext): AlertRule {
  const total = 'spikescope_documents_total';
  const series = `${total}{index="rates",outcome="refused",${SCRAPED}}`;
  return {
    alert: 'DocumentsRefused',
    expr: grew(`${total}{outcome="refused"}`, t, 600),
    forS: 30,
    severity: 'warning',
    team: 'platform',
    summary: 'The store refuses documents of {{ $labels.index }}',
    description:
      'In the last 10 minutes the store refused documents of {{ $labels.index }}. They are kept ' +
      'in ' +
      'the state folder, bounded: `spikescope dead list`.',
    dashboard: 'spikescope',
    runbook: {
      means:
        'Documents do not fit the mapping of the store: it was changed, or made by another ' +
        'version.',
      look: ['`spikescope dead list` has the reason of each.'],
      mend: ['`spikescope setup`, then `spikescope dead resubmit`.'],
    },
    fires: {
      input: [[series, '_x10 1x30']],
      atS: 300,
      labels: { index: 'rates', outcome: 'refused', ...SCRAPED_LABELS },
    },
    quiet: {
      input: [[`${total}{index="rates",outcome="created",${SCRAPED}}`, '0+9x60']],
      atS: 300,
    },
  };
}

function alertmanagerUnreachable(): AlertRule {
  const series = `spikescope_alertmanager_up{${SCRAPED}}`;
  return {
    alert: 'IncidentsUndelivered',
    expr: 'spikescope_alertmanager_up == 0',
    forS: 120,
    severity: 'warning',
    team: 'platform',
    summary: 'Incidents do not reach Alertmanager from {{ $labels.instance }}',
    description:
      'Every request of {{ $labels.instance }} to Alertmanager has failed for 2 minutes. ' +
      'Incidents ' +
      'are in the documents and on NATS; nobody is told of them.',
    dashboard: 'spikescope',
    runbook: {
      means: 'Detectors find, and the message goes nowhere. Alerts of Prometheus take another way.',
      look: [
        'The log of Spikescope has the reason.',
        '`spikescope_queue_depth{queue="alertmanager"}`: how many there are to tell of.',
      ],
      mend: [
        'Correct `alertmanager.url` or its credentials. Open incidents are sent again by ' +
          'themselves.',
      ],
    },
    fires: { input: [[series, '0x60']], atS: 300, labels: SCRAPED_LABELS },
    quiet: { input: [[series, '1x60']], atS: 300 },
  };
}

function checkpointOld({ settings }: RuleContext): AlertRule {
  const { checkpoint_age_seconds: age } = settings.thresholds;
  const series = `spikescope_checkpoint_age_seconds{${SCRAPED}}`;
  return {
    alert: 'CheckpointOld',
    expr: `spikescope_checkpoint_age_seconds > ${age}`,
    forS: 60,
    severity: 'warning',
    team: 'platform',
    summary: 'The last checkpoint of {{ $labels.instance }} is old',
    description:
      'The last checkpoint is {{ $value | humanizeDuration }} old; more than ' +
      `${age} s is too long. A restart would process that much again.`,
    dashboard: 'spikescope',
    runbook: {
      means:
        'Nothing is lost: a restart begins at the last checkpoint. It takes the longer, the older.',
      look: [
        'The log: a state folder that can not be written, NATS that does not confirm records.',
        'Free space of the state folder.',
      ],
      mend: ['Make room, or bring NATS back; the next checkpoint follows by itself.'],
    },
    fires: { input: [[series, '300x60']], atS: 300, labels: SCRAPED_LABELS, value: '5m 0s' },
    quiet: { input: [[series, '5x60']], atS: 300 },
  };
}
