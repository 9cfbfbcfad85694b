import type { FrameHeader } from '../frames/header.ts';
import type { HealthFrame } from '../frames/health.ts';
import type { ChipMeter } from './chip-meter.ts';
import type { Random } from './random.ts';

const EVERY_STEPS = 2000;
const AMBIENT_C = 35;
const C_PER_WATT = 20;
/** Part of the way to the end temperature that 25 ms bring: a time constant of 20 s. */
const WARMING = 0.025 / 20;

/** A chip's own word every 2 s, and its temperature, which follows power slowly. */
export class Heartbeat {
  private readonly meter: ChipMeter;
  private readonly random: Random;
  private temperatureC: number;
  private lastOverruns = 0;

  constructor(meter: ChipMeter, random: Random) {
    this.meter = meter;
    this.random = random;
    this.temperatureC = AMBIENT_C + C_PER_WATT * meter.staticWatts;
  }

  /** 25 ms at this power. */
  warm(watts: number): void {
    this.temperatureC += (AMBIENT_C + C_PER_WATT * watts - this.temperatureC) * WARMING;
  }

  /** Whether one is due before this step. */
  isDue(step: number): boolean {
    return step % EVERY_STEPS === 0;
  }

  /** Degraded where cores missed their timer since the last one. */
  take(header: FrameHeader): HealthFrame {
    const overruns = this.meter.timerOverruns.reduce((sum, each) => sum + each, 0);
    const missed = overruns - this.lastOverruns;
    this.lastOverruns = overruns;
    return {
      kind: 'health',
      ...header,
      status: missed > 0 ? 'degraded' : 'ok',
      text: missed > 0 ? `cores missed their timer ${missed} times` : undefined,
      temperatureC: Math.round((this.temperatureC + 0.2 * this.random.normal()) * 100) / 100,
      forgotten: undefined,
    };
  }
}
