import type { CheckpointStatus } from './state-status.ts';
import type { MarkerStatus, StreamStatus } from './stream-status.ts';

/** How far the service is behind its stream, in messages; null where nobody can know. */
export interface Lag {
  /** Whose derived records are not stored. */
  readonly not_derived: number | null;
  /** That would be processed again after a crash, or for the first time. */
  readonly not_in_checkpoint: number | null;
  /** Of those not derived, the ones that the stream does not have any more. */
  readonly gone: number | null;
}

/** Adds to `problems` why a position does not fit the stream. */
export function lagOf(
  frames: StreamStatus | null,
  marker: MarkerStatus | null,
  generations: readonly CheckpointStatus[],
  problems: string[],
): Lag {
  if (frames === null) return { not_derived: null, not_in_checkpoint: null, gone: null };
  const { last_sequence: last, first_sequence: first } = frames;
  const checkpoint = generations.find(({ error }) => error === null);
  const done = positionIn(frames, 'the marker', marker, problems);
  const kept = positionIn(frames, 'the newest checkpoint', checkpoint, problems);
  // Of a frame whose records are stored in part the rest is still to come.
  const whole = done === null || marker?.records === null ? done : done - 1;
  return {
    not_derived: whole === null ? null : Math.max(0, last - whole),
    not_in_checkpoint: kept === null ? null : Math.max(0, last - kept),
    gone: whole === null ? null : Math.max(0, first - 1 - whole),
  };
}

interface Position {
  readonly sequence: number | null;
  readonly stream: string | null;
  readonly stream_created: string | null;
}

function positionIn(
  frames: StreamStatus,
  what: string,
  position: Position | null | undefined,
  problems: string[],
): number | null {
  if (position === null || position === undefined) return null;
  if (position.stream === frames.name && position.stream_created === frames.created) {
    return position.sequence;
  }
  problems.push(
    `${what} is of the stream ${position.stream} made ${position.stream_created}, not of \
${frames.name} made ${frames.created}: the service begins that one anew`,
  );
  return null;
}
