import { FrameDecoder } from '../../src/frames/decode.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { FrameError } from '../../src/frames/frame-error.ts';
import { FRAME_LIMITS, type FrameLimits } from '../../src/frames/limits.ts';
import { type FrameSubject, parseSubject } from '../../src/frames/subject.ts';
import { type Packable, toJson, toMsgpack } from './pack.ts';

/** One plain valid message of each kind that tests change by hand. */
export type Changes = Readonly<Record<string, Packable | undefined>>;

const HEADER = { v: 1, device_type: 'loihi2', chip_id: 'chip0', t0: 1000, span_us: 100 };

const PLAIN = {
  spikes: {
    layer_name: 'l',
    neuron_count: 10,
    neuron_id: Uint32Array.of(1, 9),
    dt: Uint32Array.of(99, 0),
  },
  membrane: {
    layer_name: 'l',
    neuron_id: Uint32Array.of(3, 4),
    dt: Uint32Array.of(5, 5),
    values: Float32Array.of(-65, -64, -63, -62),
  },
  power: { dt: Uint32Array.of(0, 50), watts: Float32Array.of(0.5, -0.25) },
  cores: { core_id: Uint32Array.of(0, 1), utilization_percent: Float32Array.of(0, 100) },
  activity: {
    scope: 'core',
    core_id: Uint32Array.of(0, 1),
    counters: new Map([['syn_ops', Float64Array.of(1, 2)]]),
  },
  synapses: {
    updates: [
      new Map<string, Packable>([
        ['synapse_type', 'excitatory'],
        ['learning_rule', 'stdp'],
        ['count', 7],
      ]),
    ],
  },
  health: { status: 'ok' },
  conversion: {
    conversion_id: 'c',
    event: 'finished',
    success: false,
    duration_us: 5,
    error_type: 'OutOfCores',
  },
  inference: {
    model_name: 'vit',
    hardware: 'loihi2',
    count: 2,
    energy_joules: 0.5,
    latency_us: Float32Array.of(1, 2),
  },
  log: { level: 'INFO', message: 'hello' },
} satisfies Readonly<Record<string, Changes>>;

export type PlainKind = keyof typeof PLAIN;

/** A plain message with some fields changed; undefined leaves one out. */
export function fieldsOf(kind: PlainKind, changes: Changes = {}): Map<string, Packable> {
  const fields = new Map<string, Packable>();
  const whole: Changes = { ...HEADER, kind, ...PLAIN[kind], ...changes };
  for (const [name, value] of Object.entries(whole)) {
    if (value !== undefined) fields.set(name, value);
  }
  return fields;
}

export interface Sent {
  readonly subject?: string;
  readonly contentType?: string;
  readonly limits?: Partial<FrameLimits>;
}

/** Decodes bytes as the service would. */
export function decode(data: Uint8Array, sent: Sent = {}): Frame {
  const decoder = new FrameDecoder({ ...FRAME_LIMITS, ...sent.limits });
  const subject: FrameSubject | undefined =
    sent.subject === undefined ? undefined : parseSubject('spikeformer', sent.subject);
  return decoder.decode(data, subject, sent.contentType);
}

/** What is wrong with a message; fails where nothing is. */
export function errorOf(data: Uint8Array, sent: Sent = {}): FrameError {
  try {
    decode(data, sent);
  } catch (error) {
    if (error instanceof FrameError) return error;
    throw error;
  }
  throw new Error('the message is a frame');
}

/** The same fields in both encodings. */
export function inBoth(fields: ReadonlyMap<string, Packable>): readonly Uint8Array[] {
  return [toMsgpack(fields), toJson(fields)];
}
