import type { OperatorFunction } from 'rxjs';
import type { CountEvent } from '../component/operator-event.ts';
import type { Snapshot, StateSlot } from '../component/state.ts';
import type { InferenceFrame } from '../frames/inference.ts';
import { bucketOf } from '../numerics/bucket-of.ts';
import { stateful } from './stateful.ts';

/** One batch of inferences, with the totals of its model on its hardware. */
export interface Inferences {
  readonly deviceType: string;
  readonly chipId: string;
  readonly t0Us: number;
  readonly spanUs: number;
  readonly modelName: string;
  readonly hardware: string;
  readonly count: number;
  readonly energyJoules: number;
  readonly synapticOperations: number | undefined;
  /** A quotient is undefined where the frame does not give both its parts. */
  readonly perInferenceJoules: Quotient | undefined;
  readonly perSynapticOperationJoules: Quotient | undefined;
  /** Of the frame, where it names a baseline. */
  readonly baseline: Baseline | undefined;
  /** [buckets] latencies since the start, not cumulative; the last is +Inf. */
  readonly latencyCounts: Float64Array;
  /** Σ latencies since the start, µs, in sample order. */
  readonly latencySumUs: number;
  /** Of the latencies of this frame, µs; undefined where there are none. */
  readonly latencyMeanUs: number | undefined;
  readonly latencyMaxUs: number | undefined;
}

/** NaN where it has no value: 0 below the line, or a result that is no finite number. */
export type Quotient = number;

/** What a measured energy is compared with. */
export interface Baseline {
  readonly name: string;
  /** The name before, where this one replaces it. */
  readonly replaced: string | undefined;
  readonly perInferenceJoules: Quotient | undefined;
  /** Baseline energy / measured energy. */
  readonly efficiencyRatio: Quotient | undefined;
}

export interface MeasureInferencesOptions {
  /** Upper bounds of latencies, µs, ascending, without +Inf. */
  readonly latencyLeUs: readonly number[];
  /** Models (times hardware) that are remembered. */
  readonly modelsMax: number;
}

interface ModelState {
  readonly modelName: string;
  readonly hardware: string;
  baselineName: string | undefined;
  readonly latencyCounts: Float64Array;
  latencySumUs: number;
}

/**
 * Energy and latency of inferences, by model and hardware. Energies are those of a frame's whole
 * batch, so that a quotient is of the batch too; one that has no value is counted. Latencies are
 * totals, added in sample order, so that they do not depend on how samples were cut into frames.
 */
export function measureInferences(
  options: MeasureInferencesOptions,
  slot: StateSlot,
  count: CountEvent,
): OperatorFunction<InferenceFrame, Inferences> {
  return stateful(slot, (emit) => {
    const models = new Map<string, ModelState>();
    return {
      next: (frame) => {
        const model = modelOf(models, frame, options);
        if (model === undefined) count('models_refused', 1);
        else emit(measure(model, frame, options.latencyLeUs, count));
      },
      snapshot: () => [...models.values()].map(snapshotModel),
      restore: (snapshot) => {
        models.clear();
        for (const entry of snapshot as readonly Snapshot[]) {
          const model = restoreModel(entry);
          models.set(keyOf(model), model);
        }
      },
    };
  });
}

function keyOf({ modelName, hardware }: { modelName: string; hardware: string }): string {
  return JSON.stringify([modelName, hardware]);
}

function modelOf(
  models: Map<string, ModelState>,
  frame: InferenceFrame,
  options: MeasureInferencesOptions,
): ModelState | undefined {
  const key = keyOf(frame);
  const known = models.get(key);
  if (known !== undefined) return known;
  if (models.size >= options.modelsMax) return undefined;
  const { modelName, hardware } = frame;
  const latencyCounts = new Float64Array(options.latencyLeUs.length + 1);
  const model = { modelName, hardware, baselineName: undefined, latencyCounts, latencySumUs: 0 };
  models.set(key, model);
  return model;
}

function measure(
  model: ModelState,
  frame: InferenceFrame,
  leUs: readonly number[],
  count: CountEvent,
): Inferences {
  const { energyJoules, synapticOperations } = frame;
  const quotient = (over: number, under: number | undefined): Quotient | undefined => {
    // A batch of nothing says nothing, and is no fault.
    if (under === undefined || (frame.count === 0 && over === 0)) return undefined;
    const value = over / under;
    if (Number.isFinite(value)) return value;
    count('quotients_undefined', 1);
    return Number.NaN;
  };
  const latency = addLatencies(model, frame.latencyUs, leUs, count);
  return {
    deviceType: frame.deviceType,
    chipId: frame.chipId,
    t0Us: frame.t0Us,
    spanUs: frame.spanUs,
    modelName: model.modelName,
    hardware: model.hardware,
    count: frame.count,
    energyJoules,
    synapticOperations,
    perInferenceJoules: quotient(energyJoules, frame.count),
    perSynapticOperationJoules: quotient(energyJoules, synapticOperations),
    baseline: baselineOf(model, frame, quotient),
    latencyCounts: model.latencyCounts,
    latencySumUs: model.latencySumUs,
    ...latency,
  };
}

/** A ratio whose baseline nobody named says nothing: only a named one counts. */
function baselineOf(
  model: ModelState,
  { baselineName: name, baselineEnergyJoules: joules, energyJoules, count }: InferenceFrame,
  quotient: (over: number, under: number | undefined) => Quotient | undefined,
): Baseline | undefined {
  if (name === undefined || joules === undefined) return undefined;
  const replaced = model.baselineName === name ? undefined : model.baselineName;
  model.baselineName = name;
  return {
    name,
    replaced,
    perInferenceJoules: quotient(joules, count),
    efficiencyRatio: quotient(joules, energyJoules),
  };
}

function addLatencies(
  model: ModelState,
  latencyUs: Float32Array,
  leUs: readonly number[],
  count: CountEvent,
): Pick<Inferences, 'latencyMeanUs' | 'latencyMaxUs'> {
  const { latencyCounts } = model;
  let taken = 0;
  let sumUs = 0;
  let maxUs = 0;
  for (let i = 0; i < latencyUs.length; i++) {
    const us = latencyUs[i] as number;
    if (us < 0) continue;
    const bucket = bucketOf(leUs, us);
    latencyCounts[bucket] = (latencyCounts[bucket] as number) + 1;
    model.latencySumUs += us;
    sumUs += us;
    if (us > maxUs) maxUs = us;
    taken++;
  }
  if (taken < latencyUs.length) count('latencies_negative', latencyUs.length - taken);
  if (taken === 0) return { latencyMeanUs: undefined, latencyMaxUs: undefined };
  return { latencyMeanUs: sumUs / taken, latencyMaxUs: maxUs };
}

function snapshotModel(model: ModelState): Snapshot {
  return {
    modelName: model.modelName,
    hardware: model.hardware,
    baselineName: model.baselineName ?? null,
    latencyCounts: model.latencyCounts.slice(),
    latencySumUs: model.latencySumUs,
  };
}

function restoreModel(snapshot: Snapshot): ModelState {
  const kept = snapshot as unknown as ModelState & { baselineName: string | null };
  return {
    ...kept,
    baselineName: kept.baselineName ?? undefined,
    latencyCounts: kept.latencyCounts.slice(),
  };
}
