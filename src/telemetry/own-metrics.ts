import type {
  CounterSeries,
  GaugeSeries,
  MetricDefiner,
  MetricFamily,
  MetricSpec,
} from '../component/metric.ts';
import type { OperatorEvent } from '../component/operator-event.ts';
import { mapValues, row } from './own-row.ts';
import { PARTITION_COUNTERS, PARTITION_GAUGES } from './partition-metrics.ts';

/** Counters of what this process did; all others count what frames said, and outlive it. */
const OF_PROCESS: ReadonlySet<string> = new Set([
  'dropped',
  'documents',
  'documentStoreFailures',
  'documentsDeleted',
  'benchmarkRuns',
  'healthChecks',
  'healthMonitorFailures',
  'natsDisconnects',
  'natsReconnects',
  'pageLooksSkipped',
  'streamInterruptions',
  'commitFailures',
  'checkpoints',
  'alertsSent',
  'alertsPublished',
  'partitionChanges',
]);

/** By the name that the program calls them. */
export const COUNTERS = {
  frames: row('frames_total', 'Frames that counted.', 'kind'),
  samples: row('samples_total', 'Samples in frames that counted.', 'kind'),
  framesInvalid: row(
    'frames_invalid_total',
    'Messages that are no valid frame; they are on the dead subject of this reason.',
    'reason',
  ),
  framesMissing: row('frames_missing_total', 'Frames lost, by gaps in seq.'),
  framesRepeated: row('frames_repeated_total', 'Frames seen before, and skipped.'),
  framesRecovered: row('frames_recovered_total', 'Frames counted lost that came late.'),
  samplesLate: row('samples_late_total', 'Samples of closed windows or past times.'),
  windowsIncomplete: row(
    'windows_incomplete_total',
    'Windows that frames covered in part; they give no rates.',
  ),
  timeJumps: row('time_jumps_total', 'Jumps of a clock by more than an hour.'),
  samplesNotFinite: row(
    'samples_not_finite_total',
    'Membrane samples that are NaN or infinite, and skipped.',
  ),
  energyGaps: row(
    'energy_gaps_total',
    'Gaps of more than 10 s between power samples; they add no energy.',
  ),
  energyNegative: row(
    'energy_negative_total',
    'Pieces of negative energy; a counter can not fall, so they add 0.',
  ),
  quotientsUndefined: row(
    'quotients_undefined_total',
    'Energy quotients of inferences without a value: 0 below the line.',
  ),
  latenciesNegative: row(
    'latencies_negative_total',
    'Latencies of inferences below 0; they are not measured.',
  ),
  stateRefused: row(
    'state_refused_total',
    'Frames or samples of keys beyond the bound of what operators remember.',
    'bound',
  ),
  conversionEventsOdd: row(
    'conversion_events_odd_total',
    'Events of conversions that came twice or before the start, and those whose start never came.',
    'reason',
  ),
  runFramesLate: row(
    'run_frames_late_total',
    'Frames of runs that had ended by then; the records of those runs lack them.',
  ),
  dropped: row('dropped_total', 'What was dropped, and why.', 'sink', 'reason'),
  seriesRefused: row(
    'series_refused_total',
    'Look-ups of label sets beyond the cap of a metric.',
    'metric',
  ),
  records: row('records_total', 'Records derived.', 'pipeline'),
  pipelineFailures: row(
    'pipeline_failures_total',
    'Pipelines that ended with an error: a bug; the others go on.',
    'pipeline',
  ),
  documents: row(
    'documents_total',
    'Documents that the store has answered for: created, present (there already) or refused.',
    'index',
    'outcome',
  ),
  documentStoreFailures: row(
    'document_store_failures_total',
    'Requests to the store of documents that failed; they are made again for ever.',
  ),
  documentsDeleted: row(
    'documents_deleted_total',
    'Documents that the embedded store deleted, for their age or for its size.',
    'index',
    'reason',
  ),
  alertsSent: row(
    'alerts_sent_total',
    'States of incidents that Alertmanager has taken; open ones are sent again and again.',
  ),
  alertsPublished: row(
    'alerts_published_total',
    'Alerts from the webhook of Alertmanager that NATS has.',
  ),
  benchmarkRuns: row(
    'benchmark_runs_total',
    'Benchmark runs that executors were asked for, by how they ended.',
    'hardware',
    'outcome',
  ),
  healthChecks: row('health_checks_total', 'Pings of chips, by what came of them.', 'outcome'),
  healthMonitorFailures: row(
    'health_monitor_failures_total',
    'Rounds of the health monitor that failed: a fault of Spikescope.',
  ),
  pageLooksSkipped: row(
    'page_looks_skipped_total',
    'Updates left out for a live page that had not taken the last; the next one has their sum.',
  ),
  natsDisconnects: row('nats_disconnects_total', 'Connections to NATS lost.'),
  natsReconnects: row('nats_reconnects_total', 'Connections to NATS made again.'),
  streamMessagesLost: row(
    'stream_messages_lost_total',
    'Messages of the stream that were discarded, deleted or purged before they were read.',
  ),
  streamInterruptions: row(
    'stream_interruptions_total',
    'Times that reading from a stream began anew, by what reads.',
    'reader',
  ),
  commitFailures: row(
    'commit_failures_total',
    'Attempts to store derived records that failed; they are made again for ever.',
  ),
  checkpoints: row('checkpoints_total', 'Checkpoints written, or failed to.', 'outcome'),
  ...PARTITION_COUNTERS,
};

