import type { Frame } from '../frames/frame.ts';
import type { FrameHeader } from '../frames/header.ts';
import type { ChipMeter } from './chip-meter.ts';
import { CoreReport } from './core-report.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Link } from './link.ts';
import { MembraneProbe } from './membrane-probe.ts';
import type { Network } from './network.ts';
import { STEP_US } from './plan.ts';
import { PowerProbe } from './power-probe.ts';
import { Random } from './random.ts';
import { SpikeLog } from './spike-log.ts';

/** A time that frames cover: steps [first, end) of a run that began at `startUs`. */
export interface Tick {
  readonly startUs: number;
  readonly first: number;
  readonly end: number;
}

/** All that one chip tells, gathered step by step and taken as frames. */
export class ChipProbes {
  private readonly meter: ChipMeter;
  private readonly runId: string;
  private readonly logs: readonly SpikeLog[];
  private readonly membranes: readonly MembraneProbe[];
  private readonly learning: readonly Link[];
  private readonly lastUpdates: number[];
  private readonly power: PowerProbe;
  private readonly report: CoreReport;
  private readonly heartbeat: Heartbeat;
  private health: Frame[] = [];

  constructor(network: Network, meter: ChipMeter, seed: number, runId: string) {
    this.meter = meter;
    this.runId = runId;
    const layers = network.layers.filter((layer) => layer.meter === meter);
    this.logs = layers.map((layer) => new SpikeLog(layer));
    this.membranes = layers.map((layer) => new MembraneProbe(layer));
    this.learning = network.links.filter((link) => link.plan.learns && link.to.meter === meter);
    this.lastUpdates = this.learning.map(() => 0);
    const name = `${meter.plan.deviceType}/${meter.plan.chipId}`;
    this.power = new PowerProbe(meter, new Random(seed, `power ${name}`));
    this.report = new CoreReport(meter);
    this.heartbeat = new Heartbeat(meter, new Random(seed, `temperature ${name}`));
  }

  before(step: number, startUs: number): void {
    if (!this.heartbeat.isDue(step)) return;
    const header = this.header(startUs + step * STEP_US, 0);
    this.health.push(this.heartbeat.take(header));
  }

  after(step: number, dtUs: number): void {
    for (const log of this.logs) log.add(dtUs);
    for (const probe of this.membranes) probe.after(step, dtUs);
    if (this.power.after(step, dtUs)) this.heartbeat.warm(this.power.watts);
  }

  /** In the order of their t0. */
  take({ startUs, first, end }: Tick): Frame[] {
    const header = this.header(startUs + first * STEP_US, (end - first) * STEP_US);
    const frames: Frame[] = this.logs.map((log) => log.take(header, first));
    for (const probe of this.membranes) {
      const frame = probe.take(header);
      if (frame !== undefined) frames.push(frame);
    }
    frames.push(...this.power.take(header), ...this.report.take(header, end - first));
    if (this.learning.length > 0) frames.push(this.synapses(header));
    frames.push(...this.health);
    this.health = [];
    return frames;
  }

  private synapses(header: FrameHeader): Frame {
    const updates = this.learning.map((link, i) => {
      const count = link.updates - (this.lastUpdates[i] as number);
      this.lastUpdates[i] = link.updates;
      return { synapseType: 'excitatory', learningRule: 'stdp', count };
    });
    return { kind: 'synapses', ...header, updates };
  }

  private header(t0Us: number, spanUs: number): FrameHeader {
    const { deviceType, chipId } = this.meter.plan;
    return {
      deviceType,
      chipId,
      t0Us,
      spanUs,
      // Who delivers the frames numbers them and names itself.
      seq: undefined,
      emitter: undefined,
      runId: this.runId,
      arrivedUs: Number.NaN,
      restarts: 0,
    };
  }
}
