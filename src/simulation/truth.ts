import type { ChipMeter } from './chip-meter.ts';
import type { Layer } from './layer.ts';
import type { Network } from './network.ts';
import { STEP_US } from './plan.ts';
import type { ChipFault, Fault } from './scenario.ts';

/** What went wrong, where and when, in the shape of a recording's `labels.json`. */
export interface Truth {
  readonly labels: readonly Label[];
}

interface LabelPlace {
  readonly type: string;
  readonly device_type: string;
  readonly chip_id: string;
  readonly t_start_ms: number;
  readonly t_end_ms: number;
}

/** A layer whose rate moved; `cause` says whether the fault is in it or before it. */
export interface LayerLabel extends LabelPlace {
  readonly layer: string;
  readonly cause: boolean;
  readonly baseline_hz: number;
  readonly during_hz: number;
  readonly ratio: number;
  readonly param?: number;
}

/** A chip, or a core of it, whose power, time or counters moved. */
export interface ChipLabel extends LabelPlace {
  /** A number where the id is one. */
  readonly chip: number | string;
  readonly layer?: string;
  readonly core_idx?: number;
  readonly energy_factor_end?: number;
  readonly note: string;
  readonly observed: Means;
}

export type Label = LayerLabel | ChipLabel;

/** The network has found its rates by then, and a change has gone through all layers. */
const SETTLE_STEPS = 300;
const PASS_STEPS = 20;
/** Counters of a core are told for windows of this many steps. */
const WINDOW_STEPS = 100;

/** Everything that only grows, at one moment. */
interface Reading {
  readonly step: number;
  readonly spikes: readonly number[];
  readonly chips: readonly ChipReading[];
}

interface ChipReading {
  readonly steps: number;
  readonly joules: number;
  readonly hardwareUs: number;
  readonly axonOut: Float64Array;
  readonly busyUs: Float64Array;
  readonly overruns: number;
  readonly late: number;
  readonly dropped: number;
}

/** Reads the network's own counts around a fault; noise and lost frames are not in them. */
export class TruthMeter {
  private readonly network: Network;
  private readonly fault: Fault;
  private readonly startUs: number;
  private readonly settled: number;
  private readonly passed: number;
  private readonly readings = new Map<number, Reading>();

  constructor(network: Network, fault: Fault, startUs: number) {
    this.network = network;
    this.fault = fault;
    this.startUs = startUs;
    this.settled = Math.min(SETTLE_STEPS, Math.floor(fault.from / 2));
    const half = Math.floor((fault.to - fault.from) / 2);
    const pass = fault.scenario.isAtOnce ? 0 : Math.min(PASS_STEPS, half);
    this.passed = fault.from + pass;
  }

  before(step: number): void {
    const { from, to } = this.fault;
    if (step === this.settled || step === from || step === this.passed || step === to) {
      this.readings.set(step, this.read(step));
    }
  }

  /** @param steps that were run; a fault that had not begun by then has no labels */
  truth(steps: number): Truth {
    const { fault } = this;
    const start = this.readings.get(this.settled);
    const onset = this.readings.get(fault.from);
    if (start === undefined || onset === undefined || steps <= fault.from) return { labels: [] };
    const end = this.read(steps);
    const offset = this.readings.get(fault.to) ?? end;
    const passed = this.readings.get(this.passed);
    const during = passed === undefined || passed.step >= offset.step ? onset : passed;
    const { causes, effects, chip } = fault.scenario;
    const times = {
      t_start_ms: (this.startUs + onset.step * STEP_US) / 1000,
      t_end_ms: (this.startUs + offset.step * STEP_US) / 1000,
    };
    const chips = chip === undefined ? [] : [this.chipLabel(chip, times, [onset, offset, end])];
    // A stuck core's own label names its layer already, as those of the recordings do.
    const named = causes.filter((name) => name !== chip?.layer);
    const layers = [...named, ...effects].map((name) => {
      const rates = [this.rateHz(name, start, onset), this.rateHz(name, during, offset)];
      return this.layerLabel(name, times, rates as [number, number]);
    });
    return { labels: [...chips, ...layers] };
  }