export const GAUGES = {
  catchingUp: row(
    'catching_up',
    '1 while what the stream held at the start is reprocessed, and no metric of frames is shown.',
  ),
  streamLag: row(
    'stream_lag_messages',
    'Messages of the stream of frames that are not processed yet.',
  ),
  checkpointAge: row('checkpoint_age_seconds', 'Since the state was last safe in a checkpoint.'),
  checkpointBytes: row('checkpoint_bytes', 'Size of the last checkpoint.'),
  checkpointHeld: row(
    'checkpoint_held_seconds',
    'How long the copy for the last checkpoint held everything else.',
  ),
  commitSeconds: row('commit_seconds', 'How long it took to store the last derived records.'),
  ...PARTITION_GAUGES,
  queueDepth: row('queue_depth', 'Entries that wait in a queue.', 'queue'),
  queueBytes: row('queue_bytes', 'Bytes that wait in a queue.', 'queue'),
  pageClients: row('page_clients', 'Live pages that are open.'),
  pageReplays: row('page_replays', 'Recordings that live pages replay.'),
  documentStoreUp: row(
    'document_store_up',
    '1 when the last request to the store of documents worked, else 0; absent without one.',
  ),
  documentsOldest: row(
    'documents_oldest_seconds',
    'How long the oldest document has waited that the store does not have; 0 when none waits.',
  ),
  documentsDead: row(
    'documents_dead',
    'Documents that the store refused, kept in the state folder (spikescope dead list).',
  ),
  alertmanagerUp: row(
    'alertmanager_up',
    '1 when the last request to Alertmanager worked, else 0; absent before the first.',
  ),
  natsConnected: row('nats_connected', '1 when connected to NATS, else 0.'),
  healthCheckAge: row(
    'health_check_age_seconds',
    'Since the last round of the health monitor; a round a second is usual.',
  ),
  benchmarkExecutor: row(
    'benchmark_executor_available',
    '1 when an executor of benchmarks answered when last asked, 0 when there was none.',
    'hardware',
  ),
  buildInfo: row('build_info', 'Always 1.', 'version', 'node_version'),
  eventLag: {
    ...row(
      'event_lag_seconds',
      "Arrival of a chip's last frame less its end.",
      'device_type',
      'chip_id',
    ),
    expires: 'chip',
  } satisfies MetricSpec,
};

export type OwnMetrics = {
  readonly [K in keyof typeof COUNTERS]: MetricFamily<CounterSeries>;
} & {
  readonly [K in keyof typeof GAUGES]: MetricFamily<GaugeSeries>;
} & {
  readonly operatorEvents: Readonly<Record<OperatorEvent, CounterSeries>>;
};

/** Defines the service's own metrics; those without labels are there, at 0, from the start. */
export function defineOwnMetrics(define: MetricDefiner): OwnMetrics {
  const own = defineAll(define);
  own.natsConnected.series().set(0);
  own.pageClients.series().set(0);
  own.pageReplays.series().set(0);
  return own;
}

/** The same without any value. */
export function defineAll(define: MetricDefiner): OwnMetrics {
  const counters = mapValues(COUNTERS, (spec, key) =>
    define.counter({ ...spec, ofProcess: OF_PROCESS.has(key) }),
  );
  const gauges = mapValues(GAUGES, (spec, key) =>
    define.gauge({ ...spec, ofProcess: key !== 'eventLag' }),
  );
  for (const [key, spec] of Object.entries(COUNTERS)) {
    if (spec.labels.length === 0) counters[key as keyof typeof COUNTERS].series();
  }
  const refused = (bound: string) => counters.stateRefused.series(bound);
  const odd = (reason: string) => counters.conversionEventsOdd.series(reason);
  return {
    ...counters,
    ...gauges,
    operatorEvents: {
      samples_late: counters.samplesLate.series(),
      windows_incomplete: counters.windowsIncomplete.series(),
      time_jumps: counters.timeJumps.series(),
      samples_not_finite: counters.samplesNotFinite.series(),
      energy_gaps: counters.energyGaps.series(),
      energy_negative: counters.energyNegative.series(),
      parts_refused: refused('parts'),
      layers_refused: refused('layers'),
      chips_refused: refused('chips'),
      cores_refused: refused('cores'),
      counters_refused: refused('counters'),
      fragments_refused: refused('fragments'),
      conversion_events_repeated: odd('repeated'),
      conversion_events_early: odd('early'),
      conversions_unstarted: odd('unstarted'),
      conversions_refused: refused('conversions'),
      runs_refused: refused('runs'),
      run_frames_late: counters.runFramesLate.series(),
      models_refused: refused('models'),
      quotients_undefined: counters.quotientsUndefined.series(),
      latencies_negative: counters.latenciesNegative.series(),
      series_unwatched: refused('watched_series'),
      incidents_refused: refused('incidents'),
      mutes_refused: refused('mutes'),
    },
  };
}
