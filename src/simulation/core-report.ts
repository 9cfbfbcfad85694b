import type { ActivityFrame } from '../frames/activity.ts';
import type { CoresFrame } from '../frames/cores.ts';
import type { Frame } from '../frames/frame.ts';
import type { FrameHeader } from '../frames/header.ts';
import type { ChipMeter } from './chip-meter.ts';

const NAMES = [
  'synOps',
  'dendriteUpdates',
  'axonOut',
  'spikesIn',
  'timerOverruns',
  'lateSpikes',
] as const;

/** The names of the wire. */
const COUNTERS = {
  synOps: 'syn_ops',
  dendriteUpdates: 'dendrite_updates',
  axonOut: 'axon_out',
  spikesIn: 'spikes_in',
  timerOverruns: 'timer_overruns',
  lateSpikes: 'late_spikes',
} as const;

/**
 * Utilization and counters of a chip's cores. A chip with a barrier tells its counters since the
 * start, as Loihi 2's registers do; one with a timer since the last report, and what came late.
 */
export class CoreReport {
  private readonly meter: ChipMeter;
  private readonly isTimed: boolean;
  private lastUs = 0;
  private lastDropped = 0;
  private readonly lastBusyUs: Float64Array;
  private readonly last: Record<(typeof NAMES)[number], Float64Array>;

  constructor(meter: ChipMeter) {
    this.meter = meter;
    this.isTimed = meter.plan.time.periodUs !== undefined;
    this.lastBusyUs = meter.busyUs.slice();
    this.last = {
      synOps: meter.synOps.slice(),
      dendriteUpdates: meter.dendriteUpdates.slice(),
      axonOut: meter.axonOut.slice(),
      spikesIn: meter.spikesIn.slice(),
      timerOverruns: meter.timerOverruns.slice(),
      lateSpikes: meter.lateSpikes.slice(),
    };
  }

  /** What happened in the last `steps` steps. */
  take(header: FrameHeader, steps: number): Frame[] {
    const tookUs = this.meter.totalUs - this.lastUs;
    this.lastUs = this.meter.totalUs;
    const frames: Frame[] = [this.cores(header, tookUs), this.activity(header, tookUs / steps)];
    if (this.isTimed) frames.push(this.router(header));
    return frames;
  }

  private cores(header: FrameHeader, tookUs: number): CoresFrame {
    const { meter, lastBusyUs } = this;
    const utilizationPercent = Float32Array.from(meter.busyUs, (busyUs, core) =>
      Math.min(100, (100 * (busyUs - (lastBusyUs[core] as number))) / tookUs),
    );
    lastBusyUs.set(meter.busyUs);
    const { coreIds: coreId, layerNames } = meter;
    return { kind: 'cores', ...header, coreId, utilizationPercent, layerNames };
  }

  private activity(header: FrameHeader, stepUs: number): ActivityFrame {
    const { meter, last, isTimed } = this;
    const counters = new Map<string, Float64Array>();
    for (const name of NAMES) {
      if (!isTimed && (name === 'timerOverruns' || name === 'lateSpikes')) continue;
      const before = last[name];
      const now = meter[name];
      counters.set(
        COUNTERS[name],
        isTimed ? now.map((value, core) => value - (before[core] as number)) : now.slice(),
      );
      before.set(now);
    }
    const { coreIds: coreId } = meter;
    const cumulative = !isTimed;
    return { kind: 'activity', ...header, scope: 'core', coreId, counters, cumulative, stepUs };
  }

  private router(header: FrameHeader): ActivityFrame {
    const dropped = this.meter.dropped - this.lastDropped;
    this.lastDropped = this.meter.dropped;
    return {
      kind: 'activity',
      ...header,
      scope: 'router',
      coreId: Uint32Array.of(0),
      counters: new Map([['dropped_packets', Float64Array.of(dropped)]]),
      cumulative: false,
      stepUs: undefined,
    };
  }
}
