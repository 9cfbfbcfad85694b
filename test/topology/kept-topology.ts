import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { AnyPipeline } from '../../src/component/pipeline.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';
import { defineOwnMetrics } from '../../src/telemetry/own-metrics.ts';
import { KeptState } from '../../src/topology/kept-state.ts';
import { startTopology } from '../../src/topology/topology.ts';

const FOLDER = join(import.meta.dirname, '../../pipelines');

export const PIPELINES: readonly AnyPipeline[] = await Promise.all(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.ts'))
    .map(async (name) => {
      return ((await import(join(FOLDER, name))) as { default: AnyPipeline }).default;
    }),
);

/** A topology as a service has it, with what it derives and all that a checkpoint holds of it. */
export function keptTopology(
  pipelines: readonly AnyPipeline[] = PIPELINES,
  hashes: Readonly<Record<string, string>> = {},
) {
  const store = new MetricStore();
  const own = defineOwnMetrics(store);
  const records: unknown[] = [];
  const failures: unknown[] = [];
  const topology = startTopology({
    prefix: 'spikeformer',
    limits: FRAME_LIMITS,
    pipelines,
    pipelineOptions: new Map(pipelines.map(({ name, options }) => [name, options.parse({})])),
    define: store,
    own,
    sinks: {
      // As it was at that moment, and not what its maker does to it later.
      derived: (record) => records.push(deserialize(serialize(record))),
      derivedLog: () => true,
      log: undefined,
      spans: undefined,
    },
    watches: [],
    heard: () => {},
    dead: () => {},
    onFailure: (_, error) => failures.push(error),
  });
  const ofFrames = ({ spec }: { readonly spec: { readonly ofProcess?: boolean } }): boolean =>
    spec.ofProcess !== true;
  const kept = new KeptState({
    states: topology.states,
    metrics: {
      snapshot: () => store.snapshot(ofFrames),
      restore: (values) => store.restore(values),
      rebase: (names) => store.rebase(names),
    },
    pipelines: Object.fromEntries(pipelines.map(({ name }) => [name, hashes[name] ?? 'one'])),
    metricsOf: (pipeline) => topology.metricsOf(pipeline),
  });
  return { topology, kept, store, records, failures };
}

/** The hashes of pipelines that are all as they are by default. */
export function sameHashes(pipelines: readonly AnyPipeline[]): Record<string, string> {
  return Object.fromEntries(pipelines.map(({ name }) => [name, 'one']));
}
