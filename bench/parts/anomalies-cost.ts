import { loadPipelines } from '../../src/cli/load-pipelines.ts';
import { NO_SINKS } from '../../src/component/record-sinks.ts';
import { FrameEncoder } from '../../src/frames/encode.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import { formatSubject } from '../../src/frames/subject.ts';
import { Simulation } from '../../src/simulation/simulation.ts';
import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';
import { defineOwnMetrics } from '../../src/telemetry/own-metrics.ts';
import { startTopology } from '../../src/topology/topology.ts';
import { type BenchOptions, median, type Row } from './report.ts';

const SECONDS = 60;
const SPAN_US = 100_000;

interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
}

/** Messages through the door and all pipelines, with the detectors and without, in turn. */
export async function anomaliesCost({ rounds, scale }: BenchOptions): Promise<Row[]> {
  const messages = messagesOf(Math.max(1, Math.round(SECONDS * scale)));
  const pipelines = await loadPipelines();
  const without = pipelines.filter(({ name }) => name !== 'anomalies');
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
  return [
    { what: 'frames a second, without detectors', value: perSecond(fast) },
    { what: 'frames a second, with detectors', value: perSecond(slow) },
    {
      what: 'cost of detectors, % of the throughput',
      value: Math.round(1000 * (1 - fast / slow)) / 10,
    },
  ];
}

function messagesOf(seconds: number): Message[] {
  const durationUs = seconds * 1_000_000;
  const simulation = new Simulation({ scenario: 'steady', seed: 1, startUs: 0, durationUs });
  const encoder = new FrameEncoder();
  const messages: Message[] = [];
  for (const frame of simulation.frames(SPAN_US)) {
    const data = encoder.encode(frame, 'msgpack').slice();
    messages.push({ subject: formatSubject('spikeformer', frame), data });
  }
  return messages;
}

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
  const started = performance.now();
  for (const { subject, data } of messages) {
    const rest = { contentType: 'application/msgpack', arrivedUs: 0, sequence: undefined };
    topology.inlet.message({ subject, data, ...rest });
  }
  return (performance.now() - started) / 1000;
}
