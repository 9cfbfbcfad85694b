import type { Frame } from '../../frames/frame.ts';
import type { FrameKind } from '../../frames/header.ts';
import type { MembraneFrame } from '../../frames/membrane.ts';
import type { SpikesFrame } from '../../frames/spikes.ts';
import type { RecordingInfo } from '../../recordings/recording.ts';
import { OrderedSpikes } from '../ordered-spikes.ts';
import { type ChipCores, CoreTallies } from './core-tallies.ts';
import { IntervalHistogram, type Intervals, NEURONS_MAX } from './interval-histogram.ts';
import { LayerTraces, type MembraneTraces } from './membrane-traces.ts';
import { LAYERS_DRAWN_MAX, type PicturePlan, planPictures } from './picture-plan.ts';
import { type LayerRates, type LayerSpectrum, PopulationCounts } from './population-counts.ts';
import { type PowerTrace, PowerTraces } from './power-traces.ts';
import { type Raster, RasterCells } from './raster-cells.ts';

/** Chips of one layer whose neurons' last spikes are remembered. */
const PARTS_MAX = 4096;

/** What there is to draw of a layer; undefined where nothing of the kind was recorded. */
export interface LayerPictures {
  readonly rates: LayerRates | undefined;
  readonly spectrum: LayerSpectrum | undefined;
  readonly intervals: Intervals | undefined;
  readonly membrane: MembraneTraces | undefined;
}

/** What a report draws: of a size that does not depend on that of the recording. */
export interface PictureData {
  readonly plan: PicturePlan;
  readonly raster: Raster;
  readonly layers: ReadonlyMap<string, LayerPictures>;
  /** Layers beyond those that are drawn. */
  readonly layersLeftOut: number;
  readonly power: readonly PowerTrace[];
  readonly cores: readonly ChipCores[];
  readonly coreSamplesLeftOut: number;
}

/** Frames that were met, by kind, and those that came again and were read once. */
export interface FrameTally {
  readonly byKind: ReadonlyMap<FrameKind, number>;
  readonly repeated: number;
}

interface DrawnLayer {
  counts: PopulationCounts | undefined;
  intervals: IntervalHistogram | undefined;
  /** By chip; undefined for a part whose neurons are too many. */
  readonly lastUs: Map<string, Float64Array | undefined>;
  readonly neuronCounts: Map<string, number>;
  membrane: LayerTraces | undefined;
}

/** Collects what the pictures of a report need, beside the Analyzer, in the same pass. */
export class Pictures {
  private readonly plan: PicturePlan | undefined;
  private readonly layers = new Map<string, DrawnLayer>();
  private readonly leftOut = new Set<string>();
  private readonly raster: RasterCells;
  private readonly power: PowerTraces | undefined;
  private readonly cores = new CoreTallies();
  private readonly ordered = new OrderedSpikes();
  private readonly byKind = new Map<FrameKind, number>();
  private repeated = 0;
  private followed = 0;

  constructor(info: RecordingInfo) {
    this.plan = planPictures(info);
    const lengthUs = this.plan?.lengthUs ?? 1;
    this.raster = new RasterCells(info.startUs, lengthUs, info.layers.length);
    this.power = this.plan === undefined ? undefined : new PowerTraces(this.plan);
    for (const { name } of info.layers) this.layerOf(name);
  }

  /** The next frame; `isTaken` as the Analyzer says. Its columns are read during the call only. */
  next(frame: Frame, isTaken: boolean): void {
    if (!isTaken) {
      this.repeated++;
      return;
    }
    this.byKind.set(frame.kind, (this.byKind.get(frame.kind) ?? 0) + 1);
    if (this.plan === undefined) return;
    if (frame.kind === 'spikes') this.addSpikes(frame, this.plan);
    else if (frame.kind === 'membrane') this.addMembrane(frame, this.plan);
    else if (frame.kind === 'power') this.power?.add(frame);
    else if (frame.kind === 'cores') this.cores.addCores(frame);
    else if (frame.kind === 'activity') this.cores.addActivity(frame);
  }

  private addSpikes(frame: SpikesFrame, plan: PicturePlan): void {
    this.raster.add(frame);
    const layer = this.layerOf(frame.layerName);
    if (layer === undefined) return;
    layer.counts ??= new PopulationCounts(plan, frame.timestepUs ?? 0);
    layer.counts.add(frame);
    const chip = `${frame.deviceType}/${frame.chipId}`;
    if (!layer.lastUs.has(chip) && layer.lastUs.size < PARTS_MAX) {
      layer.lastUs.set(chip, this.lastUsOf(frame.neuronCount));
      layer.neuronCounts.set(chip, frame.neuronCount);
    }
    const lastUs = layer.lastUs.get(chip);
    if (lastUs === undefined) return;
    layer.intervals ??= new IntervalHistogram();
    const { neuronId, dtUs } = this.ordered.of(frame, lastUs.length);
    layer.intervals.add(lastUs, neuronId, dtUs, frame.t0Us - plan.startUs);
  }

  private lastUsOf(neurons: number): Float64Array | undefined {
    if (this.followed + neurons > NEURONS_MAX) return undefined;
    this.followed += neurons;
    return new Float64Array(neurons).fill(Number.NEGATIVE_INFINITY);
  }

  private addMembrane(frame: MembraneFrame, plan: PicturePlan): void {
    const layer = this.layerOf(frame.layerName);
    if (layer === undefined) return;
    layer.membrane ??= new LayerTraces(plan, frame);
    layer.membrane.add(frame);
  }

  private layerOf(name: string): DrawnLayer | undefined {
    const known = this.layers.get(name);
    if (known !== undefined) return known;
    if (this.layers.size >= LAYERS_DRAWN_MAX) {
      if (this.leftOut.size < PARTS_MAX) this.leftOut.add(name);
      return undefined;
    }
    const layer: DrawnLayer = {
      counts: undefined,
      intervals: undefined,
      lastUs: new Map(),
      neuronCounts: new Map(),
      membrane: undefined,
    };
    this.layers.set(name, layer);
    return layer;
  }

  /** When all frames were given. `data` is undefined for a recording that covers no time. */
  finish(): { data: PictureData | undefined; frames: FrameTally } {
    const frames = { byKind: this.byKind, repeated: this.repeated };
    if (this.plan === undefined) return { data: undefined, frames };
    const layers = [...this.layers].map(([name, layer]) => [name, pictured(layer)] as const);
    const data = {
      plan: this.plan,
      raster: this.raster.result(),
      layers: new Map(layers),
      layersLeftOut: this.leftOut.size,
      power: this.power?.result() ?? [],
      cores: this.cores.result(),
      coreSamplesLeftOut: this.cores.leftOut,
    };
    return { data, frames };
  }
}

function pictured({ counts, intervals, lastUs, neuronCounts, membrane }: DrawnLayer) {
  let neurons = 0;
  for (const count of neuronCounts.values()) neurons += count;
  // Where not all neurons are followed, a part of the intervals would pass for the whole.
  const isWhole = [...lastUs.values()].every((last) => last !== undefined);
  return {
    rates: counts?.rates(neurons),
    spectrum: counts?.spectrum(neurons),
    intervals: isWhole ? intervals?.result() : undefined,
    membrane: membrane?.result(),
  };
}
