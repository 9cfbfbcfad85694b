/**
 * Counts looks at the live state. What changes is marked with the count of then, so that a client
 * is sent what has changed since its own last look, however long ago that was.
 */
export class RevisionClock {
  private current = 1;

  /** The mark of a change now. */
  get now(): number {
    return this.current;
  }

  /** Ends a look: all changes so far have the number returned, or a lower one. */
  next(): number {
    return this.current++;
  }
}
