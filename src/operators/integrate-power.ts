import type { OperatorFunction } from 'rxjs';
import type { CountEvent } from '../component/operator-event.ts';
import type { Snapshot, StateSlot } from '../component/state.ts';
import { POWER_ORIGINS, type PowerFrame } from '../frames/power.ts';
import { KeyedByNames } from './keyed.ts';
import { stateful } from './stateful.ts';

/** Power and energy of one rail of a chip after a frame. */
export interface PowerReading {
  readonly deviceType: string;
  readonly chipId: string;
  readonly rail: string;
  readonly component: string;
  /** Of the frame that brought it. */
  readonly t0Us: number;
  readonly spanUs: number;
  /** The latest sample by time, W. */
  readonly watts: number;
  /** Energy since the start, J. */
  readonly energyJoules: number;
  /** Time that the energy stands for, µs: of the steps, or between the samples. */
  readonly tookUs: number;
  readonly runId: string | undefined;
}

/** Successive samples further apart than this enclose no energy. */
const GAP_US_MAX = 10_000_000;

/** What is remembered of one rail. */
export interface RailState {
  readonly rail: string;
  readonly component: string;
  /** Index in POWER_ORIGINS of the best origin seen; only its samples count. */
  origin: number;
  restarts: number;
  lastUs: number;
  lastWatts: number;
  /** Whether `lastUs` and `lastWatts` hold a sample. */
  hasLast: boolean;
  energyJoules: number;
  tookUs: number;
}

/**
 * Power and energy of each rail and component. Where samples state joules, energy is their sum;
 * otherwise the trapezoid between successive samples at most 10 s apart, as numpy.trapezoid, added
 * in sample order. A longer gap adds nothing, a negative piece adds 0; both are counted. A sample
 * that is not later than the last one is late: its stretch is integrated already.
 */
export function integratePower(
  options: { readonly railsMax: number },
  slot: StateSlot,
  count: CountEvent,
): OperatorFunction<PowerFrame, PowerReading> {
  return stateful(slot, (emit) => {
    const rails = new KeyedByNames<RailState>(options.railsMax);
    return {
      next: (frame) => {
        const rail = railOf(rails, frame, count);
        if (rail === undefined || !takesOrigin(rail, frame)) return;
        addSamples(rail, frame, count);
        if (rail.hasLast) emit(reading(rail, frame));
      },
      snapshot: () =>
        [...rails.entries()].map(([device, chip, name, rail]) => [device, chip, name, { ...rail }]),
      restore: (snapshot) => {
        rails.clear();
        for (const entry of snapshot as readonly (readonly Snapshot[])[]) {
          const [device, chip, name, rail] = entry as unknown as RailEntry;
          rails.add(device, chip, name, { ...rail });
        }
      },
    };
  });
}

type RailEntry = readonly [string, string, string, RailState];

function railOf(
  rails: KeyedByNames<RailState>,
  frame: PowerFrame,
  count: CountEvent,
): RailState | undefined {
  const name = `${frame.component}/${frame.rail}`;
  const known = rails.get(frame.deviceType, frame.chipId, name);
  if (known !== undefined) return known;
  const rail = newRail(frame);
  if (rails.add(frame.deviceType, frame.chipId, name, rail)) return rail;
  count('chips_refused', 1);
  return undefined;
}

export function newRail({ rail, component, restarts }: PowerFrame): RailState {
  return {
    rail,
    component,
    origin: POWER_ORIGINS.length,
    restarts,
    lastUs: 0,
    lastWatts: 0,
    hasLast: false,
    energyJoules: 0,
    tookUs: 0,
  };
}

/** Whether this frame's origin is the best so far; a better one starts from its first sample. */
export function takesOrigin(rail: RailState, frame: PowerFrame): boolean {
  const origin = POWER_ORIGINS.indexOf(frame.origin);
  if (origin > rail.origin) return false;
  if (origin < rail.origin) {
    rail.origin = origin;
    rail.hasLast = false;
  }
  return true;
}

/** A clock set back by more than this is a new time, not a late sample. */
const BACK_US_MAX = 3_600_000_000;

/** Adds a frame's samples, in their order. */
export function addSamples(rail: RailState, frame: PowerFrame, count: CountEvent): void {
  if (frame.restarts !== rail.restarts) {
    rail.restarts = frame.restarts;
    rail.hasLast = false;
  }
  for (let i = 0; i < frame.watts.length; i++) {
    const atUs = frame.t0Us + (frame.dtUs[i] as number);
    const watts = frame.watts[i] as number;
    if (frame.joules !== undefined) {
      addEnergy(rail, frame.joules[i] as number, count);
      rail.tookUs += frame.stepUs?.[i] ?? betweenUs(rail, atUs);
    }
    if (rail.hasLast && atUs <= rail.lastUs && rail.lastUs - atUs <= BACK_US_MAX) {
      if (frame.joules === undefined) count('samples_late', 1);
      continue;
    }
    if (frame.joules === undefined) addTrapezoid(rail, atUs, watts, count);
    rail.lastUs = atUs;
    rail.lastWatts = watts;
    rail.hasLast = true;
  }
}

/** Time since the last sample; 0 for a gap, in which nothing is known. */
function betweenUs(rail: RailState, atUs: number): number {
  const tookUs = rail.hasLast ? atUs - rail.lastUs : 0;
  return tookUs >= 0 && tookUs <= GAP_US_MAX ? tookUs : 0;
}

function addTrapezoid(rail: RailState, atUs: number, watts: number, count: CountEvent): void {
  if (!rail.hasLast || atUs < rail.lastUs) return;
  const tookUs = atUs - rail.lastUs;
  if (tookUs > GAP_US_MAX) {
    count('energy_gaps', 1);
    return;
  }
  addEnergy(rail, ((rail.lastWatts + watts) / 2) * (tookUs / 1e6), count);
  rail.tookUs += tookUs;
}

function addEnergy(rail: RailState, joules: number, count: CountEvent): void {
  if (joules < 0) count('energy_negative', 1);
  else rail.energyJoules += joules;
}

function reading(rail: RailState, frame: PowerFrame): PowerReading {
  return {
    deviceType: frame.deviceType,
    chipId: frame.chipId,
    rail: rail.rail,
    component: rail.component,
    t0Us: frame.t0Us,
    spanUs: frame.spanUs,
    watts: rail.lastWatts,
    energyJoules: rail.energyJoules,
    tookUs: rail.tookUs,
    runId: frame.runId,
  };
}
