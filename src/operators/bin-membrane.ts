import type { OperatorFunction } from 'rxjs';
import type { CountEvent } from '../component/operator-event.ts';
import type { Snapshot, StateSlot } from '../component/state.ts';
import type { MembraneFrame } from '../frames/membrane.ts';
import { bucketOf } from '../numerics/bucket-of.ts';
import { stateful } from './stateful.ts';

/** Neurons of a layer with a histogram of their own: the ones seen first. */
const NEURONS_NAMED = 32;

/** The membrane histograms of one layer and unit, as totals since the start. */
export interface MembraneHistograms {
  readonly layerName: string;
  readonly unit: string;
  /** [slots] neuron id with its offset, as a label; `other` from slot 32 on. */
  readonly neurons: readonly string[];
  /** [slots × buckets] not cumulative; the last bucket of each slot is +Inf. */
  readonly counts: Float64Array;
  /** [slots] Σ values, added in sample order. */
  readonly sums: Float64Array;
  readonly buckets: number;
  /** [touched] slots that the frame added to. */
  readonly touched: readonly number[];
}

export interface BinMembraneOptions {
  /** Bounds for a unit, ascending, without +Inf. */
  readonly boundsOf: (unit: string) => Float64Array;
  readonly layersMax: number;
}

interface LayerState {
  readonly layerName: string;
  readonly unit: string;
  readonly neurons: string[];
  readonly slotOf: Map<number, number>;
  readonly counts: Float64Array;
  readonly sums: Float64Array;
}

/**
 * Sorts membrane samples into histograms by neuron. Samples count on arrival; NaN and infinities
 * are counted and skipped. Sums run in sample order, so that they do not depend on how samples
 * were cut into frames. Emits a layer's totals after each of its frames.
 */
export function binMembrane(
  options: BinMembraneOptions,
  slot: StateSlot,
  count: CountEvent,
): OperatorFunction<MembraneFrame, MembraneHistograms> {
  return stateful(slot, (emit) => {
    const layers = new Map<string, LayerState>();
    return {
      next: (frame) => {
        const layer = layerOf(layers, frame, options);
        if (layer === undefined) count('layers_refused', 1);
        else emit(addFrame(layer, frame, options.boundsOf(frame.unit), count));
      },
      snapshot: () => [...layers.values()].map(snapshotLayer),
      restore: (snapshot) => {
        layers.clear();
        for (const entry of snapshot as readonly Snapshot[]) {
          const layer = restoreLayer(entry);
          layers.set(layerKey(layer.layerName, layer.unit), layer);
        }
      },
    };
  });
}

function layerKey(layerName: string, unit: string): string {
  return JSON.stringify([layerName, unit]);
}

function layerOf(
  layers: Map<string, LayerState>,
  frame: MembraneFrame,
  options: BinMembraneOptions,
): LayerState | undefined {
  const key = layerKey(frame.layerName, frame.unit);
  const known = layers.get(key);
  if (known !== undefined) return known;
  if (layers.size >= options.layersMax) return undefined;
  const buckets = options.boundsOf(frame.unit).length + 1;
  const layer: LayerState = {
    layerName: frame.layerName,
    unit: frame.unit,
    neurons: [],
    slotOf: new Map(),
    counts: new Float64Array((NEURONS_NAMED + 1) * buckets),
    sums: new Float64Array(NEURONS_NAMED + 1),
  };
  layers.set(key, layer);
  return layer;
}

/** The slot of each neuron of the frame; new neurons take the next free one. */
function slotsOf(layer: LayerState, frame: MembraneFrame): number[] {
  const slots: number[] = [];
  for (const id of frame.neuronId) {
    const neuron = id + frame.neuronOffset;
    let slot = layer.slotOf.get(neuron);
    if (slot === undefined) {
      slot = Math.min(layer.slotOf.size, NEURONS_NAMED);
      if (slot < NEURONS_NAMED) layer.slotOf.set(neuron, slot);
      if (layer.neurons.length === slot) {
        layer.neurons.push(slot < NEURONS_NAMED ? String(neuron) : 'other');
      }
    }
    slots.push(slot);
  }
  return slots;
}

function addFrame(
  layer: LayerState,
  frame: MembraneFrame,
  bounds: Float64Array,
  count: CountEvent,
): MembraneHistograms {
  const slots = slotsOf(layer, frame);
  const { counts, sums } = layer;
  const buckets = bounds.length + 1;
  const neurons = slots.length;
  let skipped = 0;
  for (let i = 0; i < frame.values.length; i++) {
    const value = frame.values[i] as number;
    if (!Number.isFinite(value)) {
      skipped++;
      continue;
    }
    const slot = slots[i % neurons] as number;
    const at = slot * buckets + bucketOf(bounds, value);
    counts[at] = (counts[at] as number) + 1;
    sums[slot] = (sums[slot] as number) + value;
  }
  if (skipped > 0) count('samples_not_finite', skipped);
  return {
    layerName: layer.layerName,
    unit: layer.unit,
    neurons: layer.neurons,
    counts,
    sums,
    buckets,
    touched: [...new Set(slots)],
  };
}

function snapshotLayer(layer: LayerState): Snapshot {
  return {
    layerName: layer.layerName,
    unit: layer.unit,
    neurons: [...layer.neurons],
    slots: [...layer.slotOf],
    counts: layer.counts.slice(),
    sums: layer.sums.slice(),
  };
}

function restoreLayer(snapshot: Snapshot): LayerState {
  const kept = snapshot as unknown as LayerState & { slots: [number, number][] };
  return {
    layerName: kept.layerName,
    unit: kept.unit,
    neurons: [...kept.neurons],
    slotOf: new Map(kept.slots),
    counts: kept.counts.slice(),
    sums: kept.sums.slice(),
  };
}
