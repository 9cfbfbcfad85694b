import type { OperatorFunction } from 'rxjs';
import type { CountEvent } from '../component/operator-event.ts';
import type { QuietState, Snapshot, StateSlot } from '../component/state.ts';
import type { Frame, FrameOfKind } from '../frames/frame.ts';
import type { FrameHeader } from '../frames/header.ts';
import type { LogFrame } from '../frames/log.ts';
import type { MembraneFrame } from '../frames/membrane.ts';
import type { SpikesFrame } from '../frames/spikes.ts';
import { KeyedByNames } from '../operators/keyed.ts';
import { type Stateful, stateful } from '../operators/stateful.ts';
import { ChipWatch } from './chip-watch.ts';
import { DetectorSet } from './defaults.ts';
import type { Finding, SeriesAbout } from './finding.ts';
import { FrameStops } from './frame-stops.ts';
import { Horizon, streamOf } from './horizon.ts';
import type { Incident } from './incident.ts';
import { IncidentBook } from './incident-book.ts';
import { FrameBinner } from './layer-panes.ts';
import { LayerRatio } from './layer-ratio.ts';
import { LayerWatch, SLOW_US } from './layer-watch.ts';
import { MembraneWatch } from './membrane-watch.ts';
import { type MuteRecord, Mutes } from './mutes.ts';
import type { AnomalyOptions } from './options.ts';

/** The kinds of frames that anomalies are looked for in. */
export const WATCHED_KINDS = [
  'spikes',
  'power',
  'activity',
  'cores',
  'membrane',
  'synapses',
  'health',
  'log',
] as const;
export type WatchedFrame = FrameOfKind[(typeof WATCHED_KINDS)[number]];

export function isWatched(frame: Frame): frame is WatchedFrame {
  return (WATCHED_KINDS as readonly string[]).includes(frame.kind);
}

export type AnomalyRecord = Incident | MuteRecord;

export function isIncident(record: AnomalyRecord): record is Incident {
  return 'detector' in record;
}

/** Looks for anomalies in all that chips tell, and makes incidents of them. */
export function watchAnomalies(
  options: AnomalyOptions,
  slot: StateSlot,
  count: CountEvent,
): OperatorFunction<WatchedFrame, AnomalyRecord> {
  return stateful(slot, (emit) => new AnomalyWatch(options, count, emit));
}

class AnomalyWatch implements Stateful<WatchedFrame>, QuietState {
  private readonly options: AnomalyOptions;
  private readonly count: CountEvent;
  private readonly set: DetectorSet;
  private readonly book: IncidentBook;
  private readonly binner = new FrameBinner();
  private readonly horizon = new Horizon();
  private readonly layers: KeyedByNames<LayerWatch>;
  private readonly chips: KeyedByNames<ChipWatch>;
  private readonly membranes: KeyedByNames<MembraneWatch>;
  private readonly stops: FrameStops;
  private readonly mutes: Mutes;
  private layerCount = 0;
  /** Of each chip the layer that came last. */
  private readonly lastLayers: KeyedByNames<LayerWatch>;

  constructor(options: AnomalyOptions, count: CountEvent, emit: (record: AnomalyRecord) => void) {
    this.options = options;
    this.count = count;
    this.layers = new KeyedByNames(options.parts_max);
    this.lastLayers = new KeyedByNames(options.parts_max);
    this.chips = new KeyedByNames(options.chips_max);
    this.membranes = new KeyedByNames(options.parts_max);
    this.mutes = new Mutes(options.mutes_max, count, emit);
    this.book = new IncidentBook(options, this.mutes, count, emit);
    this.set = new DetectorSet(options, (finding) => this.book.offer(this.refined(finding)));
    this.stops = new FrameStops(this.set, this.horizon, options.parts_max + options.chips_max);
  }

