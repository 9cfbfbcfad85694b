import { LIVE_LIMITS } from '../../sinks/live/live-limits.ts';
import type { LiveView } from './live-view.ts';
import { rasterSince } from './raster-update.ts';

/** One kind of what a page is sent. */
export interface Topic {
  /** Ticks of 100 ms from one look to the next. */
  readonly everyTicks: number;
  /** What changed after a revision; undefined where nothing did. 0 is the beginning. */
  readonly since: (revision: number, options: TopicOptions) => object | undefined;
}

export interface TopicOptions {
  /** Columns of the raster that a new client is sent. */
  readonly bins: number;
}

export const TOPIC_NAMES = [
  'overview',
  'raster',
  'rates',
  'power',
  'cores',
  'membrane',
  'incidents',
  'logs',
  'conversions',
  'benchmarks',
  'topology',
] as const;

export type TopicName = (typeof TOPIC_NAMES)[number];

/** All that a page can subscribe to; `clients` tells how many do. */
export function createTopics(
  view: LiveView,
  clients: () => { now: number; max: number },
): Readonly<Record<TopicName, Topic>> {
  const { live } = view;
  return {
    overview: { everyTicks: 2, since: () => view.overview() },
    raster: { everyTicks: 1, since: (from, { bins }) => rasterSince(live.spikes, from, bins) },
    rates: changes(1, (from) => live.rates.since(from), 'layers'),
    power: changes(1, (from) => live.power.since(from), 'rails', 'inferences'),
    cores: changes(5, (from) => live.cores.since(from), 'chips'),
    membrane: changes(2, (from) => view.membrane(from), 'layers'),
    incidents: changes(1, (from) => live.incidents.since(from), 'incidents', 'mutes'),
    logs: changes(1, (from) => live.logs.since(from), 'lines'),
    conversions: changes(5, (from) => view.conversions(from), 'conversions'),
    benchmarks: changes(10, (from) => live.benchmarks.since(from), 'benchmarks'),
    topology: {
      everyTicks: 10,
      since: () => view.topology(clients().now, clients().max),
    },
  };
}

/** A topic that sends nothing, after the first time, where none of its lists has an entry. */
function changes<T extends object>(
  everyTicks: number,
  since: (revision: number) => T,
  ...lists: (keyof T)[]
): Topic {
  return {
    everyTicks,
    since: (revision) => {
      const made = since(revision);
      const isEmpty = lists.every((name) => (made[name] as readonly unknown[]).length === 0);
      return isEmpty && revision > 0 ? undefined : made;
    },
  };
}

/** Columns of the raster that are kept at most. */
export const BINS_MAX: number = LIVE_LIMITS.bins;
