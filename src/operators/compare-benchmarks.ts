import type { OperatorFunction } from 'rxjs';
import type { CountEvent } from '../component/operator-event.ts';
import type { Snapshot, StateSlot } from '../component/state.ts';
import type { BenchmarkFrame } from '../frames/benchmark.ts';
import { quantileOfSorted } from '../numerics/quantile.ts';
import { stateful } from './stateful.ts';

/** What a benchmark measures; the last three only where it does. */
export interface BenchmarkValues {
  readonly latencySeconds: number;
  readonly throughputPerSecond: number;
  readonly accuracy: number | undefined;
  readonly energyJoules: number | undefined;
  readonly synapticOperations: number | undefined;
}

/** One result, when it was had. */
export interface BenchmarkResult extends BenchmarkValues {
  readonly t0Us: number;
}

/** Change of each value, as a part of what it was: 0.1 is a tenth more. */
export type BenchmarkChange = { readonly [K in keyof BenchmarkValues]: number | undefined };

/** A result, and how it compares with those before it of the same model on the same hardware. */
export interface ComparedBenchmark {
  readonly deviceType: string;
  readonly chipId: string;
  readonly spanUs: number;
  readonly runId: string | undefined;
  readonly model: string;
  readonly hardware: string;
  readonly durationUs: number;
  readonly result: BenchmarkResult;
  /** Undefined for a first result. */
  readonly againstPrevious: BenchmarkChange | undefined;
  /** Against the median of each value over those before that have it. */
  readonly againstMedian: BenchmarkChange | undefined;
  /** The last results, this one included, in the order they came. */
  readonly history: readonly BenchmarkResult[];
}

export interface CompareBenchmarksOptions {
  /** Results that are remembered of each model on each hardware. */
  readonly historyMax: number;
  /** Models (times hardware) that are remembered. */
  readonly modelsMax: number;
}

const VALUES = [
  'latencySeconds',
  'throughputPerSecond',
  'accuracy',
  'energyJoules',
  'synapticOperations',
] as const satisfies readonly (keyof BenchmarkValues)[];

interface ModelState {
  readonly model: string;
  readonly hardware: string;
  readonly history: BenchmarkResult[];
}

/** Remembers the last results of each model on each hardware, and compares each with them. */
export function compareBenchmarks(
  options: CompareBenchmarksOptions,
  slot: StateSlot,
  count: CountEvent,
): OperatorFunction<BenchmarkFrame, ComparedBenchmark> {
  return stateful(slot, (emit) => {
    const models = new Map<string, ModelState>();
    return {
      next: (frame) => {
        const state = modelOf(models, frame, options.modelsMax);
        if (state === undefined) count('models_refused', 1);
        else emit(compare(state, frame, options.historyMax));
      },
      snapshot: () =>
        [...models.values()].map(({ model, hardware, history }) => [
          model,
          hardware,
          history.map(snapshotResult),
        ]),
      restore: (snapshot) => {
        models.clear();
        for (const entry of snapshot as readonly Snapshot[]) {
          const [model, hardware, kept] = entry as [string, string, readonly Snapshot[]];
          const history = kept.map(restoreResult);
          models.set(keyOf(model, hardware), { model, hardware, history });
        }
      },
    };
  });
}

function keyOf(model: string, hardware: string): string {
  return JSON.stringify([model, hardware]);
}

function modelOf(
  models: Map<string, ModelState>,
  { model, hardware }: BenchmarkFrame,
  modelsMax: number,
): ModelState | undefined {
  const key = keyOf(model, hardware);
  const known = models.get(key);
  if (known !== undefined) return known;
  if (models.size >= modelsMax) return undefined;
  const state: ModelState = { model, hardware, history: [] };
  models.set(key, state);
  return state;
}

function compare(state: ModelState, frame: BenchmarkFrame, historyMax: number): ComparedBenchmark {
  const { history } = state;
  const result: BenchmarkResult = {
    t0Us: frame.t0Us,
    latencySeconds: frame.latencySeconds,
    throughputPerSecond: frame.throughputPerSecond,
    accuracy: frame.accuracy,
    energyJoules: frame.energyJoules,
    synapticOperations: frame.synapticOperations,
  };
  const previous = history.at(-1);
  const before = [...history];
  history.push(result);
  // More than one goes where a checkpoint was made with a longer history.
  history.splice(0, history.length - historyMax);
  return {
    deviceType: frame.deviceType,
    chipId: frame.chipId,
    spanUs: frame.spanUs,
    runId: frame.runId,
    model: state.model,
    hardware: state.hardware,
    durationUs: frame.durationUs,
    result,
    againstPrevious: previous && changeOf(result, previous),
    againstMedian: previous && changeOf(result, mediansOf(before)),
    history: [...history],
  };
}

type Values = { readonly [K in keyof BenchmarkValues]: number | undefined };

function mediansOf(results: readonly BenchmarkResult[]): Values {
  return valuesOf((name) => {
    const known = results.map((each) => each[name]).filter((value) => value !== undefined);
    return quantileOfSorted(
      known.sort((a, b) => a - b),
      0.5,
    );
  });
}

function changeOf(now: Values, before: Values): BenchmarkChange {
  return valuesOf((name) => {
    const [to, from] = [now[name], before[name]];
    if (to === undefined || from === undefined) return undefined;
    const change = (to - from) / from;
    return Number.isFinite(change) ? change : undefined;
  });
}

function valuesOf(value: (name: keyof BenchmarkValues) => number | undefined): Values {
  return Object.fromEntries(VALUES.map((name) => [name, value(name)])) as unknown as Values;
}

function snapshotResult(result: BenchmarkResult): Snapshot {
  return [result.t0Us, ...VALUES.map((name) => result[name] ?? null)];
}

function restoreResult(snapshot: Snapshot): BenchmarkResult {
  const [t0Us, ...values] = snapshot as [number, ...(number | null)[]];
  const kept = valuesOf((name) => values[VALUES.indexOf(name)] ?? undefined);
  return { t0Us, ...(kept as BenchmarkValues) };
}
