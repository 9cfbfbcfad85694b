import { randomUUID } from 'node:crypto';

/**
 * More subjects than one emitter has chips and kinds: a chip_id made anew each time, most likely.
 */
const SUBJECTS_MAX = 65_536;
const NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/**
 * Numbers the frames of each subject from 0, under an emitter name that no other start has: so a
 * reader tells lost, repeated and reordered frames apart, and a restart from all of them. One for
 * each start of a publishing program.
 */
export class SequenceCounter {
  readonly emitter: string;
  private readonly seqs = new Map<string, number>();

  /** `name` says in logs and pages who publishes. */
  constructor(name = 'emitter') {
    if (!NAME.test(name)) {
      throw new TypeError(`an emitter's name is 1 to 64 of A-Z a-z 0-9 _ . -, got "${name}"`);
    }
    this.emitter = `${name}-${randomUUID()}`;
  }

  /** The number of the next frame on a subject. */
  next(subject: string): number {
    const seq = this.seqs.get(subject) ?? 0;
    if (seq === 0 && this.seqs.size >= SUBJECTS_MAX) {
      throw new RangeError(`more than ${SUBJECTS_MAX} subjects: are the chips' ids stable?`);
    }
    this.seqs.set(subject, seq + 1);
    return seq;
  }
}
