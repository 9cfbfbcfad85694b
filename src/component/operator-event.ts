/** What operators meet on their way and count; each is one own metric (see telemetry). */
export const OPERATOR_EVENTS = [
  'samples_late',
  'windows_incomplete',
  'time_jumps',
  'samples_not_finite',
  'energy_gaps',
  'energy_negative',
  'parts_refused',
  'layers_refused',
  'chips_refused',
  'cores_refused',
  'counters_refused',
  'fragments_refused',
  'conversion_events_repeated',
  'conversion_events_early',
  'conversions_unstarted',
  'conversions_refused',
  'runs_refused',
  'run_frames_late',
  'models_refused',
  'quotients_undefined',
  'latencies_negative',
  'series_unwatched',
  'incidents_refused',
  'mutes_refused',
] as const;

export type OperatorEvent = (typeof OPERATOR_EVENTS)[number];

/** Counts an event; the counts are part of the checkpoint. */
export type CountEvent = (event: OperatorEvent, count: number) => void;
