import type { ActivityFrame } from '../frames/activity.ts';
import type { BenchmarkFrame } from '../frames/benchmark.ts';
import type { ConversionFrame } from '../frames/conversion.ts';
import type { CoresFrame } from '../frames/cores.ts';
import { FrameError, shown } from '../frames/frame-error.ts';
import type { HealthFrame } from '../frames/health.ts';
import type { InferenceFrame } from '../frames/inference.ts';
import type { LogFrame } from '../frames/log.ts';
import type { MembraneFrame } from '../frames/membrane.ts';
import type { PowerFrame } from '../frames/power.ts';
import type { SpikesFrame } from '../frames/spikes.ts';
import type { SynapsesFrame } from '../frames/synapses.ts';
import { buildFrame, toColumn } from './build-frame.ts';
import type { FrameInput } from './frame-input.ts';

export type SpikesInput = FrameInput<SpikesFrame, 'neuronType' | 'neuronOffset'>;

/** Spikes of one layer on one chip. A span without spikes is worth a frame: it says "silent". */
export function spikesFrame(input: SpikesInput): SpikesFrame {
  return buildFrame('spikes', input, { neuronId: 'u32', dtUs: 'u32' });
}

export type MembraneInput = FrameInput<MembraneFrame, 'unit' | 'neuronOffset'>;

/** Membrane potentials, time-major: values[i·n + j] is neuron j at time i. */
export function membraneFrame(input: MembraneInput): MembraneFrame {
  return buildFrame('membrane', input, { neuronId: 'u32', dtUs: 'u32', values: 'f32' });
}

export type PowerInput = FrameInput<PowerFrame, 'rail' | 'component' | 'origin'>;

/** Power of one rail: samples in order of time. */
export function powerFrame(input: PowerInput): PowerFrame {
  const columns = { dtUs: 'u32', watts: 'f32', joules: 'f64', stepUs: 'f64' } as const;
  return buildFrame('power', input, columns);
}

export type CoresInput = FrameInput<CoresFrame, 'spanUs'>;

/** Utilization of a chip's cores, 0 to 100. */
export function coresFrame(input: CoresInput): CoresFrame {
  return buildFrame('cores', input, { coreId: 'u32', utilizationPercent: 'f32' });
}

type CounterColumn = Float64Array | readonly number[];
type Counters = ReadonlyMap<string, CounterColumn> | Readonly<Record<string, CounterColumn>>;

export type ActivityInput = Omit<
  FrameInput<ActivityFrame, 'spanUs' | 'coreId' | 'cumulative'>,
  'counters'
> & {
  /** Counter name to one value a core, or to one value for the scope `chip`. */
  readonly counters: Counters;
};

/** Event counters of a chip, its cores or its routers. */
export function activityFrame(input: ActivityInput): ActivityFrame {
  const counters = new Map<string, unknown>();
  for (const [name, column] of entriesOf(input.counters, 'counters')) {
    counters.set(name, toColumn(column, `counters.${name}`, 'f64'));
  }
  const cumulative = input.cumulative ?? false;
  return buildFrame('activity', { ...input, cumulative, counters }, { coreId: 'u32' });
}

export type SynapsesInput = FrameInput<SynapsesFrame, 'spanUs'>;

/** Weight updates since the chip's previous frame. */
export function synapsesFrame(input: SynapsesInput): SynapsesFrame {
  if (!Array.isArray(input.updates)) {
    throw new FrameError('wrong_type', 'updates', `needs a list, got ${shown(input.updates)}`);
  }
  return buildFrame('synapses', input, {});
}

export type HealthInput = FrameInput<HealthFrame, 'spanUs'>;

/** A chip's own word on its health; also the answer to a ping. */
export function healthFrame(input: HealthInput): HealthFrame {
  return buildFrame('health', input, {});
}

export type ConversionInput = FrameInput<ConversionFrame, 'spanUs'>;

/** An event of a model's conversion; t0Us of a step and of the finish is their end. */
export function conversionFrame(input: ConversionInput): ConversionFrame {
  return buildFrame('conversion', input, {});
}

export type InferenceInput = FrameInput<InferenceFrame, 'spanUs' | 'count'>;

/** A batch of inferences; `count` is by default the number of latencies. */
export function inferenceFrame(input: InferenceInput): InferenceFrame {
  const count = input.count ?? input.latencyUs?.length;
  return buildFrame('inference', { ...input, count }, { latencyUs: 'f32' });
}

export type BenchmarkInput = FrameInput<BenchmarkFrame, 'spanUs'>;

/** The result of one benchmark run; also the answer of a benchmark's executor. */
export function benchmarkFrame(input: BenchmarkInput): BenchmarkFrame {
  return buildFrame('benchmark', input, {});
}

export type LogInput = Omit<FrameInput<LogFrame, 'spanUs'>, 'names'> & {
  /**
   * `logger`, `module`, `function`, `model_id`, `hardware_type`, `user_id`, and of an event
   * `model_type`, `model_size`, `hardware_target`, `layer_name`, where known.
   */
  readonly names?: ReadonlyMap<string, string> | Readonly<Record<string, string>> | undefined;
};

/** One structured log line. */
export function logFrame(input: LogInput): LogFrame {
  const names = new Map(entriesOf(input.names ?? {}, 'names'));
  return buildFrame('log', { ...input, names }, {});
}

function entriesOf(map: unknown, name: string): Iterable<[string, unknown]> {
  if (map instanceof Map) return map;
  if (typeof map === 'object' && map !== null && !Array.isArray(map)) return Object.entries(map);
  throw new FrameError('wrong_type', name, `needs a Map or an object, got ${shown(map)}`);
}
