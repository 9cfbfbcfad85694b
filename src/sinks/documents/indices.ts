/**
 * The indices and their fields: one table for both stores, for their mappings and their queries.
 * `name`: matched whole, counted by. `guideName`: what the kit's guide asks for; in Elasticsearch
 * searched by words as `<field>`, matched whole and counted by as `<field>.keyword`, as the guide
 * writes it. `prose`: searched by words. A list of numbers is `whole[]`.
 */
export const FIELD_TYPES = [
  'name',
  'guideName',
  'prose',
  'whole',
  'number',
  'truth',
  'whole[]',
  'number[]',
] as const;
export type FieldType = (typeof FIELD_TYPES)[number];

export const INDEX_NAMES = [
  'logs',
  'rates',
  'power',
  'conversions',
  'benchmarks',
  'anomalies',
  'health',
  'runs',
] as const;
export type IndexName = (typeof INDEX_NAMES)[number];

type Fields = Readonly<Record<string, FieldType>>;

/** Of every document but log lines; `timestamp` is in all of them and not listed. */
const SPAN: Fields = { t0_us: 'whole', span_us: 'whole' };
const CHIP: Fields = { device_type: 'name', chip_id: 'name', run_id: 'name' };

const CONVERSION: Fields = {
  conversion_id: 'name',
  model_type: 'guideName',
  model_size: 'guideName',
  hardware_target: 'guideName',
  error_type: 'guideName',
  error_message: 'prose',
  trace_id: 'name',
  span_id: 'name',
};

/** Of a benchmark, and of the log line that tells it. */
const RESULT: Fields = {
  latency_seconds: 'number',
  throughput_per_second: 'number',
  accuracy: 'number',
  energy_joules: 'number',
  synaptic_operations: 'number',
};

export const INDEX_FIELDS: Readonly<Record<IndexName, Fields>> = {
  logs: {
    ...CHIP,
    ...CONVERSION,
    level: 'guideName',
    logger: 'name',
    message: 'prose',
    module: 'name',
    function: 'name',
    line: 'whole',
    event_type: 'guideName',
    model_id: 'name',
    hardware_type: 'guideName',
    user_id: 'name',
    layer_name: 'name',
    spike_count: 'whole',
    timestep: 'whole',
    spike_rate: 'number',
    spike_rate_hz: 'number',
    requires_attention: 'truth',
    status: 'name',
    reason: 'prose',
    duration_seconds: 'number',
    ...RESULT,
    latency_change: 'number',
    throughput_change: 'number',
    emitter: 'name',
    service: 'name',
  },
  rates: {
    ...SPAN,
    ...CHIP,
    layer_name: 'name',
    neuron_type: 'name',
    neuron_count: 'whole',
    spikes: 'whole',
    mean_rate_hz: 'number',
    rate_histogram: 'whole[]',
    timestep: 'whole',
  },
  power: {
    ...SPAN,
    ...CHIP,
    rail: 'name',
    component: 'name',
    watts: 'number',
    energy_joules: 'number',
  },
  conversions: {
    ...SPAN,
    ...CHIP,
    ...CONVERSION,
    event: 'name',
    model_name: 'guideName',
    model_parameters: 'whole',
    started_us: 'whole',
    step: 'name',
    layer_index: 'whole',
    layer_type: 'name',
    calibration_samples: 'whole',
    duration_us: 'number',
    success: 'truth',
  },
  benchmarks: {
    ...SPAN,
    ...CHIP,
    model: 'guideName',
    hardware: 'guideName',
    ...RESULT,
    duration_us: 'number',
  },
  anomalies: {
    ...SPAN,
    ...CHIP,
    incident_id: 'name',
    event: 'name',
    detector: 'guideName',
    series: 'name',
    layer_name: 'name',
    core_id: 'whole',
    severity: 'guideName',
    score: 'number',
    p_value: 'number',
    expected: 'number',
    observed: 'number',
    text: 'prose',
    started_us: 'whole',
    ended_us: 'whole',
    muted: 'truth',
    until_us: 'whole',
    reason: 'prose',
    user_id: 'name',
  },
  health: {
    ...SPAN,
    ...CHIP,
    event: 'name',
    connected: 'truth',
    status: 'name',
    reason: 'prose',
    temperature_c: 'number',
  },
  runs: {
    ...SPAN,
    run_id: 'name',
    hardware: 'name',
    chips: 'whole',
    model: 'guideName',
    config_hash: 'name',
    frames: 'whole',
    spikes: 'whole',
    energy_joules: 'number',
    frames_lost: 'whole',
    is_complete: 'truth',
    ended_by: 'name',
  },
};

/** Which derived records become documents, and of which index. */
export const INDEX_OF_RECORD: Readonly<Record<string, IndexName | undefined>> = {
  log: 'logs',
  'spike-rate': 'rates',
  power: 'power',
  conversion: 'conversions',
  benchmark: 'benchmarks',
  anomaly: 'anomalies',
  mute: 'anomalies',
  'chip-health': 'health',
  run: 'runs',
};

/** Fields of a record that other documents tell already: what came before a benchmark. */
export const LEFT_OUT: Readonly<Record<string, readonly string[] | undefined>> = {
  benchmark: ['history', 'change_against_previous', 'change_against_median'],
};
