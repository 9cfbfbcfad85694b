import type { DetectorName, Finding, SeriesAbout } from './finding.ts';

export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One fault, as it is told when it opens, while it goes on, and when it is over. */
export interface Incident {
  readonly event: 'opened' | 'ongoing' | 'closed';
  /** The same in each of its records, and in each replay. */
  readonly id: string;
  readonly detector: DetectorName;
  readonly series: string;
  readonly deviceType: string;
  readonly chipId: string;
  readonly layerName: string | undefined;
  readonly coreId: number | undefined;
  readonly severity: Severity;
  readonly score: number;
  readonly pValue: number | null;
  readonly expected: number | null;
  readonly observed: number | null;
  /** What happened, in a sentence. */
  readonly text: string;
  /** When this was found, by event time. */
  readonly tUs: number;
  readonly startedUs: number;
  /** Undefined while it lasts. */
  readonly endedUs: number | undefined;
  /** Its place is muted: it is counted, and wakes nobody. */
  readonly muted: boolean;
  /** It was muted until now, and is not over. */
  readonly unmuted: boolean;
  /** Incidents that are open after this, without those that are muted, and those. */
  readonly open: number;
  readonly openMuted: number;
}

const SEVERITY_OF: Readonly<Record<DetectorName, Severity>> = {
  silence: 'critical',
  core: 'critical',
  burst: 'warning',
  'level-shift': 'warning',
  spike: 'warning',
  drift: 'warning',
  extreme: 'warning',
  'flat-line': 'warning',
  synchrony: 'info',
  'distribution-shift': 'info',
  'rate-ratio': 'info',
};

export function severityOf({ detector, about }: Finding): Severity {
  // A chip that sends nothing at all may be one whose work is done.
  if (about.series === 'frames' && about.layerName === undefined) return 'warning';
  return SEVERITY_OF[detector];
}

/** `layer attention of loihi2/0`, as a person names a place. */
export function placeText({ deviceType, chipId, layerName, coreId }: SeriesAbout): string {
  const chip = `${deviceType}/${chipId}`;
  if (coreId !== undefined) {
    const layer = layerName === undefined ? '' : ` (layer ${layerName})`;
    return `core ${coreId} of ${chip}${layer}`;
  }
  return layerName === undefined ? `chip ${chip}` : `layer ${layerName} of ${chip}`;
}

const WHAT: Readonly<Record<string, string>> = {
  rate: 'rate',
  power: 'power',
  step: 'step time',
  core: 'outgoing spikes',
  synchrony: 'synchrony',
  rate_ratio: 'rate for each spike of the layer before',
  membrane: 'distribution of potentials',
};

const DO: Readonly<Record<DetectorName, string>> = {
  silence: 'check its input and whether its cores still run',
  core: 'restart the core, or move its neurons to another one',
  burst: 'check its input and its inhibition',
  'level-shift': 'check what feeds it and what was changed then',
  spike: 'look at what ran at that time',
  drift: 'check cooling and supply, and compare with the activity',
  extreme: 'look at what ran at that time',
  'flat-line': 'check the meter: it says the same again and again',
  synchrony: 'check whether neurons are driven together',
  'distribution-shift': 'check thresholds and weights',
  'rate-ratio': 'check the way between the two layers, and what else feeds it',
};

const DO_FRAMES = 'check whether its emitter runs and reaches NATS';

/** A sentence on what came instead of what, and one on what to do; `others` are named places. */
export function incidentText(finding: Finding, others: readonly string[]): string {
  const { about, detector } = finding;
  const parts = [happened(finding)];
  if (others.length > 0) {
    const shown = others.slice(0, 4).join(', ');
    const more = others.length > 4 ? ` and ${others.length - 4} more` : '';
    parts.push(`; with it ${shown}${more}`);
  }
  const todo = about.series === 'frames' ? DO_FRAMES : DO[detector];
  return `${placeText(about)}: ${parts.join('')}. To do: ${todo}.`;
}

function happened({ detector, about, expected, observed }: Finding): string {
  const what = WHAT[about.series] ?? about.series;
  if (about.series === 'frames') return `no frame for ${shown(observed, about.unit)}`;
  if (detector === 'silence') return `no spikes, where ${shown(expected, about.unit)} are usual`;
  if (detector === 'flat-line') return `${what} stays at ${shown(observed, about.unit)}`;
  const way = directionOf(detector, expected, observed);
  return `${what} ${way} ${shown(observed, about.unit)} instead of ${shown(expected, about.unit)}`;
}

function directionOf(
  detector: DetectorName,
  expected: number | null,
  observed: number | null,
): string {
  if (expected === null || observed === null) return 'is';
  const isUp = observed > expected;
  if (detector === 'burst') return 'bursts to';
  if (detector === 'drift') return isUp ? 'climbs, now' : 'sinks, now';
  return isUp ? 'rose to' : 'fell to';
}

function shown(value: number | null, unit: string): string {
  if (value === null) return 'unknown';
  const rounded = Number(value.toPrecision(3));
  return unit === '' ? `${rounded}` : `${rounded} ${unit}`;
}
