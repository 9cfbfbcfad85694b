import type { Snapshot } from '../component/state.ts';
import { OWN_EMITTER } from '../frames/header.ts';
import type { SpikesFrame } from '../frames/spikes.ts';
import { IntervalSet } from '../numerics/interval-set.ts';
import type { CountsPool, OpenWindow, Part } from './spike-windows.ts';

/** A part whose frames are further from its watermark than this starts anew. */
const JUMP_US = 3_600_000_000;

export type TimeJump = 'none' | 'counted' | 'silence';

/**
 * Whether a frame lies more than an hour from the part's watermark. Ahead of it because the part
 * was silent for about as long by arrival (within a tenth), it restarts the part but is no jump.
 */
export function isTimeJump(part: Part, frame: SpikesFrame, latenessUs: number): TimeJump {
  const aheadUs = frame.t0Us - (part.endUs - latenessUs);
  if (Math.abs(aheadUs) <= JUMP_US || frame.emitter === OWN_EMITTER) return 'none';
  if (aheadUs < 0) return 'counted';
  const silentUs = frame.arrivedUs - part.arrivedUs;
  return Math.abs(aheadUs - silentUs) <= aheadUs / 10 ? 'silence' : 'counted';
}

/**
 * A copy that shares no memory with the part; NaN is kept as null. Its columns stand first: were it
 * written in the order of a part it would be one to V8 as well, with other types in it, and the
 * first checkpoint would undo what was compiled for parts.
 */
export function snapshotPart(part: Part): Snapshot {
  return {
    covered: part.covered.toArray(),
    windows: part.windows.map(({ counts, ...window }) => ({ counts: counts.slice(), ...window })),
    neuronType: part.neuronType,
    neuronCount: part.neuronCount,
    restarts: part.restarts,
    endUs: part.endUs,
    arrivedUs: Number.isNaN(part.arrivedUs) ? null : part.arrivedUs,
    closedBelow: part.closedBelow,
  };
}

interface PartSnapshot extends Omit<Part, 'arrivedUs' | 'covered' | 'windows'> {
  readonly arrivedUs: number | null;
  readonly covered: readonly number[];
  readonly windows: readonly OpenWindow[];
}

/** The part with counts of its own, from the pool; made as new ones are. */
export function restorePart(snapshot: Snapshot, pool: CountsPool): Part {
  const part = snapshot as unknown as PartSnapshot;
  return {
    neuronType: part.neuronType,
    neuronCount: part.neuronCount,
    restarts: part.restarts,
    endUs: part.endUs,
    arrivedUs: part.arrivedUs ?? Number.NaN,
    closedBelow: part.closedBelow,
    covered: IntervalSet.fromArray(part.covered),
    windows: part.windows.map(({ index, counts: kept, spikes, timestepMax, runId }) => {
      const counts = pool.take(kept.length);
      counts.set(kept);
      return { index, counts, spikes, timestepMax, runId };
    }),
  };
}
