import { type Frame, frameCount, sampleCount } from '../frames/frame.ts';
import type { FrameKind } from '../frames/header.ts';
import { addSamples, newRail, type RailState, takesOrigin } from './integrate-power.ts';

/** What one chip did for a run. */
export interface RunPart {
  readonly runId: string;
  readonly deviceType: string;
  readonly chipId: string;
  /** End of its last frame. */
  lastUs: number;
  /** The chip's time has gone on without the run: it has left it. */
  hasLeft: boolean;
  frames: number;
  spikes: number;
  /** Gaps in seq, less what came late after all. */
  lost: number;
  /** A frame had no seq, so that nobody knows what was lost. */
  isUncounted: boolean;
  /** Of its power as a whole; null until there was some. */
  rail: RailState | null;
}

/** A run that has not ended. */
export interface OpenRun {
  readonly runId: string;
  /** Start of its first frame. */
  firstUs: number;
  model: string | null;
  readonly parts: RunPart[];
}

/** The highest seq of one subject and emitter. */
interface Sequence {
  readonly kind: FrameKind;
  readonly emitter: string | null;
  restarts: number;
  highest: number;
}

/** A chip that a run was on. */
export interface RunChip {
  readonly sequences: Sequence[];
  /** Its parts of runs that have not ended. */
  readonly parts: RunPart[];
}

/** Emitters of a chip's frames of one kind. */
const EMITTERS_MAX = 256;

/**
 * How many frames of its subject a frame tells to be missing: the gap before it, -1 for one that
 * was missed and comes late; undefined where it does not say.
 */
export function missingBefore({ sequences }: RunChip, frame: Frame): number | undefined {
  const { kind, emitter = null, seq, restarts } = frame;
  if (seq === undefined) return undefined;
  const known = sequences.find((each) => each.kind === kind && each.emitter === emitter);
  if (known === undefined) {
    remember(sequences, { kind, emitter, restarts, highest: seq });
    return 0;
  }
  if (known.restarts !== restarts) {
    Object.assign(known, { restarts, highest: seq });
    return 0;
  }
  const goneOn = Math.max(0, seq - known.highest);
  known.highest = Math.max(known.highest, seq);
  // Each frame fills one place; of joined ones all but the last came before.
  return goneOn - frameCount(frame);
}

/** In place of the oldest of its kind, where there are too many: kinds forget for themselves. */
function remember(sequences: Sequence[], added: Sequence): void {
  const same = sequences.filter(({ kind }) => kind === added.kind);
  if (same.length >= EMITTERS_MAX) sequences.splice(sequences.indexOf(same[0] as Sequence), 1);
  sequences.push(added);
}

/** Whether one emitter of spikes more makes another one be forgotten. */
export function isFull({ sequences }: RunChip): boolean {
  let spikes = 0;
  for (const { kind } of sequences) if (kind === 'spikes') spikes++;
  return spikes >= EMITTERS_MAX;
}

export function newPart({ deviceType, chipId, t0Us, spanUs }: Frame, runId: string): RunPart {
  return {
    ...{ runId, deviceType, chipId },
    ...{ lastUs: t0Us + spanUs, hasLeft: false, frames: 0, spikes: 0, lost: 0 },
    ...{ isUncounted: false, rail: null },
  };
}

/** Adds a frame to what its chip did for its run. */
export function addToPart(part: RunPart, frame: Frame, missing: number | undefined): void {
  part.lastUs = Math.max(part.lastUs, frame.t0Us + frame.spanUs);
  part.hasLeft = false;
  part.frames += frameCount(frame);
  if (missing === undefined) part.isUncounted = true;
  else part.lost += missing;
  if (frame.kind === 'spikes') part.spikes += sampleCount(frame);
  if (frame.kind !== 'power' || frame.rail !== 'total' || frame.component !== 'total') return;
  part.rail ??= newRail(frame);
  // What is odd in its samples is counted where its power is measured.
  if (takesOrigin(part.rail, frame)) addSamples(part.rail, frame, () => {});
}

/** The model that a frame names. */
export function modelOf(frame: Frame): string | undefined {
  if (frame.kind === 'conversion') return frame.event === 'started' ? frame.modelName : undefined;
  if (frame.kind === 'inference') return frame.modelName;
  return frame.kind === 'benchmark' ? frame.model : undefined;
}
