import type { HeldState, Snapshot } from '../component/state.ts';
import type { OnsetDetector, OnsetVerdict } from '../detectors/onset.ts';
import {
  type DetectorName,
  type Finding,
  findingOf,
  type SeriesAbout,
  type TakeFinding,
} from './finding.ts';

/** Between two words on the same while it lasts. */
const SAID_EVERY_US = 1_000_000;

/** Turns verdicts into findings: when a series becomes anomalous, goes on so, and is back. */
export class FindingMaker implements HeldState {
  /** Numbers of the series, in the unit that is told, by those the detector sees. */
  scale = 1;
  private readonly detector: DetectorName;
  private readonly take: TakeFinding;
  private last: Finding | undefined;
  private saidUs = 0;

  constructor(detector: DetectorName, take: TakeFinding) {
    this.detector = detector;
    this.take = take;
  }

  get isRaised(): boolean {
    return this.last !== undefined;
  }

  /** What a detector found; undefined where all is as ever. */
  heed(about: SeriesAbout, tUs: number, verdict: OnsetVerdict | undefined): void {
    if (verdict !== undefined) this.hear(about, tUs, verdict);
    else if (this.last !== undefined) this.clear(tUs);
  }

  hear(about: SeriesAbout, tUs: number, verdict: OnsetVerdict): void {
    if (!verdict.isAnomalous) {
      this.clear(tUs);
      return;
    }
    const { detector, last } = this;
    if (last !== undefined && tUs - this.saidUs < SAID_EVERY_US) {
      // What it would say at its end; nobody need hear it now.
      if (verdict.lastUs > last.lastUs) this.last = { ...last, lastUs: verdict.lastUs };
      return;
    }
    const event = last === undefined ? 'raised' : 'goes-on';
    const finding = findingOf(event, detector, about, tUs, verdict, this.scale);
    // The start is told once: later points know it less well.
    this.last = last === undefined ? finding : { ...finding, onsetUs: last.onsetUs };
    this.saidUs = tUs;
    this.take(this.last);
  }

  /** The series is back, or has ended. */
  clear(tUs: number): void {
    const { last } = this;
    if (last === undefined) return;
    this.last = undefined;
    this.take({ ...last, event: 'cleared', tUs: Math.max(tUs, last.tUs) });
  }

  snapshot(): Snapshot {
    return [this.scale, this.saidUs, keepFinding(this.last)];
  }

  restore(snapshot: Snapshot): void {
    const [scale, saidUs, last] = snapshot as readonly [number, number, Snapshot];
    this.scale = scale;
    this.saidUs = saidUs;
    this.last = last === null ? undefined : restoreFinding(last);
  }
}

/** A finding for a snapshot: names that do not apply are null in it. */
export function keepFinding(finding: Finding | undefined): Snapshot {
  if (finding === undefined) return null;
  const about = Object.fromEntries(
    Object.entries(finding.about).map(([name, value]) => [name, value ?? null]),
  );
  return { ...finding, about };
}

export function restoreFinding(snapshot: Snapshot): Finding {
  const kept = snapshot as unknown as Finding;
  const about = Object.fromEntries(
    Object.entries(kept.about).map(([name, value]) => [name, value ?? undefined]),
  );
  return { ...kept, about: about as unknown as SeriesAbout };
}

/** One detector on one series. */
export class WatchedSeries<D extends OnsetDetector = OnsetDetector> implements HeldState {
  readonly maker: FindingMaker;
  readonly detector: D;

  constructor(name: DetectorName, detector: D, take: TakeFinding) {
    this.detector = detector;
    this.maker = new FindingMaker(name, take);
  }

  next(about: SeriesAbout, tUs: number, value: number): void {
    this.maker.heed(about, tUs, this.detector.find(tUs, value));
  }

  snapshot(): Snapshot {
    return [this.maker.snapshot(), this.detector.snapshot()];
  }

  restore(snapshot: Snapshot): void {
    const [maker, detector] = snapshot as readonly [Snapshot, Snapshot];
    this.maker.restore(maker);
    this.detector.restore(detector);
  }
}

/** Several detectors on one series. */
export class WatchedGroup implements HeldState {
  readonly all: readonly WatchedSeries[];

  constructor(all: readonly (WatchedSeries | undefined)[]) {
    this.all = all.filter((each) => each !== undefined);
  }

  next(about: SeriesAbout, tUs: number, value: number): void {
    for (const each of this.all) each.next(about, tUs, value);
  }

  scaleTo(scale: number): void {
    for (const each of this.all) each.maker.scale = scale;
  }

  clear(tUs: number): void {
    for (const each of this.all) each.maker.clear(tUs);
  }

  snapshot(): Snapshot {
    return this.all.map((each) => each.snapshot());
  }

  restore(snapshot: Snapshot): void {
    const kept = snapshot as readonly Snapshot[];
    for (const [i, each] of this.all.entries()) {
      const state = kept[i];
      if (state !== undefined) each.restore(state);
    }
  }
}