  next(frame: WatchedFrame): void {
    const layer = frame.kind === 'spikes' ? this.layers.ofPlace(frame) : undefined;
    if (frame.kind === 'log') this.nextLog(frame);
    else if (layer?.chipStopped !== undefined) this.stops.nextOf(layer.chipStopped, frame, '');
    else this.stops.next(frame);
    if (!this.mutes.isEmpty) this.passMutes(frame);
    if (frame.kind === 'spikes') this.nextSpikes(frame, layer ?? this.newLayerOf(frame));
    else if (frame.kind === 'power') this.chipOf(frame)?.nextPower(frame);
    else if (frame.kind === 'activity') this.chipOf(frame)?.nextActivity(frame);
    else if (frame.kind === 'cores') this.chipOf(frame)?.nextCores(frame);
    else if (frame.kind === 'membrane') this.nextMembrane(frame);
    if (!this.book.isIdle) this.book.advance(this.horizon.knownUs());
  }

  /** What is found waits for time that closes panes; mutes look at each frame of their chip. */
  quietUntilUs(frame: SpikesFrame): number {
    const layer = this.layers.ofPlace(frame);
    if (layer === undefined || !this.mutes.isEmpty) return 0;
    const { stopped, chipStopped } = layer;
    if (stopped?.isRaised === true || chipStopped?.isRaised === true) return 0;
    return layer.panes.quietUntilUs(frame);
  }

  private nextLog(frame: LogFrame): void {
    this.stops.nextLog(frame);
    const chipUs = this.stops.chipUs(frame);
    this.mutes.nextLog(frame, chipUs);
    this.book.remute(chipUs);
  }

  private passMutes(frame: WatchedFrame): void {
    const chipUs = this.stops.chipUs(frame);
    if (chipUs >= 0 && this.mutes.pass(frame, chipUs)) this.book.remute(chipUs);
  }

  private nextSpikes(frame: SpikesFrame, layer: LayerWatch | undefined): void {
    const stopped = layer?.stopped ?? this.stops.placeOf(frame, frame.layerName);
    this.stops.nextOf(stopped, frame, frame.layerName);
    if (layer === undefined) return;
    layer.stopped = stopped;
    layer.chipStopped ??= this.stops.placeOf(frame, '');
    const { doneUs } = layer.panes;
    layer.next(frame, this.binner.bin(frame));
    if (layer.panes.doneUs !== doneUs) {
      this.horizon.reach(layer.stream, layer.panes.doneUs, frame.spanUs);
    }
  }

  private nextMembrane(frame: MembraneFrame): void {
    if (!this.set.isOn('distribution-shift', 'membrane')) return;
    const { deviceType, chipId, layerName } = frame;
    let watch = this.membranes.get(deviceType, chipId, layerName);
    if (watch === undefined) {
      watch = this.newMembrane(deviceType, chipId, layerName);
      if (!this.membranes.add(deviceType, chipId, layerName, watch)) {
        this.count('series_unwatched', 1);
        return;
      }
    }
    watch.next(frame);
    this.horizon.reach(watch.stream, watch.doneUs, frame.spanUs);
  }

  private newMembrane(deviceType: string, chipId: string, layerName: string): MembraneWatch {
    const place = { deviceType, chipId, layerName, coreId: undefined };
    const about: SeriesAbout = { ...place, series: 'membrane', unit: '', order: 0 };
    return new MembraneWatch(about, streamOf('membrane', about), this.set);
  }

  private newLayerOf({ deviceType, chipId, layerName }: SpikesFrame): LayerWatch | undefined {
    const layer = this.newLayer(deviceType, chipId, layerName, this.layerCount);
    if (this.layers.add(deviceType, chipId, layerName, layer)) {
      this.layerCount++;
      this.join(layer);
      return layer;
    }
    this.count('series_unwatched', 1);
    return undefined;
  }

  /** A layer is compared with the one of its chip that came before it. */
  private join(layer: LayerWatch): void {
    const { deviceType, chipId } = layer.about;
    const before = this.lastLayers.get(deviceType, chipId, '');
    this.lastLayers.put(deviceType, chipId, '', layer);
    if (before === undefined || !this.set.isOn('rate-ratio', 'rate_ratio')) return;
    layer.ratio = new LayerRatio(layer.about, SLOW_US, this.set);
    before.ratioAfter = layer.ratio;
  }

