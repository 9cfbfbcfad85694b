import type { FrameHeader } from '../frames/header.ts';
import type { RecordedLayer } from './recording.ts';

/** Header of a frame of a recording: no counting, no clock. */
export function recordedHeader(
  part: Pick<RecordedLayer, 'deviceType' | 'chipId'>,
  t0Us: number,
  spanUs: number,
): FrameHeader {
  return {
    deviceType: part.deviceType,
    chipId: part.chipId,
    t0Us,
    spanUs,
    seq: undefined,
    runId: undefined,
    emitter: undefined,
    arrivedUs: Number.NaN,
    restarts: 0,
  };
}

/** A piece of a layer's samples that becomes one frame. */
export interface FramePiece {
  readonly layer: number;
  readonly startUs: number;
  readonly endUs: number;
  /** Samples [from, to) of the layer split. */
  readonly from: number;
  readonly to: number;
}

/** Orders the pieces of a span by their start; those of one start stay in the order of layers. */
export function orderPieces<P extends FramePiece>(pieces: P[]): P[] {
  const first = pieces[0];
  if (first === undefined || pieces.every((piece) => piece.startUs === first.startUs))
    return pieces;
  return pieces.sort((a, b) => a.startUs - b.startUs);
}
