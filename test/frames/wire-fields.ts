import type { FrameKind } from '../../src/frames/header.ts';

/**
 * The wire, version 1, once more as a table: written from the design, not from the code, so that
 * tests compare two readings of it.
 */
export type WireType =
  | 'u16'
  | 'u32'
  | 'f32'
  | 'f64'
  | 'integer'
  | 'number'
  | 'name'
  | 'text'
  | 'boolean'
  | 'word'
  | 'token'
  /** A number, or an f32 column. */
  | 'step'
  | 'names'
  | 'counters'
  | 'updates';

export interface WireField {
  readonly name: string;
  readonly type: WireType;
  readonly needed: boolean;
  /** Of integers and numbers; other numbers have no bound. */
  readonly min?: number;
  readonly max?: number;
  readonly words?: readonly string[];
}

/**
 * Fields of one kind, or of one form of it: an event of `conversion`, a scope of `activity`, the
 * columns of `spikes`.
 */
export interface WireShape {
  readonly kind: FrameKind;
  readonly form: string;
  /** Columns lie in time: the span is 1 µs or more. */
  readonly timed: boolean;
  /** Fields whose value tells the form. */
  readonly fixed: Readonly<Record<string, string>>;
  readonly fields: readonly WireField[];
}

const SAFE = 2 ** 53 - 1;

function need(name: string, type: WireType, rest: Partial<WireField> = {}): WireField {
  return { name, type, needed: true, ...rest };
}

function may(name: string, type: WireType, rest: Partial<WireField> = {}): WireField {
  return { name, type, needed: false, ...rest };
}

/** What every frame has, besides v and kind. */
export const COMMON_FIELDS: readonly WireField[] = [
  need('device_type', 'token'),
  need('chip_id', 'token'),
  need('t0', 'integer', { min: 0, max: SAFE }),
  need('span_us', 'integer', { min: 0, max: 60_000_000 }),
  may('seq', 'integer', { min: 0, max: SAFE }),
  may('run_id', 'name'),
  may('emitter', 'name'),
];

const COUNT = { min: 0, max: SAFE };
const POSITIVE = { min: 0, max: Number.MAX_VALUE };

function shape(
  kind: FrameKind,
  fields: readonly WireField[],
  rest: Partial<WireShape> = {},
): WireShape {
  return { kind, form: '', timed: false, fixed: {}, fields, ...rest };
}

/** Ids in one of two columns, times in one of three; the form says which, where they are denser. */
const SPIKES: readonly WireShape[] = (['neuron_id', 'neuron_id_u16'] as const).flatMap((ids) =>
  (['dt', 'dt_u16', 'step_spikes'] as const).map((times) =>
    shape(
      'spikes',
      [
        need('layer_name', 'name'),
        may('neuron_type', 'name'),
        need('neuron_count', 'integer', { min: 1, max: 2 ** 24 }),
        may('timestep0', 'integer', COUNT),
        may('timestep_us', 'integer', { min: 1, max: SAFE }),
        need(ids, ids === 'neuron_id' ? 'u32' : 'u16'),
        need(times, times === 'dt' ? 'u32' : 'u16'),
        may('neuron_offset', 'integer', COUNT),
      ],
      { timed: true, form: ids + times === 'neuron_iddt' ? '' : `${ids} ${times}` },
    ),
  ),
);

/** The form of a `spikes` message: the first of each that it has, u32 where it has none. */
export function spikesForm(has: (name: string) => boolean): string {
  const ids = !has('neuron_id') && has('neuron_id_u16') ? 'neuron_id_u16' : 'neuron_id';
  const times = ['dt', 'dt_u16', 'step_spikes'].find(has) ?? 'dt';
  return ids === 'neuron_id' && times === 'dt' ? '' : `${ids} ${times}`;
}

