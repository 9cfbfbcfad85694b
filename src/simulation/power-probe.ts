import type { FrameHeader } from '../frames/header.ts';
import type { PowerComponent, PowerFrame } from '../frames/power.ts';
import type { ChipMeter } from './chip-meter.ts';
import { STEP_US } from './plan.ts';
import type { Random } from './random.ts';

/** Loihi 2's profiler gives a sample about every 25 ms. */
const EVERY_STEPS = 25;
const EVERY_US = EVERY_STEPS * STEP_US;
const EVERY_S = EVERY_US / 1e6;

/**
 * Power of a chip's rails: static, what the activity of the last 25 ms took, and the noise of the
 * measurement. A sample stands at the last step of its 25 ms. What is told as dynamic is measured
 * less the known static part, so that it may fall below 0, as it does on hardware.
 */
export class PowerProbe {
  /** The last sample of the whole chip, W. */
  watts: number;
  private readonly meter: ChipMeter;
  private readonly random: Random;
  /** [rails] energy at the last sample. */
  private readonly lastJ: Float64Array;
  private dtUs: number[] = [];
  private rails: number[][];
  private totals: number[] = [];

  constructor(meter: ChipMeter, random: Random) {
    this.meter = meter;
    this.random = random;
    this.watts = meter.staticWatts;
    this.lastJ = meter.dynamicJ.slice();
    this.rails = meter.plan.power.rails.map(() => []);
  }

  /** Looks after a step; `step` is counted from the start of the run. */
  after(step: number, dtUs: number): boolean {
    if ((step + 1) % EVERY_STEPS !== 0) return false;
    this.dtUs.push(dtUs);
    const { dynamicJ, plan } = this.meter;
    this.watts = 0;
    for (const [i, rail] of plan.power.rails.entries()) {
      const joules = (dynamicJ[i] as number) - (this.lastJ[i] as number);
      this.lastJ[i] = dynamicJ[i] as number;
      const noise = rail.noiseWatts * this.random.normal();
      const watts = rail.staticWatts + joules / EVERY_S + noise;
      this.rails[i]?.push(watts);
      this.watts += watts;
    }
    this.totals.push(this.watts);
    return true;
  }

  /** The total, its static and dynamic parts, and each rail; none where no sample fell in. */
  take(header: FrameHeader): PowerFrame[] {
    if (this.dtUs.length === 0) return [];
    const { power } = this.meter.plan;
    const { staticWatts } = this.meter;
    const frame = (rail: string, component: PowerComponent, watts: number[]): PowerFrame => ({
      kind: 'power',
      ...header,
      dtUs: Uint32Array.from(this.dtUs),
      watts: Float32Array.from(watts),
      joules: power.hasJoules ? Float64Array.from(watts, (each) => each * EVERY_S) : undefined,
      stepUs: power.hasJoules ? new Float64Array(watts.length).fill(EVERY_US) : undefined,
      rail,
      component,
      origin: power.origin,
    });
    const frames = [
      frame('total', 'total', this.totals),
      frame(
        'total',
        'static',
        this.totals.map(() => staticWatts),
      ),
      frame(
        'total',
        'dynamic',
        this.totals.map((watts) => watts - staticWatts),
      ),
    ];
    for (const [i, rail] of power.rails.entries()) {
      if (power.tellsRails) frames.push(frame(rail.name, 'total', this.rails[i] ?? []));
    }
    this.dtUs = [];
    this.totals = [];
    this.rails = this.rails.map(() => []);
    return frames;
  }
}
