import type { NearestOptions } from '../../src/detectors/nearest.ts';
import { nearestOptions } from '../../src/detectors/nearest.ts';

/** What is searched; all else is as it comes. Declared before the search, and small. */
const GRID = {
  blocks: [75, 100, 125, 150],
  snap: [0.05, 0.075, 0.1],
  window: [8, 12],
  coarse_weight: [0, 1],
  range_weight: [0, 1, 2],
  rise: [1.3, 1.5, 1.7],
  repeat_penalty: [0.2, 0.4, 0.6],
} as const satisfies { readonly [K in keyof NearestOptions]?: readonly number[] };

/** Every combination of the grid. */
export function candidates(): NearestOptions[] {
  let all: Record<string, number>[] = [{}];
  for (const [name, values] of Object.entries(GRID)) {
    all = all.flatMap((some) => values.map((value) => ({ ...some, [name]: value })));
  }
  return all.map((some) => nearestOptions.parse(some));
}
