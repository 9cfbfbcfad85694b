import type { DerivedRecord } from '../../src/component/derived-record.ts';
import type { LogEvent } from '../../src/component/log-event.ts';
import type { AnyPipeline } from '../../src/component/pipeline.ts';
import { NO_SINKS } from '../../src/component/record-sinks.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import { Exposition as Text } from '../../src/sinks/prometheus/exposition.ts';
import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';
import { defineOwnMetrics } from '../../src/telemetry/own-metrics.ts';
import { startTopology } from '../../src/topology/topology.ts';
import { Exposition } from '../integration/service-process.ts';

/** One pipeline behind the door, as in the service, and all that comes out of it. */
export function runPipeline(pipeline: AnyPipeline, options: object = {}) {
  const store = new MetricStore();
  const derived: DerivedRecord[] = [];
  const logged: LogEvent[] = [];
  const topology = startTopology({
    prefix: 'spikeformer',
    limits: FRAME_LIMITS,
    pipelines: [pipeline],
    pipelineOptions: new Map([[pipeline.name, pipeline.options.parse(options)]]),
    define: store,
    own: defineOwnMetrics(store),
    sinks: {
      ...NO_SINKS,
      derived: (record) => derived.push(structuredClone(record)),
      log: { isEnabled: () => true, write: (event) => logged.push(event) },
    },
    watches: [],
    heard: () => {},
    dead: () => {},
    onFailure: (_, error) => {
      throw error;
    },
  });
  return {
    derived,
    logged,
    send: (...frames: readonly Frame[]) => {
      for (const frame of frames) topology.inlet.frame(frame);
    },
    metrics: async () => new Exposition(await new Text(store, () => {}).text()),
  };
}

export const HEADER = {
  deviceType: 'loihi2',
  chipId: '0',
  t0Us: 1_000_000,
  spanUs: 0,
  seq: undefined,
  runId: undefined,
  emitter: undefined,
  arrivedUs: Number.NaN,
  restarts: 0,
} as const;
