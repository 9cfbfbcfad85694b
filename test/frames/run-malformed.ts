import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { loadPipelines } from '../../src/cli/load-pipelines.ts';
import type { DeadMessage } from '../../src/component/message.ts';
import { NO_SINKS } from '../../src/component/record-sinks.ts';
import type { Snapshot } from '../../src/component/state.ts';
import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';
import { startTopology, type Topology } from '../../src/topology/topology.ts';
import { wholeOptions } from '../topology/whole-options.ts';
import { malformedCase } from './malformed.ts';
import { toMsgpack } from './pack.ts';
import { seededRandom, validMessage } from './valid-fields.ts';

/** Every metric of the service by name, as a checkpoint holds it. */
export type MetricValues = Readonly<Record<string, Snapshot>>;

export interface MalformedOutcome {
  /** Messages that were sent to the dead, by reason. */
  readonly dead: Readonly<Record<string, number>>;
  /** `spikescope_frames_invalid_total` by reason. */
  readonly invalid: Readonly<Record<string, number>>;
  /** All other metrics before and after. */
  readonly before: MetricValues;
  readonly after: MetricValues;
  /** What a message threw at its source, which nothing may do. */
  readonly thrown: readonly string[];
  /** Pipelines that ended. */
  readonly failed: readonly string[];
  /** Bytes in use after a collection, at each of `HEAP_LOOKS` equal steps of the run. */
  readonly heapBytes: readonly number[];
}

export const HEAP_LOOKS = 5;
const INVALID = 'spikescope_frames_invalid_total';
/** Valid frames that come first, so that every metric has something to lose. */
const VALID = 500;
/** Parts of millions of neurons take so much memory that no growth beside it would show. */
const NEURONS_MAX = 4096;
const THROWN_MAX = 20;

interface Running {
  readonly topology: Topology;
  readonly store: MetricStore;
  readonly dead: Record<string, number>;
  readonly failed: string[];
}

/** The way of a frame as the service builds it, with all its pipelines. */
async function start(): Promise<Running> {
  const pipelines = await loadPipelines();
  const store = new MetricStore();
  const dead: Record<string, number> = {};
  const failed: string[] = [];
  const topology = startTopology({
    ...wholeOptions(pipelines, store),
    sinks: NO_SINKS,
    dead: ({ reason }: DeadMessage) => {
      dead[reason] = (dead[reason] ?? 0) + 1;
    },
    onFailure: (pipeline, error) => failed.push(`${pipeline}: ${String(error)}`),
  });
  return { topology, store, dead, failed };
}

/**
 * Sends cases 0 … `count` - 1 of a seed through the real topology with the real pipelines, after
 * some valid frames, and says what became of them. Most of its time goes into making the cases.
 */
export async function runMalformed(count: number, seed: number): Promise<MalformedOutcome> {
  const { topology, store, dead, failed } = await start();
  for (let i = 0; i < VALID; i++) {
    const { fields } = validMessage(seededRandom(seed + i));
    if (Number(fields.get('neuron_count') ?? 1) > NEURONS_MAX) continue;
    const names = ['kind', 'device_type', 'chip_id'].map((name) => String(fields.get(name)));
    const subject = ['spikeformer', ...names].join('.');
    send(topology, subject, undefined, toMsgpack(fields));
  }
  const thrown: string[] = [];
  const heapBytes: number[] = [];
  const before = withoutInvalid(store);
  const step = Math.max(1, Math.floor(count / HEAP_LOOKS));
  for (let i = 0; i < count; i++) {
    const { what, subject, contentType, data } = malformedCase(seed, i);
    try {
      send(topology, subject, contentType, data);
    } catch (error) {
      if (thrown.length < THROWN_MAX) thrown.push(`case ${i} (${what}): ${String(error)}`);
    }
    if ((i + 1) % step === 0) heapBytes.push(usedBytes());
  }
  const after = withoutInvalid(store);
  const invalid = countsOf(store.snapshot()[INVALID]);
  topology.close();
  return { dead, invalid, before, after, thrown, failed, heapBytes };
}

function send(
  { inlet }: Topology,
  subject: string,
  contentType: string | undefined,
  data: Uint8Array,
): void {
  inlet.message({ subject, data, contentType, arrivedUs: 1_700_000_000_000_000, sequence: 1 });
}

function withoutInvalid(store: MetricStore): MetricValues {
  const { [INVALID]: _, ...others } = store.snapshot();
  return others;
}

/** Counters of one label by its value. */
function countsOf(series: Snapshot | undefined): Record<string, number> {
  const rows = (series ?? []) as readonly (readonly [
    readonly [string],
    boolean,
    [number, number],
  ])[];
  return Object.fromEntries(rows.map(([[label], , [value]]) => [label, value]));
}

/** What is alive, on the heap and beside it. */
function usedBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Node gives the collector away only under a flag, which may be set while it runs. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
