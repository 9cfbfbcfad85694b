import type { ActivityFrame, ActivityScope } from '../../frames/activity.ts';
import { recordedHeader } from '../frame-layer.ts';
import type { PlacedValues, Provenance } from './database.ts';
import { DEVICE_TYPE, lastSpan, MACHINE_CHIP, type Phase } from './phases.ts';

/** Counters of a frame; those of a core are more in some versions. */
const COUNTERS_MAX = 64;

/** Values that are no counts: the greatest or last of something, sizes, energies, states. */
const NO_COUNTS =
  /^(max_|earliest_|latest_|last_timer|entries$|unique_routes$|error_status$)|energy_joules/;

/** Names that other devices have for the same; all others stay sPyNNaker's. */
const NAMES: Readonly<Record<string, string>> = {
  how_many_spikes_were_processed: 'spikes_in',
  total_pre_synaptic_events: 'syn_ops',
  times_the_timer_tic_over_ran: 'timer_overruns',
  number_of_late_spikes: 'late_spikes',
  dropped_multicast_packets: 'dropped_packets',
};

/** `Times_the_timer_tic_over_ran` → `timer_overruns`; undefined for what is no count. */
export function counterName(description: string): string | undefined {
  const words = wordsOf(description);
  return NO_COUNTS.test(words) ? undefined : (NAMES[words] ?? words);
}

export function wordsOf(description: string): string {
  return description
    .toLowerCase()
    .replace(/'s\b/g, 's')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 128);
}

/** All counts of a place, of several rows the sum. */
function countsOf({ values }: PlacedValues): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [description, list] of values) {
    const name = counterName(description);
    const sum = list.reduce((total, value) => total + value, 0);
    // A negative one is no count, and not for a frame.
    if (name !== undefined && sum >= 0) counts.set(name, (counts.get(name) ?? 0) + sum);
  }
  return counts;
}

export function activityFrames(provenance: Provenance, phase: Phase): ActivityFrame[] {
  const { cores, routers, monitors } = provenance;
  return [
    ...byChip(cores).flatMap(([chipId, places]) => framesOf('core', chipId, places, phase)),
    ...byChip(routers).flatMap(([chipId, places]) => framesOf('router', chipId, places, phase)),
    ...byChip(monitors).flatMap(([chipId, places]) => framesOf('chip', chipId, places, phase)),
    ...timerFrames(provenance, phase),
  ];
}

/** What the tool chain took, by category, where that is known. */
function timerFrames({ timersMs, timersAreFractions }: Provenance, phase: Phase): ActivityFrame[] {
  if (timersMs.size === 0) return [];
  const unit = timersAreFractions ? 'timer_fraction_us' : 'timer_us';
  const counters = [...timersMs].map(([category, ms]) => {
    return [`${unit}_${wordsOf(category)}`, Float64Array.of(Math.max(0, ms * 1000))] as const;
  });
  return chunked(counters).map((some) => frameOf('chip', MACHINE_CHIP, [], some, phase));
}

export function byChip(places: readonly PlacedValues[]): [string, PlacedValues[]][] {
  const chips = new Map<string, PlacedValues[]>();
  for (const place of places) {
    const chipId = `${place.x}-${place.y}`;
    const list = chips.get(chipId);
    if (list === undefined) chips.set(chipId, [place]);
    else list.push(place);
  }
  return [...chips];
}

/** Cores that count the same things share a frame: what a core does not count is not 0. */
function framesOf(
  scope: ActivityScope,
  chipId: string,
  places: readonly PlacedValues[],
  phase: Phase,
): ActivityFrame[] {
  const alike = new Map<string, { p: number; counts: Map<string, number> }[]>();
  for (const place of places) {
    const counts = countsOf(place);
    if (counts.size === 0) continue;
    const key = [...counts.keys()].sort().join();
    const list = alike.get(key) ?? [];
    list.push({ p: place.p, counts });
    alike.set(key, list);
  }
  return [...alike.values()].flatMap((group) => {
    const names = [...(group[0] as { counts: Map<string, number> }).counts.keys()];
    const columns = names.map(
      (name) =>
        [name, Float64Array.from(group, ({ counts }) => counts.get(name) as number)] as const,
    );
    const ids = scope === 'chip' ? [] : group.map(({ p }) => p);
    return chunked(columns).map((some) => frameOf(scope, chipId, ids, some, phase));
  });
}

type Counter = readonly [string, Float64Array];

function chunked(counters: readonly Counter[]): Counter[][] {
  const chunks: Counter[][] = [];
  for (let at = 0; at < counters.length; at += COUNTERS_MAX) {
    chunks.push(counters.slice(at, at + COUNTERS_MAX));
  }
  return chunks;
}

function frameOf(
  scope: ActivityScope,
  chipId: string,
  ids: readonly number[],
  counters: readonly Counter[],
  phase: Phase,
): ActivityFrame {
  const { t0Us, spanUs } = lastSpan(phase);
  return {
    kind: 'activity',
    ...recordedHeader({ deviceType: DEVICE_TYPE, chipId }, t0Us, spanUs),
    scope,
    coreId: Uint32Array.from(ids),
    counters: new Map(counters),
    cumulative: false,
    stepUs: undefined,
  };
}
