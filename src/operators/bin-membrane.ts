import type { OperatorFunction } from 'rxjs';
import type { CountEvent } from '../component/operator-event.ts';
import type { Snapshot, StateSlot } from '../component/state.ts';
import type { MembraneFrame } from '../frames/membrane.ts';
import { BucketFinder } from '../numerics/bucket-finder.ts';
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
  readonly slots: NeuronSlots;
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
    const layers = new MembraneLayers(options.layersMax);
    return {
      next: (frame) => {
        const layer = layers.of(frame, options);
        if (layer === undefined) count('layers_refused', 1);
        else emit(addFrame(layer, frame, options.boundsOf(frame.unit), count));
      },
      snapshot: () => layers.all().map(snapshotLayer),
      restore: (snapshot) => {
        layers.clear();
        for (const entry of snapshot as readonly Snapshot[]) {
          layers.add(restoreLayer(entry));
        }
      },
    };
  });
}

/** Layers by unit and name, so that a frame makes no string; in the order they came. */
class MembraneLayers {
  private readonly max: number;
  private readonly byUnit = new Map<string, Map<string, LayerState>>();
  private inOrder: LayerState[] = [];

  constructor(max: number) {
    this.max = max;
  }

  /** Undefined where there are as many as may be. */
  of(frame: MembraneFrame, options: BinMembraneOptions): LayerState | undefined {
    const { layerName, unit } = frame;
    const known = this.byUnit.get(unit)?.get(layerName);
    if (known !== undefined) return known;
    if (this.inOrder.length >= this.max) return undefined;
    const buckets = options.boundsOf(unit).length + 1;
    return this.add({
      layerName,
      unit,
      neurons: [],
      slots: new NeuronSlots(),
      counts: new Float64Array((NEURONS_NAMED + 1) * buckets),
      sums: new Float64Array(NEURONS_NAMED + 1),
    });
  }

  add(layer: LayerState): LayerState {
    const names = this.byUnit.get(layer.unit) ?? new Map<string, LayerState>();
    this.byUnit.set(layer.unit, names);
    names.set(layer.layerName, layer);
    this.inOrder.push(layer);
    return layer;
  }

  all(): readonly LayerState[] {
    return this.inOrder;
  }

  clear(): void {
    this.byUnit.clear();
    this.inOrder = [];
  }
}

/** Neurons below this are found by their number. */
const TABLE_MAX = 65_536;

/** Which slot a neuron has: the ones seen first have one of their own. */
class NeuronSlots {
  readonly named: Map<number, number>;
  /** [neurons below the largest that has a slot] slot + 1, or 0. */
  private table = new Uint8Array(0);

  constructor(named: Iterable<readonly [number, number]> = []) {
    this.named = new Map(named);
    for (const [neuron, slot] of this.named) this.note(neuron, slot);
  }

  /** NEURONS_NAMED for all that came too late. */
  of(neuron: number): number {
    const known = this.table[neuron];
    if (known !== undefined && known > 0) return known - 1;
    if (neuron < TABLE_MAX && this.named.size >= NEURONS_NAMED) return NEURONS_NAMED;
    return this.named.get(neuron) ?? this.add(neuron);
  }

  private add(neuron: number): number {
    const slot = Math.min(this.named.size, NEURONS_NAMED);
    if (slot === NEURONS_NAMED) return slot;
    this.named.set(neuron, slot);
    this.note(neuron, slot);
    return slot;
  }

  private note(neuron: number, slot: number): void {
    if (neuron >= TABLE_MAX) return;
    if (neuron >= this.table.length) {
      const longer = new Uint8Array(Math.max(64, 2 ** Math.ceil(Math.log2(neuron + 1))));
      longer.set(this.table);
      this.table = longer;
    }
    this.table[neuron] = slot + 1;
  }
}

/** The slots of a frame's neurons, one after another. */
let slotsOfFrame = new Uint8Array(1024);

/** Looks up the slot of each neuron of the frame; gives those that occur, in their order. */
function findSlots(layer: LayerState, { neuronId, neuronOffset }: MembraneFrame): number[] {
  if (slotsOfFrame.length < neuronId.length) slotsOfFrame = new Uint8Array(neuronId.length * 2);
  const slots = slotsOfFrame;
  const touched: number[] = [];
  // There are 33: a bit for each of the first 32, and one that is apart.
  let seen = 0;
  let isOtherSeen = false;
  for (let i = 0; i < neuronId.length; i++) {
    const neuron = (neuronId[i] as number) + neuronOffset;
    const slot = layer.slots.of(neuron);
    slots[i] = slot;
    const isSeen = slot === NEURONS_NAMED ? isOtherSeen : (seen & (1 << slot)) !== 0;
    if (isSeen) continue;
    if (slot === NEURONS_NAMED) isOtherSeen = true;
    else seen |= 1 << slot;
    touched.push(slot);
    if (layer.neurons.length === slot) {
      layer.neurons.push(slot < NEURONS_NAMED ? String(neuron) : 'other');
    }
  }
  return touched;
}

const finders = new WeakMap<Float64Array, BucketFinder>();

function finderOf(bounds: Float64Array): BucketFinder {
  const known = finders.get(bounds);
  if (known !== undefined) return known;
  const finder = new BucketFinder(bounds);
  finders.set(bounds, finder);
  return finder;
}

function addFrame(
  layer: LayerState,
  frame: MembraneFrame,
  bounds: Float64Array,
  count: CountEvent,
): MembraneHistograms {
  const touched = findSlots(layer, frame);
  const slots = slotsOfFrame;
  const finder = finderOf(bounds);
  const { counts, sums } = layer;
  const { values } = frame;
  const buckets = bounds.length + 1;
  const neurons = frame.neuronId.length;
  let skipped = 0;
  for (let i = 0, j = 0; i < values.length; i++, j++) {
    if (j === neurons) j = 0;
    const value = values[i] as number;
    if (!Number.isFinite(value)) {
      skipped++;
      continue;
    }
    const slot = slots[j] as number;
    const at = slot * buckets + finder.find(value);
    counts[at] = (counts[at] as number) + 1;
    sums[slot] = (sums[slot] as number) + value;
  }
  if (skipped > 0) count('samples_not_finite', skipped);
  const { layerName, unit } = layer;
  return { layerName, unit, neurons: layer.neurons, counts, sums, buckets, touched };
}

function snapshotLayer(layer: LayerState): Snapshot {
  return {
    layerName: layer.layerName,
    unit: layer.unit,
    neurons: [...layer.neurons],
    slots: [...layer.slots.named],
    counts: layer.counts.slice(),
    sums: layer.sums.slice(),
  };
}

function restoreLayer(snapshot: Snapshot): LayerState {
  const kept = snapshot as unknown as Omit<LayerState, 'slots'> & { slots: [number, number][] };
  return {
    layerName: kept.layerName,
    unit: kept.unit,
    neurons: [...kept.neurons],
    slots: new NeuronSlots(kept.slots),
    counts: kept.counts.slice(),
    sums: kept.sums.slice(),
  };
}
