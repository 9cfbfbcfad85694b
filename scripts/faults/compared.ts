import { nameOf } from './exposition.ts';

/**
 * Counters that tell what a process did and not what the stream holds: how often it connected,
 * asked, wrote again. They differ between a run with faults and one without, and start anew with a
 * process. All other counters and histograms are compared.
 */
const OF_PROCESS: Readonly<Record<string, string>> = {
  spikescope_nats_disconnects_total: 'connections are lost in one run only',
  spikescope_nats_reconnects_total: 'as above',
  spikescope_health_checks_total: 'pings of a chip that never answers, by the clock',
  spikescope_health_monitor_failures_total: 'of rounds by the clock',
  spikescope_documents_total: 'a document that is offered again is present, not created',
  spikescope_document_store_failures_total: 'the store fails in one run only',
  spikescope_stream_interruptions_total: 'reading begins anew in one run only',
  spikescope_commit_failures_total: 'as above',
  spikescope_checkpoints_total: 'written by the clock',
  spikescope_partition_changes_total: 'partitions change hands in one run only',
};

/** Counters that frames of emitter `spikescope` are part of: one for each start of a process. */
const OF_OWN_FRAMES: Readonly<Record<string, string>> = {
  'spikescope_records_total{pipeline="chip-health"}': 'a start tells of the chip that is watched',
};

/** Counters of what may be told in one piece or in several. */
const OF_ORDER: Readonly<Record<string, string>> = {
  'spikescope_records_total{partition="join",pipeline="runs"}':
    'a run of chips in several partitions is one record or more, by which were read first',
};

export function isOfProcess(series: string): boolean {
  return nameOf(series) in OF_PROCESS || isOfNode(series);
}

/** What Node itself tells: CPU, garbage collection. */
function isOfNode(series: string): boolean {
  const name = nameOf(series);
  return name.startsWith('process_') || name.startsWith('nodejs_');
}

/** Sums of potentials, which are negative: what adds to such a sum makes it less. */
const NEGATIVE_SUM = /^(membrane_potential|neuromorphic_membrane_raw)_sum\{/;

/** Whether a counter may be lower than it was. */
export function mayFall(series: string): boolean {
  return isOfNode(series) || NEGATIVE_SUM.test(series);
}

/** The counters that a run without faults has the same. */
export function comparable(counters: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...counters].filter(([series]) => !isOfProcess(series) && !isOtherwise(series)));
}

function isOtherwise(series: string): boolean {
  return series in OF_ORDER || series.replace(/partition="[^"]*",/, '') in OF_OWN_FRAMES;
}

/** What is not compared, each with its reason, for the report. */
export function notCompared(): string[] {
  return Object.entries({ ...OF_PROCESS, ...OF_OWN_FRAMES, ...OF_ORDER }).map(
    ([series, reason]) => `${series} (${reason})`,
  );
}