  private layerLabel(
    name: string,
    times: { t_start_ms: number; t_end_ms: number },
    [baseline, during]: [number, number],
  ): LayerLabel {
    const { scenario } = this.fault;
    return {
      type: scenario.type,
      layer: name,
      ...nameOf(this.network.layer(name).meter),
      cause: scenario.causes.includes(name),
      ...times,
      baseline_hz: baseline,
      during_hz: during,
      ratio: during / baseline,
      ...(scenario.param !== undefined && { param: scenario.param }),
    };
  }

  private chipLabel(
    fault: ChipFault,
    times: { t_start_ms: number; t_end_ms: number },
    readings: readonly [Reading, Reading, Reading],
  ): ChipLabel {
    const meter = this.network.meters[fault.chip] as ChipMeter;
    const { chipId } = meter.plan;
    return {
      type: this.fault.scenario.type,
      ...(fault.layer !== undefined && { layer: fault.layer }),
      ...nameOf(meter),
      chip: /^\d+$/.test(chipId) ? Number(chipId) : chipId,
      ...(fault.core !== undefined && { core_idx: fault.core }),
      ...times,
      ...(fault.energyFactorEnd !== undefined && { energy_factor_end: fault.energyFactorEnd }),
      note: fault.note,
      observed: observed(fault, meter.plan.time.periodUs !== undefined, readings),
    };
  }

  private rateHz(name: string, from: Reading, to: Reading): number {
    const at = this.network.layers.findIndex(({ plan }) => plan.name === name);
    const layer = this.network.layers[at] as Layer;
    const spikes = (to.spikes[at] as number) - (from.spikes[at] as number);
    return spikes / layer.plan.neurons / (((to.step - from.step) * STEP_US) / 1e6);
  }

  private read(step: number): Reading {
    return {
      step,
      spikes: this.network.layers.map((layer) => layer.spikes),
      chips: this.network.meters.map((meter) => ({
        steps: step,
        joules: meter.totalJ,
        hardwareUs: meter.totalUs,
        axonOut: meter.axonOut.slice(),
        busyUs: meter.busyUs.slice(),
        overruns: sumOf(meter.timerOverruns),
        late: sumOf(meter.lateSpikes),
        dropped: meter.dropped,
      })),
    };
  }
}

function nameOf(meter: ChipMeter): { device_type: string; chip_id: string } {
  return { device_type: meter.plan.deviceType, chip_id: meter.plan.chipId };
}

type Means = Readonly<Record<string, { inside: number; outside: number }>>;

/** Means inside the fault and outside of it; of a core too, where one is at fault. */
function observed(
  { chip, core }: ChipFault,
  timed: boolean,
  [onset, offset, end]: readonly [Reading, Reading, Reading],
): Means {
  const mean = (count: (of: ChipReading) => number, per: (of: ChipReading) => number) => {
    const at = (reading: Reading, of: typeof count) => of(reading.chips[chip] as ChipReading);
    const inside = (of: typeof count) => at(offset, of) - at(onset, of);
    const outside = (of: typeof count) => at(end, of) - inside(of);
    return { inside: inside(count) / inside(per), outside: outside(count) / outside(per) };
  };
  const steps = (of: ChipReading) => of.steps;
  const windows = (of: ChipReading) => of.steps / WINDOW_STEPS;
  return {
    power_w_mean: mean(
      (of) => of.joules,
      (of) => (of.steps * STEP_US) / 1e6,
    ),
    energy_nj_mean: mean((of) => of.joules * 1e9, steps),
    step_time_us_mean: mean((of) => of.hardwareUs, steps),
    ...(core !== undefined && {
      axon_out_per_window_mean: mean((of) => of.axonOut[core] as number, windows),
      utilization_per_window_mean: mean(
        (of) => of.busyUs[core] as number,
        (of) => of.hardwareUs,
      ),
    }),
    ...(timed && {
      timer_overruns_per_window_mean: mean((of) => of.overruns, windows),
      late_spikes_per_window_mean: mean((of) => of.late, windows),
      dropped_packets_per_window_mean: mean((of) => of.dropped, windows),
    }),
  };
}

function sumOf(column: Float64Array): number {
  let sum = 0;
  for (const value of column) sum += value;
  return sum;
}
