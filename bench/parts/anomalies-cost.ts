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
import { frameOf, placesOf, SEQ0, spanOf, T0_US, USUAL_SHAPE } from './spike-stream.ts';

const SPAN_US = 100_000;

interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
}

/** Messages slice by slice, each as long as a few ms of work; they go on where the last ended. */
interface Workload {
  readonly name: string;
  readonly slices: (scale: number) => Iterable<readonly Message[]>;
}

/** The frame path as `nats` measures it; and all that a small chip tells. */
const WORKLOADS: readonly Workload[] = [
  ...[65_536, 4096, 256].map((spikes) => ({
    name: `64 layers, ${spikes.toLocaleString('en')} spikes a frame`,
    slices: (scale: number) => usual(spikes, scale),
  })),
  { name: 'simulate steady, frames of 100 ms', slices: (scale) => simulated(300 * scale) },
];
/** Spikes of a slice, of which `usual` has so many; 64 frames, one a layer, at least. */
const SLICE_SPIKES = 4_194_304;
const SLICE_FRAMES_MAX = 6400;
const SLICES = 60;
/** Until compilers have settled, and detectors have seen what is usual. */
const WARM_SHARE = 0.25;
const SLICE_MESSAGES = 3000;

/**
 * The same messages through two services, one with the detectors and one without, slice by slice in
 * turns, each of which goes on for all of the time: what others do on the machine meanwhile hits
 * both, and what starts once is in neither.
 */
export async function anomaliesCost({ scale }: BenchOptions): Promise<Row[]> {
  const pipelines = await loadPipelines();
  const without = pipelines.filter(({ name }) => name !== 'anomalies');
  return WORKLOADS.map(({ name, slices }) => {
    const [bare, watching] = [service(without), service(pipelines)];
    const [bareUs, watchingUs]: [number[], number[]] = [[], []];
    let turn = 0;
    for (const messages of slices(scale)) {
      const isFirst = turn++ % 2 === 0;
      if (isFirst) bareUs.push(bare(messages));
      watchingUs.push(watching(messages));
      if (!isFirst) bareUs.push(bare(messages));
    }
    const warm = Math.floor(turn * WARM_SHARE);
    const [fast, slow] = [median(bareUs.slice(warm)), median(watchingUs.slice(warm))];
    return {
      what: name,
      'frames a CPU-second, without': Math.round(1e6 / fast),
      'with detectors': Math.round(1e6 / slow),
      'cost, µs a frame': Math.round(100 * (slow - fast)) / 100,
      'cost, % of the throughput': Math.round(1000 * (1 - fast / slow)) / 10,
    };
  });
}

/** Frames of parts in turn, each a little later than the one before, written over in place. */
function* usual(spikesPerFrame: number, scale: number): Iterable<readonly Message[]> {
  const shape = { ...USUAL_SHAPE, spikesPerFrame, encoding: 'msgpack' } as const;
  const spanUs = spanOf(shape);
  const parts = shape.chips * shape.layers;
  const wanted = Math.min(SLICE_FRAMES_MAX, SLICE_SPIKES / spikesPerFrame);
  const turns = Math.max(1, Math.floor(wanted / parts));
  const stamped: Stamped[] = [];
  for (let turn = 0; turn < turns; turn++) {
    for (let i = 0; i < parts; i++) {
      const frame = frameOf(shape, Math.floor(i / shape.layers), i % shape.layers, spanUs);
      stamped.push(new Stamped(frame));
    }
  }
  for (let slice = 0; slice < Math.max(8, SLICES * scale); slice++) {
    for (const [i, message] of stamped.entries()) {
      const at = slice * turns + Math.floor(i / parts);
      message.stamp(at * spanUs, at * shape.layers + (i % shape.layers));
    }
    yield stamped;
  }
}

/** An encoded frame whose time and number are written over. */
class Stamped implements Message {
  readonly subject: string;
  readonly data: Uint8Array;
  private readonly view: DataView;
  private readonly t0At: number;
  private readonly seqAt: number;

  constructor(frame: SpikesFrame) {
    this.subject = formatSubject('spikeformer', frame);
    this.data = new FrameEncoder().encode(frame, 'msgpack').slice();
    this.view = new DataView(this.data.buffer, this.data.byteOffset, this.data.byteLength);
    const { t0At, seqAt } = placesOf(Buffer.from(this.data), 'msgpack');
    this.t0At = t0At;
    this.seqAt = seqAt;
  }

  stamp(laterUs: number, more: number): void {
    this.view.setBigUint64(this.t0At, BigInt(T0_US + laterUs));
    this.view.setUint32(this.seqAt, SEQ0 + more);
  }
}

function* simulated(seconds: number): Iterable<readonly Message[]> {
  const durationUs = Math.max(1, Math.round(seconds)) * 1_000_000;
  const simulation = new Simulation({ scenario: 'steady', seed: 1, startUs: 0, durationUs });
  const encoder = new FrameEncoder();
  let messages: Message[] = [];
  for (const frame of simulation.frames(SPAN_US)) {
    const data = encoder.encode(frame, 'msgpack').slice();
    messages.push({ subject: formatSubject('spikeformer', frame), data });
    if (messages.length < SLICE_MESSAGES) continue;
    yield messages;
    messages = [];
  }
}

/** Takes messages in, and says what CPU time each of them took, in µs. */
function service(
  pipelines: Awaited<ReturnType<typeof loadPipelines>>,
): (messages: readonly Message[]) => number {
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
  return (messages) => {
    const before = process.cpuUsage();
    for (const { subject, data } of messages) {
      const rest = { contentType: 'application/msgpack', arrivedUs: 0, sequence: undefined };
      topology.inlet.message({ subject, data, ...rest });
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / messages.length;
  };
}
