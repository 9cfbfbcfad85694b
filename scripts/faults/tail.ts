import type { Outcome } from './compare.ts';

/**
 * The run without faults starts its service when the whole stream is there, and what its monitor
 * finds (emitter `spikescope`) comes behind it: those records are in no other run. They are of the
 * chip that never sends; that of the same chip within the stream stays, and is compared.
 */
export function withoutTail(faulty: Outcome, clean: Outcome): Outcome {
  const last = faulty.derived.reduce((most, { position }) => Math.max(most, frameOf(position)), 0);
  const isWithin = (position: string) => frameOf(position) <= last;
  return {
    ...clean,
    derived: clean.derived.filter(({ position }) => isWithin(position)),
    documents: clean.documents.filter(([id]) => isWithin(id.slice(id.indexOf('/') + 1))),
  };
}

/** Sequence of the frame in the stream; 0 where a position is none. */
function frameOf(position: string): number {
  const frame = Number(position.split('-')[0]);
  return Number.isSafeInteger(frame) ? frame : 0;
}