  private newLayer(deviceType: string, chipId: string, layerName: string, order: number) {
    const place = { deviceType, chipId, layerName, coreId: undefined };
    const about: SeriesAbout = { ...place, series: 'rate', unit: 'Hz', order };
    return new LayerWatch(about, streamOf('rate', about), this.set, this.options.lateness);
  }

  private chipOf({ deviceType, chipId }: FrameHeader): ChipWatch | undefined {
    const known = this.chips.get(deviceType, chipId, '');
    if (known !== undefined) return known;
    const chip = this.newChip(deviceType, chipId);
    if (this.chips.add(deviceType, chipId, '', chip)) return chip;
    this.count('series_unwatched', 1);
    return undefined;
  }

  private newChip(deviceType: string, chipId: string): ChipWatch {
    const place = { deviceType, chipId, layerName: undefined, coreId: undefined };
    const about: SeriesAbout = {
      ...place,
      series: '',
      unit: '',
      order: Number.MAX_SAFE_INTEGER,
    };
    const { set, options, horizon } = this;
    return new ChipWatch({ about, set, options, horizon, take: set.takeFinding });
  }

  /** The start of what is found in a layer's rate is looked up in its finest bins. */
  private refined(finding: Finding): Finding {
    const { deviceType, chipId, layerName } = finding.about;
    if (finding.event !== 'raised' || layerName === undefined) return finding;
    const layer = this.layers.get(deviceType, chipId, layerName);
    if (layer === undefined) return finding;
    return { ...finding, onsetUs: layer.refinedOnset(finding) };
  }

  finish(): void {
    for (const [, , , layer] of this.layers.entries()) layer.finish();
    this.book.finish(this.horizon.frontUs());
  }

  close(): void {
    this.binner.close();
  }

  snapshot(): Snapshot {
    return {
      layers: [...this.layers.entries()].map(([device, chip, name, layer]) => [
        device,
        chip,
        name,
        layer.about.order,
        layer.snapshot(),
      ]),
      chips: [...this.chips.entries()].map(([device, chip, , state]) => [
        device,
        chip,
        state.snapshot(),
      ]),
      membranes: [...this.membranes.entries()].map(([device, chip, name, watch]) => [
        device,
        chip,
        name,
        watch.snapshot(),
      ]),
      stops: this.stops.snapshot(),
      mutes: this.mutes.snapshot(),
      horizon: this.horizon.snapshot(),
      book: this.book.snapshot(),
    };
  }

  restore(snapshot: Snapshot): void {
    const kept = snapshot as unknown as Kept;
    this.layers.clear();
    this.chips.clear();
    this.lastLayers.clear();
    for (const [device, chip, name, order, layerState] of kept.layers) {
      const layer = this.newLayer(device, chip, name, order);
      this.layers.add(device, chip, name, layer);
      this.join(layer);
      layer.restore(layerState);
    }
    this.layerCount = kept.layers.length;
    for (const [device, chip, state] of kept.chips) {
      const watch = this.newChip(device, chip);
      watch.restore(state);
      this.chips.add(device, chip, '', watch);
    }
    this.membranes.clear();
    for (const [device, chip, name, state] of kept.membranes) {
      const watch = this.newMembrane(device, chip, name);
      watch.restore(state);
      this.membranes.add(device, chip, name, watch);
    }
    this.stops.restore(kept.stops);
    this.mutes.restore(kept.mutes);
    this.horizon.restore(kept.horizon);
    this.book.restore(kept.book);
  }
}

interface Kept {
  readonly layers: readonly (readonly [string, string, string, number, Snapshot])[];
  readonly chips: readonly (readonly [string, string, Snapshot])[];
  readonly membranes: readonly (readonly [string, string, string, Snapshot])[];
  readonly stops: Snapshot;
  readonly mutes: Snapshot;
  readonly horizon: Snapshot;
  readonly book: Snapshot;
}
