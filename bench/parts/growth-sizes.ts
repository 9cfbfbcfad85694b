import type { Machine, SpikeFrames } from '../peers/own-frames.ts';

export interface Size {
  readonly name: string;
  /** What the exponent is fitted over. */
  readonly value: number;
  readonly frames: Omit<SpikeFrames, 'encoding'>;
  /** Of the service. */
  readonly config: unknown;
  /** Of its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Of a measurement; not fewer than `spikesMin`, so that windows close. */
  readonly spikes: number;
  readonly spikesMin: number;
}

export interface Dimension {
  readonly name: string;
  /** Whether there are more spikes a second as it grows. */
  readonly grows: 'with spikes' | 'alone';
  readonly sizes: readonly Size[];
}

const SPIKES = 40_000_000;
/** Of event time: so that windows of a second close, of all parts. */
const SECONDS_MIN = 2.5;
const ONE_LAYER: Machine = { chips: 1, layers: 1, neurons: 1024 };
const SPIKES_PER_FRAME = 1024;
/** What has bounds that are lower by default is to be looked at, not its bounds. */
const ROOM = {
  metrics: { series_max: 100_000 },
  pipelines: { anomalies: { parts_max: 4096 } },
};

interface SizeOptions {
  readonly config?: unknown;
  readonly env?: Readonly<Record<string, string>>;
  readonly spikesPerFrame?: number;
  readonly hasTimesteps?: boolean;
  readonly seconds?: number;
}

function sizeOf(value: number, machine: Machine, options: SizeOptions = {}): Size {
  const { spikesPerFrame = SPIKES_PER_FRAME, hasTimesteps = false, config = ROOM } = options;
  const neurons = machine.chips * machine.layers * machine.neurons;
  const spikesMin = neurons * (machine.rateHz ?? 20) * (options.seconds ?? SECONDS_MIN);
  return {
    name: value.toLocaleString('en'),
    value,
    frames: { spikesPerFrame, machine, hasTimesteps },
    config,
    ...(options.env === undefined ? {} : { env: options.env }),
    spikes: SPIKES,
    spikesMin,
  };
}

/** Sixteen layers that share the neurons; a frame is a second of a layer, or 4,096 spikes. */
function neuronsSize(neurons: number): Size {
  const machine = { chips: 1, layers: 16, neurons: Math.round(neurons / 16), rateHz: 5 };
  const spikesPerFrame = Math.max(64, Math.min(4096, machine.neurons * machine.rateHz));
  return sizeOf(neurons, machine, { spikesPerFrame });
}

function windowSize(name: string, seconds: number): Size {
  const machine = { chips: 4, layers: 16, neurons: 1024, rateHz: 5 };
  const config = { pipelines: { 'spike-rate': { window: name } } };
  return { ...sizeOf(seconds, machine, { config, seconds: seconds * 2.2 }), name };
}

/** All that read spikes come first; those that read other kinds cost spikes nothing. */
const PIPELINE_STEPS = [
  ['spike-totals'],
  ['spike-totals', 'spike-rate'],
  ['spike-totals', 'spike-rate', 'anomalies'],
  [],
];
const PIPELINES = 14;

function pipelinesSize(names: readonly string[]): Size {
  const count = names.length === 0 ? PIPELINES : names.length;
  const machine = { chips: 4, layers: 16, neurons: 4096 };
  const options = { config: {}, spikesPerFrame: 4096, env: { BENCH_PIPELINES: names.join(',') } };
  const size = sizeOf(count, machine, options);
  return { ...size, name: names.length === 0 ? `all ${PIPELINES}` : names.join(', ') };
}

/** A layer has 64 steps, each a series. */
function seriesSize(series: number): Size {
  const layers = Math.max(1, Math.round(series / 64));
  const machine = { chips: 1, layers, neurons: 1024 };
  return sizeOf(layers * 64, machine, { hasTimesteps: true });
}

export const DIMENSIONS: readonly Dimension[] = [
  {
    name: 'layers of 1,024 neurons',
    grows: 'with spikes',
    sizes: [1, 10, 100, 1000].map((layers) => sizeOf(layers, { ...ONE_LAYER, layers })),
  },
  {
    name: 'neurons',
    grows: 'with spikes',
    sizes: [1000, 10_000, 100_000, 1_000_000, 10_000_000].map(neuronsSize),
  },
  {
    name: 'chips of one layer',
    grows: 'with spikes',
    sizes: [1, 10, 100, 1000].map((chips) => sizeOf(chips, { ...ONE_LAYER, chips })),
  },
  {
    name: 'spikes a second of a neuron',
    grows: 'with spikes',
    sizes: [1, 10, 100].map((rateHz) => {
      return sizeOf(rateHz, { chips: 4, layers: 16, neurons: 4096, rateHz });
    }),
  },
  {
    name: 'length of a window',
    grows: 'alone',
    sizes: [
      windowSize('100ms', 0.1),
      windowSize('1s', 1),
      windowSize('10s', 10),
      windowSize('1m', 60),
    ],
  },
  { name: 'pipelines', grows: 'alone', sizes: PIPELINE_STEPS.map(pipelinesSize) },
  {
    name: 'series of spike totals',
    grows: 'alone',
    sizes: [128, 1024, 10_240, 98_304].map(seriesSize),
  },
];
