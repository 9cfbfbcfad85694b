import type { OnsetVerdict } from '../detectors/onset.ts';

export const DETECTORS = [
  'silence',
  'core',
  'burst',
  'level-shift',
  'spike',
  'drift',
  'extreme',
  'flat-line',
  'synchrony',
  'distribution-shift',
  'rate-ratio',
] as const;
export type DetectorName = (typeof DETECTORS)[number];

/** What a series is of; names that are undefined do not apply. */
export interface Place {
  readonly deviceType: string;
  readonly chipId: string;
  readonly layerName: string | undefined;
  readonly coreId: number | undefined;
}

/** A series as findings name it. */
export interface SeriesAbout extends Place {
  /** `rate`, `power`, `step`…, what it measures. */
  readonly series: string;
  /** Of `expected` and `observed`; empty for plain numbers. */
  readonly unit: string;
  /** Its layer's position among all, in the order they came; downstream ones usually come later. */
  readonly order: number;
}

/** A detector's word on a series, when it changes and every second while it lasts. */
export interface Finding {
  readonly event: 'raised' | 'goes-on' | 'cleared';
  readonly detector: DetectorName;
  readonly about: SeriesAbout;
  /** When it was found, by event time. */
  readonly tUs: number;
  readonly onsetUs: number;
  /** End of the last point that was anomalous. */
  readonly lastUs: number;
  readonly score: number;
  /** Null where there is none. */
  readonly pValue: number | null;
  readonly expected: number | null;
  readonly observed: number | null;
}

export type TakeFinding = (finding: Finding) => void;

export function memberKey({ detector, about }: Finding): string {
  const { series, deviceType, chipId, layerName, coreId } = about;
  return JSON.stringify([detector, series, deviceType, chipId, layerName, coreId]);
}

export function findingOf(
  event: Finding['event'],
  detector: DetectorName,
  about: SeriesAbout,
  tUs: number,
  verdict: OnsetVerdict,
  scale: number,
): Finding {
  return {
    ...{ event, detector, about, tUs },
    onsetUs: Math.min(verdict.onsetUs, tUs),
    lastUs: Math.min(verdict.lastUs, tUs),
    score: verdict.score,
    pValue: numberOrNull(verdict.pValue),
    expected: numberOrNull(verdict.expected * scale),
    observed: numberOrNull(verdict.observed * scale),
  };
}

export function numberOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
