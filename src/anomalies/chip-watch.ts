import type { HeldState, Snapshot } from '../component/state.ts';
import type { ActivityFrame } from '../frames/activity.ts';
import type { CoresFrame } from '../frames/cores.ts';
import type { PowerFrame } from '../frames/power.ts';
import { CoreWatch } from './core-watch.ts';
import type { DetectorSet } from './defaults.ts';
import type { SeriesAbout, TakeFinding } from './finding.ts';
import { type Horizon, streamOf } from './horizon.ts';
import type { AnomalyOptions, SeriesName } from './options.ts';
import { PointSeries } from './point-series.ts';
import { WatchedGroup } from './watched-series.ts';

const POWER_PANE_US = 50_000;
const STEP_PANE_US = 50_000;
/** Panes of power that a point of the drift is the mean of. */
const DRIFT_BLOCK = 4;
/** Rails and components of a chip that are watched beside its total. */
const RAILS_MAX = 32;

/** What a chip's series need to be made. */
export interface ChipParts {
  readonly about: SeriesAbout;
  readonly set: DetectorSet;
  readonly options: AnomalyOptions;
  readonly horizon: Horizon;
  readonly take: TakeFinding;
}

/** What is looked for in one chip: its power, the length of its steps, its cores. */
export class ChipWatch implements HeldState {
  private readonly power: PointSeries;
  private readonly step: PointSeries;
  private readonly cores: CoreWatch;
  private readonly horizon: Horizon;
  private readonly isCoresOn: boolean;
  private readonly coresMax: number;
  private readonly isRailsOn: boolean;
  private readonly parts: ChipParts;
  /** By rail and component, but for the total of both. */
  private rails = new Map<string, PointSeries>();
  private layerOf = new Map<number, string>();

  constructor(parts: ChipParts) {
    const { about, set, options, horizon, take } = parts;
    this.parts = parts;
    this.isRailsOn = set.isOn('level-shift', 'rail') || set.isOn('spike', 'rail');
    this.horizon = horizon;
    const series = (name: SeriesName, unit: string): SeriesAbout => ({
      ...about,
      series: name,
      unit,
    });
    const power = [
      ...set.meter('power', POWER_PANE_US, options.power_effect),
      ...set.drift('power', POWER_PANE_US, DRIFT_BLOCK),
      ...set.extremes('power'),
      ...set.flatLine('power'),
    ];
    this.power = new PointSeries(
      series('power', 'W'),
      streamOf('power', about),
      POWER_PANE_US,
      new WatchedGroup(power),
    );
    const step = new WatchedGroup(set.meter('step', STEP_PANE_US, options.step_effect));
    this.step = new PointSeries(series('step', 'µs'), streamOf('step', about), STEP_PANE_US, step);
    this.cores = new CoreWatch(series('core', '/s'), options, take);
    this.isCoresOn = set.isOn('core', 'core');
    this.coresMax = options.cores_max;
  }

  nextPower(frame: PowerFrame): void {
    const isTotal = frame.rail === 'total' && frame.component === 'total';
    const series = isTotal ? this.power : this.railOf(frame.rail, frame.component);
    if (series?.opens(frame) === true) this.addPower(series, frame);
  }

  private railOf(rail: string, component: string): PointSeries | undefined {
    if (!this.isRailsOn) return undefined;
    const name = `${rail}/${component}`;
    const known = this.rails.get(name);
    if (known !== undefined || this.rails.size >= RAILS_MAX) return known;
    const series = this.newRail(name);
    this.rails.set(name, series);
    return series;
  }

  private newRail(name: string): PointSeries {
    const { set, options, about } = this.parts;
    const group = new WatchedGroup(set.meter('rail', POWER_PANE_US, options.power_effect));
    const own = { ...about, series: `power ${name}`, unit: 'W' };
    return new PointSeries(own, streamOf(`power ${name}`, about), POWER_PANE_US, group);
  }

  private addPower(power: PointSeries, frame: PowerFrame): void {
    const { t0Us, dtUs, watts, joules, stepUs } = frame;
    for (let i = 0; i < dtUs.length; i++) {
      const weight = joules === undefined || stepUs === undefined ? 1 : (stepUs[i] as number);
      const isStated = joules !== undefined && weight > 0;
      const value =
        isStated && stepUs !== undefined
          ? (joules[i] as number) / (weight * 1e-6)
          : (watts[i] as number);
      power.add(t0Us + (dtUs[i] as number), value, weight);
    }
    power.reach(t0Us + frame.spanUs);
    this.horizon.reach(power.stream, power.doneUs, frame.spanUs);
  }

  nextActivity(frame: ActivityFrame): void {
    if (frame.scope !== 'core') return;
    const { step } = this;
    const endUs = frame.t0Us + frame.spanUs;
    const before = step.doneUs;
    if (!step.opens(frame)) return;
    if (step.doneUs < before) this.cores.clear(before);
    if (frame.stepUs !== undefined) step.add(frame.t0Us, frame.stepUs, Math.max(1, frame.spanUs));
    step.reach(endUs);
    if (this.isCoresOn) this.cores.next(frame, this.layerOf);
    this.horizon.reach(step.stream, step.doneUs, frame.spanUs);
  }

  nextCores({ coreId, layerNames }: CoresFrame): void {
    if (layerNames === undefined) return;
    for (let i = 0; i < coreId.length; i++) {
      const core = coreId[i] as number;
      if (this.layerOf.size >= this.coresMax && !this.layerOf.has(core)) continue;
      this.layerOf.set(core, layerNames[i] as string);
    }
  }

  snapshot(): Snapshot {
    const { power, step, cores, layerOf } = this;
    const rails = [...this.rails].map(([name, series]) => [name, series.snapshot()]);
    return [power.snapshot(), step.snapshot(), cores.snapshot(), [...layerOf], rails];
  }

  restore(snapshot: Snapshot): void {
    const [power, step, cores, layerOf, rails] = snapshot as readonly [
      ...[Snapshot, Snapshot, Snapshot],
      unknown,
      readonly (readonly [string, Snapshot])[],
    ];
    this.power.restore(power);
    this.step.restore(step);
    this.cores.restore(cores);
    this.layerOf = new Map(layerOf as [number, string][]);
    this.rails = new Map(rails.map(([name]) => [name, this.newRail(name)]));
    for (const [name, state] of rails) this.rails.get(name)?.restore(state);
  }
}
