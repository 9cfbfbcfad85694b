import type { PowerFrame } from '../frames/power.ts';
import type { PowerReading } from '../operators/integrate-power.ts';
import type { PowerResult } from './result.ts';

/** Power of a chip: rail and component `total`, of the best origin seen. */
export class ChipPower {
  private samples = 0;
  private minWatts = Number.POSITIVE_INFINITY;
  private maxWatts = Number.NEGATIVE_INFINITY;
  private reading: PowerReading | undefined;
  private origin: string | undefined;

  /** A frame that the operator took, and what it made of it. */
  add(frame: PowerFrame, reading: PowerReading): void {
    this.reading = reading;
    if (frame.origin !== this.origin) {
      // The operator takes another origin only where it is better: samples start anew.
      this.origin = frame.origin;
      this.samples = 0;
      this.minWatts = Number.POSITIVE_INFINITY;
      this.maxWatts = Number.NEGATIVE_INFINITY;
    }
    for (let i = 0; i < frame.watts.length; i++) {
      const watts = frame.watts[i] as number;
      this.samples++;
      if (watts < this.minWatts) this.minWatts = watts;
      if (watts > this.maxWatts) this.maxWatts = watts;
    }
  }

  result(): PowerResult {
    const { samples, reading } = this;
    const orNull = (value: number) => (samples === 0 ? null : value);
    const { energyJoules = 0, tookUs = 0 } = reading ?? {};
    return {
      samples,
      mean_watts: tookUs > 0 ? energyJoules / (tookUs / 1e6) : null,
      max_watts: orNull(this.maxWatts),
      min_watts: orNull(this.minWatts),
      // One sample encloses no energy that is known.
      energy_joules: tookUs > 0 || energyJoules > 0 ? energyJoules : null,
    };
  }
}
