import { POWER_ORIGINS, type PowerFrame, type PowerOrigin } from '../../frames/power.ts';
import type { PicturePlan } from './picture-plan.ts';
import { type Envelope, TimeEnvelope } from './time-envelope.ts';

/** Rails and components of all chips. */
const TRACES_MAX = 96;

export interface PowerTrace {
  readonly chip: string;
  readonly rail: string;
  readonly component: string;
  readonly origin: PowerOrigin;
  readonly watts: Envelope;
}

interface Kept {
  readonly about: Omit<PowerTrace, 'watts' | 'origin'>;
  origin: PowerOrigin;
  watts: TimeEnvelope;
}

/** Power over time, of the best origin of each rail. */
export class PowerTraces {
  private readonly plan: PicturePlan;
  private readonly traces = new Map<string, Kept>();

  constructor(plan: PicturePlan) {
    this.plan = plan;
  }

  add(frame: PowerFrame): void {
    const trace = this.traceOf(frame);
    if (trace === undefined || trace.origin !== frame.origin) return;
    const { watts, dtUs, t0Us } = frame;
    for (let i = 0; i < dtUs.length; i++) {
      const point = trace.watts.pointOf(t0Us + (dtUs[i] as number));
      if (point !== undefined) trace.watts.add(point, watts, i, i + 1);
    }
  }

  private traceOf({ deviceType, chipId, rail, component, origin }: PowerFrame): Kept | undefined {
    const key = `${deviceType}\n${chipId}\n${rail}\n${component}`;
    const known = this.traces.get(key);
    if (known === undefined) {
      if (this.traces.size >= TRACES_MAX) return undefined;
      const about = { chip: `${deviceType}/${chipId}`, rail, component };
      const kept = { about, origin, watts: new TimeEnvelope(this.plan) };
      this.traces.set(key, kept);
      return kept;
    }
    if (POWER_ORIGINS.indexOf(origin) < POWER_ORIGINS.indexOf(known.origin)) {
      // Another origin counts only where it is better: samples start anew.
      known.origin = origin;
      known.watts = new TimeEnvelope(this.plan);
    }
    return known;
  }

  result(): PowerTrace[] {
    return [...this.traces.values()].map(({ about, origin, watts }) => {
      return { ...about, origin, watts: watts.result() };
    });
  }
}
