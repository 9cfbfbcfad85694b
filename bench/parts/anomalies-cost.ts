import { loadPipelines } from '../../src/cli/load-pipelines.ts';
import { NO_SINKS } from '../../src/component/record-sinks.ts';
import { FrameEncoder } from '../../src/frames/encode.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import type { SpikesFrame } from '../../src/frames/spikes.ts';
import { formatSubject } from '../../src/frames/subject.ts';
import { Simulation } from '../../src/simulation/simulation.ts';
import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';
import { defineOwnMetrics } from '../../src/telemetry/own-metrics.ts';
import { startTopology } from '../../src/topology/topology.ts';
import { type BenchOptions, median, type Row } from './report.ts';
import { frameOf, spanOf, USUAL_SHAPE } from './spike-stream.ts';

const SPAN_US = 100_000;

interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
}

interface Workload {
  readonly name: string;
  readonly make: (scale: number) => Message[];
}

/** The frame path as part `nats` measures it, 3 s of event time; and all that a small chip tells. */
const WORKLOADS: readonly Workload[] = [
  ...[65_536, 4096, 256].map((spikes) => ({
    name: `64 layers, ${spikes.toLocaleString('en')} spikes a frame`,
    make: (scale: number) => usual(spikes, 3 * scale),
  })),
  { name: 'simulate steady, frames of 100 ms', make: (scale) => simulated(300 * scale) },
];

/** Messages through the door and all pipelines, with the detectors and without, in turn. */
export async function anomaliesCost({ rounds, scale }: BenchOptions): Promise<Row[]> {
  const pipelines = await loadPipelines();
  const without = pipelines.filter(({ name }) => name !== 'anomalies');
  return WORKLOADS.map(({ name, make }) => {
    const messages = make(scale);
    const withS: number[] = [];
    const withoutS: number[] = [];
    for (let round = 0; round <= 2 * rounds; round++) {
      const [a, b] = [secondsOf(messages, without), secondsOf(messages, pipelines)];
      // The first is for the compiler.
      if (round === 0) continue;
      withoutS.push(a);
      withS.push(b);
    }
    const [slow, fast] = [median(withS), median(withoutS)];
    const perSecond = (seconds: number) => Math.round(messages.length / seconds);
    return {
      what: name,
      'frames a CPU-second, without': perSecond(fast),
      'with detectors': perSecond(slow),
      'cost, µs a frame': Math.round((1e8 * (slow - fast)) / messages.length) / 100,
      'cost, % of the throughput': Math.round(1000 * (1 - fast / slow)) / 10,
    };
  });
}

/** Frames of parts in turn, each a little later than the one before. */
function usual(spikesPerFrame: number, seconds: number): Message[] {
  const shape = { ...USUAL_SHAPE, spikesPerFrame, encoding: 'msgpack' } as const;
  const spanUs = spanOf(shape);
  const encoder = new FrameEncoder();
  const parts: SpikesFrame[] = [];
  for (let chip = 0; chip < shape.chips; chip++) {
    for (let layer = 0; layer < shape.layers; layer++) {
      parts.push(frameOf(shape, chip, layer, spanUs));
    }
  }
  const messages: Message[] = [];
  for (let turn = 0; turn * spanUs < seconds * 1e6; turn++) {
    for (const [i, part] of parts.entries()) {
      const seq = turn * shape.layers + (i % shape.layers);
      const frame = { ...part, t0Us: part.t0Us + turn * spanUs, seq };
      const data = encoder.encode(frame, 'msgpack').slice();
      messages.push({ subject: formatSubject('spikeformer', frame), data });
    }
  }
  return messages;
}

function simulated(seconds: number): Message[] {
  const durationUs = Math.max(1, Math.round(seconds)) * 1_000_000;
  const simulation = new Simulation({ scenario: 'steady', seed: 1, startUs: 0, durationUs });
  const encoder = new FrameEncoder();
  const messages: Message[] = [];
  for (const frame of simulation.frames(SPAN_US)) {
    const data = encoder.encode(frame, 'msgpack').slice();
    messages.push({ subject: formatSubject('spikeformer', frame), data });
  }
  return messages;
}

/** CPU time: what others do on the machine meanwhile is not ours. */
function secondsOf(
  messages: readonly Message[],
  pipelines: Awaited<ReturnType<typeof loadPipelines>>,
): number {
  const store = new MetricStore();
  const topology = startTopology({
    prefix: 'spikeformer',
    limits: FRAME_LIMITS,
    pipelines,
    pipelineOptions: new Map(pipelines.map((each) => [each.name, each.options.parse({})])),
    define: store,
    own: defineOwnMetrics(store),
    sinks: NO_SINKS,
    watches: [],
    heard: () => {},
    dead: ({ detail }) => {
      throw new Error(detail);
    },
    onFailure: (_, error) => {
      throw error;
    },
  });
  const before = process.cpuUsage();
  for (const { subject, data } of messages) {
    const rest = { contentType: 'application/msgpack', arrivedUs: 0, sequence: undefined };
    topology.inlet.message({ subject, data, ...rest });
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
