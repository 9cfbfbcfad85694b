import type { MonitoringSettings } from './settings.ts';
import type { WriteTime } from './times.ts';

export type Severity = 'critical' | 'warning' | 'info' | 'none';
/** Who looks after it: routes send by this label. */
export type Team = 'hardware' | 'models' | 'platform';

/** A series of a test: its name with labels, and promtool's values, one each 15 s. */
export type InputSeries = readonly [series: string, values: string];

/** What Prometheus gets in a test, and when it is asked, in seconds. */
export interface RuleCase {
  readonly input: readonly InputSeries[];
  readonly atS: number;
}

export interface FiringCase extends RuleCase {
  /** Labels that the expression gives. */
  readonly labels: Readonly<Record<string, string>>;
  /** What `{{ $value … }}` is in the texts. */
  readonly value?: string;
}

/** One alert with all that belongs to it: its rule, its test, its page. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  /** How long it must hold, in seconds. */
  readonly forS: number;
  readonly severity: Severity;
  readonly team: Team;
  readonly summary: string;
  readonly description: string;
  /** Uid of the dashboard that shows it. */
  readonly dashboard: string;
  readonly runbook: Runbook;
  readonly fires: FiringCase;
  readonly quiet: RuleCase;
}

export interface Runbook {
  /** What is so, and what it costs. */
  readonly means: string;
  /** What to look at, in this order. */
  readonly look: readonly string[];
  /** What to do. */
  readonly mend: readonly string[];
}

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  /** Labels that its series have. */
  readonly labels: readonly string[];
  readonly test: RuleCase & { readonly gives: Readonly<Record<string, number>> };
}

/** What rules are written with. */
export interface RuleContext {
  readonly settings: MonitoringSettings;
  /** A time in seconds, scaled. */
  readonly t: WriteTime;
}

export const TICK_S = 15;

/** Longer than a restart takes. */
const KNOWN_S = 3600;

/**
 * Whether a counter grew within a range. One with labels is born at 1, which `increase` does not
 * see: such a series was not there before the range, nor in the hour before it.
 */
export function grew(counter: string, t: WriteTime, rangeS: number): string {
  const range = t(rangeS);
  const before = `max_over_time(${counter}[${t(KNOWN_S)}] offset ${range})`;
  return `increase(${counter}[${range}]) > 0 or (${counter} unless ${before}) > 0`;
}

/**
 * The same of a counter of what frames say. It outlives its process: it goes on in another one that
 * takes the partition over, under another instance, which is no growth; and what grew while it
 * changed hands is one, though neither instance's series shows it.
 */
export function grewAnywhere(counter: string, t: WriteTime, rangeS: number): string {
  const range = t(rangeS);
  const now = `max without (instance) (${counter})`;
  const past = `max_over_time(${counter}[${t(KNOWN_S)}] offset ${range})`;
  const before = `max without (instance) (${past})`;
  return [
    `sum without (instance, partition) (increase(${counter}[${range}])) > 0`,
    `sum without (partition) (clamp_min(${now} - ${before}, 0)) > 0`,
    `max without (partition) (${now} unless ${before}) > 0`,
  ].join(' or ');
}

/** A counter as it stood with one worker, then with the next one that took the partition over. */
export function movedOver(series: (scraped: string) => string, value: number): InputSeries[] {
  return [
    [series(`partition="3",${SCRAPED}`), `${value}x20 stale _x400`],
    [series(`partition="3",${SCRAPED_2}`), `_x22 ${value}x400`],
  ];
}

/** The labels of Spikescope's own series in tests. */
export const SCRAPED = 'job="spikescope",instance="spikescope:9464"';
/** Those of another worker beside it. */
export const SCRAPED_2 = 'job="spikescope",instance="spikescope-2:9464"';
export const SCRAPED_LABELS = { job: 'spikescope', instance: 'spikescope:9464' };
/** Those of what no single worker tells. */
export const JOB_LABELS = { job: 'spikescope' };
