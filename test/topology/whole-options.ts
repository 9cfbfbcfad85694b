import type { AnyPipeline } from '../../src/component/pipeline.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import type { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';
import { defineOwnMetrics } from '../../src/telemetry/own-metrics.ts';
import type { TopologyOptions } from '../../src/topology/topology.ts';

/** What topologies of tests have in common: these pipelines, with the options of a service. */
export function wholeOptions(
  pipelines: readonly AnyPipeline[],
  store: MetricStore,
): Omit<TopologyOptions, 'sinks' | 'dead' | 'onFailure'> {
  return {
    prefix: 'spikeformer',
    limits: FRAME_LIMITS,
    pipelines,
    pipelineOptions: new Map(pipelines.map(({ name, options }) => [name, options.parse({})])),
    define: store,
    own: defineOwnMetrics(store),
    watches: [],
    heard: (deviceType, chipId) => store.heard(deviceType, chipId),
  };
}
