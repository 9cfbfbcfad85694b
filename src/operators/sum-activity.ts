import type { OperatorFunction } from 'rxjs';
import type { CountEvent } from '../component/operator-event.ts';
import type { Snapshot, StateSlot } from '../component/state.ts';
import type { ActivityFrame } from '../frames/activity.ts';
import { KeyedByNames } from './keyed.ts';
import { stateful } from './stateful.ts';

/** What a chip's counters grew by in one frame. */
export interface ActivitySum {
  readonly deviceType: string;
  readonly chipId: string;
  /** Of its frame. */
  readonly t0Us: number;
  readonly spanUs: number;
  /** Growth of each counter, summed over the cores of the frame. */
  readonly growth: ReadonlyMap<string, number>;
  readonly stepUs: number | undefined;
}

/** Last values of a cumulative counter by core id; -1 is the chip itself. */
type LastValues = Map<number, number>;

/**
 * Growth of activity counters. Counters since the previous frame are added as they are; cumulative
 * ones by their difference, where a drop is a restart of the chip and counts in full, and so does
 * the first value seen.
 */
export function sumActivity(
  options: { readonly countersMax: number; readonly coresMax: number },
  slot: StateSlot,
  count: CountEvent,
): OperatorFunction<ActivityFrame, ActivitySum> {
  return stateful(slot, (emit) => {
    const last = new KeyedByNames<LastValues>(options.countersMax);
    return {
      next: (frame) => {
        const growth = new Map<string, number>();
        for (const [counter, values] of frame.counters) {
          const before = frame.cumulative ? lastOf(last, frame, counter, count) : undefined;
          if (frame.cumulative && before === undefined) continue;
          growth.set(counter, grown(frame, values, before, options.coresMax, count));
        }
        const { deviceType, chipId, t0Us, spanUs, stepUs } = frame;
        emit({ deviceType, chipId, t0Us, spanUs, growth, stepUs });
      },
      snapshot: () =>
        [...last.entries()].map(([device, chip, name, values]) => [
          device,
          chip,
          name,
          [...values],
        ]),
      restore: (snapshot) => {
        last.clear();
        for (const entry of snapshot as readonly (readonly Snapshot[])[]) {
          const [device, chip, name, values] = entry as unknown as LastEntry;
          last.add(device, chip, name, new Map(values));
        }
      },
    };
  });
}

type LastEntry = readonly [string, string, string, readonly (readonly [number, number])[]];

function lastOf(
  last: KeyedByNames<LastValues>,
  frame: ActivityFrame,
  counter: string,
  count: CountEvent,
): LastValues | undefined {
  const name = `${frame.scope}/${counter}`;
  const known = last.get(frame.deviceType, frame.chipId, name);
  if (known !== undefined) return known;
  const values: LastValues = new Map();
  if (last.add(frame.deviceType, frame.chipId, name, values)) return values;
  count('counters_refused', 1);
  return undefined;
}

function grown(
  frame: ActivityFrame,
  values: Float64Array,
  before: LastValues | undefined,
  coresMax: number,
  count: CountEvent,
): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (before === undefined) {
      sum += value;
      continue;
    }
    const core = frame.scope === 'chip' ? -1 : (frame.coreId[i] as number);
    const last = before.get(core);
    if (last === undefined && before.size >= coresMax) {
      count('cores_refused', 1);
      continue;
    }
    sum += last === undefined || value < last ? value : value - last;
    before.set(core, value);
  }
  return sum;
}
