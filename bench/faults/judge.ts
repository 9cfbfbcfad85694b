import type { Incident } from '../../src/anomalies/incident.ts';
import type { Truth } from '../../src/simulation/truth.ts';

/** A fault as a recording's labels tell it: when, and what may be named as its place. */
export interface Fault {
  readonly type: string;
  readonly startUs: number;
  readonly endUs: number;
  /** Layers whose rates are labelled as the cause. */
  readonly layers: readonly string[];
  readonly chips: readonly string[];
  readonly core: number | undefined;
  readonly isDrift: boolean;
  /** It lasts to the end of the recording. */
  readonly isOpen: boolean;
}

export interface Verdict {
  readonly isFound: boolean;
  readonly isPlaced: boolean;
  readonly isClosed: boolean;
  /** Start of the incident, and when it was told, after the start of the fault: µs. */
  readonly startedAfterUs: number;
  readonly openedAfterUs: number;
  readonly endedAfterUs: number | undefined;
  readonly detector: string;
  /** Incidents that are of no fault. */
  readonly others: readonly Incident[];
}

const START_US = 300_000;
const DRIFT_US = 30_000_000;
const END_US = 1_000_000;

type AnyLabel = Readonly<Record<string, unknown>>;

/** The labels of one fault as one; undefined where nothing goes wrong. */
export function faultOf(truth: Truth | undefined, durationUs: number): Fault | undefined {
  const labels = (truth?.labels ?? []) as unknown as readonly AnyLabel[];
  const [first] = labels;
  if (first === undefined) return undefined;
  const type = String(first['type']);
  const causes = labels.filter((label) => label['cause'] !== false && label['layer'] !== undefined);
  const chips = labels.filter((label) => label['chip'] !== undefined);
  const core = labels.find((label) => label['core_idx'] !== undefined)?.['core_idx'];
  const startUs = Number(first['t_start_ms']) * 1000;
  const endUs = Number(first['t_end_ms']) * 1000;
  return {
    type,
    startUs,
    endUs,
    layers: causes.map((label) => String(label['layer'])),
    chips: chips.map((label) => String(label['chip_id'] ?? label['chip'])),
    core: core === undefined ? undefined : Number(core),
    isDrift: type.includes('drift'),
    isOpen: endUs >= durationUs - 1000,
  };
}

export function judge(incidents: readonly Incident[], fault: Fault | undefined): Verdict {
  const opened = incidents.filter(({ event }) => event === 'opened');
  const last = new Map(incidents.map((incident) => [incident.id, incident]));
  if (fault === undefined) return nothing(opened);
  const recordingUs = fault.endUs / (fault.isOpen ? 1 : 0.7);
  const reachUs = fault.isDrift ? Math.min(DRIFT_US, recordingUs / 2) : START_US;
  const isOf = ({ startedUs }: Incident) =>
    startedUs >= fault.startUs - 50_000 && startedUs <= fault.endUs + END_US;
  const mine = opened.filter(isOf);
  const others = opened.filter((incident) => !isOf(incident));
  const first = mine.find(({ startedUs }) => startedUs <= fault.startUs + reachUs);
  if (first === undefined) return { ...nothing([...others, ...mine]) };
  const now = last.get(first.id) as Incident;
  const endedAfterUs = now.endedUs === undefined ? undefined : now.endedUs - fault.endUs;
  return {
    isFound: true,
    isPlaced: isPlaced(now, fault),
    isClosed: fault.isOpen
      ? now.endedUs === undefined || now.endedUs >= fault.endUs - END_US
      : endedAfterUs !== undefined && Math.abs(endedAfterUs) <= END_US,
    startedAfterUs: first.startedUs - fault.startUs,
    openedAfterUs: first.tUs - fault.startUs,
    endedAfterUs,
    detector: now.detector,
    others: [...others, ...mine.filter((each) => each !== first)],
  };
}

function isPlaced({ layerName, chipId, coreId }: Incident, fault: Fault): boolean {
  if (fault.core !== undefined) return coreId === fault.core;
  if (layerName !== undefined && coreId === undefined) return fault.layers.includes(layerName);
  return fault.layers.length === 0 && fault.chips.includes(chipId) && coreId === undefined;
}

function nothing(others: readonly Incident[]): Verdict {
  return {
    ...{ isFound: false, isPlaced: false, isClosed: false, detector: '-' },
    ...{ startedAfterUs: Number.NaN, openedAfterUs: Number.NaN, endedAfterUs: undefined },
    others,
  };
}