export const WIRE_SHAPES: readonly WireShape[] = [
  ...SPIKES,
  shape(
    'membrane',
    [
      need('layer_name', 'name'),
      need('neuron_id', 'u32'),
      need('dt', 'u32'),
      need('values', 'f32'),
      may('unit', 'name'),
      may('neuron_offset', 'integer', COUNT),
    ],
    { timed: true },
  ),
  shape(
    'power',
    [
      need('dt', 'u32'),
      need('watts', 'f32'),
      may('rail', 'name'),
      may('component', 'word', { words: ['total', 'static', 'dynamic'] }),
      may('origin', 'word', { words: ['measured', 'estimated', 'simulated'] }),
      may('joules', 'f64'),
      may('step_us', 'f64', POSITIVE),
    ],
    { timed: true },
  ),
  shape('cores', [
    need('core_id', 'u32'),
    need('utilization_percent', 'f32', { min: 0, max: 100 }),
    may('layer_name', 'names'),
  ]),
  ...(['core', 'router', 'chip'] as const).map((scope) =>
    shape(
      'activity',
      [
        ...(scope === 'chip' ? [] : [need('core_id', 'u32')]),
        need('counters', 'counters', POSITIVE),
        may('cumulative', 'boolean'),
        may('step_us', 'step', POSITIVE),
      ],
      { form: scope, fixed: { scope } },
    ),
  ),
  shape('synapses', [need('updates', 'updates')]),
  shape('health', [
    need('status', 'word', { words: ['ok', 'degraded', 'down'] }),
    may('message', 'text'),
    may('temperature_c', 'number'),
    may('forgotten', 'boolean'),
  ]),
  shape(
    'conversion',
    [
      need('conversion_id', 'name'),
      need('model_type', 'name'),
      need('model_name', 'name'),
      need('model_size', 'name'),
      need('model_parameters', 'integer', COUNT),
      need('hardware_target', 'name'),
    ],
    { form: 'started', fixed: { event: 'started' } },
  ),
  ...(['calibration', 'convert_layer', 'hardware_compilation'] as const).map((step) =>
    shape(
      'conversion',
      [
        need('conversion_id', 'name'),
        need('duration_us', 'number', COUNT),
        { name: 'layer_index', type: 'integer', needed: step === 'convert_layer', ...COUNT },
        may('layer_type', 'name'),
        may('calibration_samples', 'integer', COUNT),
      ],
      { form: step, fixed: { event: 'step', step } },
    ),
  ),
  shape(
    'conversion',
    [
      need('conversion_id', 'name'),
      need('success', 'boolean'),
      need('duration_us', 'number', COUNT),
      need('error_type', 'name'),
      may('error_message', 'text'),
    ],
    { form: 'finished', fixed: { event: 'finished' } },
  ),
  shape('inference', [
    need('model_name', 'name'),
    need('hardware', 'name'),
    need('count', 'integer', { min: 0, max: 131_072 }),
    need('energy_joules', 'number', POSITIVE),
    need('latency_us', 'f32'),
    may('synaptic_operations', 'number', POSITIVE),
    may('baseline_energy_joules', 'number', POSITIVE),
    may('baseline_name', 'name'),
  ]),
  shape('benchmark', [
    need('model', 'name'),
    need('hardware', 'name'),
    need('latency_seconds', 'number', POSITIVE),
    need('throughput_per_second', 'number', POSITIVE),
    need('duration_us', 'number', COUNT),
    may('accuracy', 'number', { min: 0, max: 1 }),
    may('energy_joules', 'number', POSITIVE),
    may('synaptic_operations', 'number', POSITIVE),
  ]),
  shape('log', [
    need('level', 'word', { words: ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] }),
    need('message', 'text'),
    may('logger', 'name'),
    may('module', 'name'),
    may('function', 'name'),
    may('line', 'integer', COUNT),
    may('event_type', 'name'),
    may('model_id', 'name'),
    may('hardware_type', 'name'),
    may('user_id', 'name'),
    may('error_message', 'text'),
    may('requires_attention', 'boolean'),
    may('model_type', 'name'),
    may('model_size', 'name'),
    may('hardware_target', 'name'),
    may('layer_name', 'name'),
    may('spike_count', 'integer', COUNT),
    may('timestep', 'integer', COUNT),
    may('spike_rate', 'number', POSITIVE),
    may('duration_us', 'integer', COUNT),
  ]),
];
