/**
 * The union of half-open intervals [start, end), as sorted flat pairs. Made for time that frames
 * cover: nearly every interval is appended at the end, and what lies behind is forgotten.
 */
export class IntervalSet {
  /** start0, end0, start1, end1, …: ascending, no two touching. */
  private bounds: number[] = [];

  /** Intervals that the union consists of. */
  get size(): number {
    return this.bounds.length / 2;
  }

  add(start: number, end: number): void {
    if (end <= start) return;
    const { bounds } = this;
    const last = bounds.length - 1;
    if (last < 0 || start > (bounds[last] as number)) {
      bounds.push(start, end);
      return;
    }
    if (start >= (bounds[last - 1] as number)) {
      if (end > (bounds[last] as number)) bounds[last] = end;
      return;
    }
    this.insert(start, end);
  }

  private insert(start: number, end: number): void {
    const { bounds } = this;
    // The intervals first … beyond - 1 touch the new one and are merged into it.
    let first = 0;
    while (first < bounds.length && (bounds[first + 1] as number) < start) first += 2;
    let beyond = first;
    let from = start;
    let to = end;
    while (beyond < bounds.length && (bounds[beyond] as number) <= end) {
      from = Math.min(from, bounds[beyond] as number);
      to = Math.max(to, bounds[beyond + 1] as number);
      beyond += 2;
    }
    bounds.splice(first, beyond - first, from, to);
  }

  /** Length of the part of [start, end) that is covered. */
  covered(start: number, end: number): number {
    let sum = 0;
    for (let i = 0; i < this.bounds.length; i += 2) {
      const from = Math.max(start, this.bounds[i] as number);
      const to = Math.min(end, this.bounds[i + 1] as number);
      if (to > from) sum += to - from;
    }
    return sum;
  }

  /** Forgets what lies before `start`. */
  forgetBefore(start: number): void {
    const { bounds } = this;
    let drop = 0;
    while (drop < bounds.length && (bounds[drop + 1] as number) <= start) drop += 2;
    if (drop > 0) bounds.splice(0, drop);
    if (bounds.length > 0 && (bounds[0] as number) < start) bounds[0] = start;
  }

  clear(): void {
    this.bounds = [];
  }

  toArray(): number[] {
    return [...this.bounds];
  }

  static fromArray(bounds: readonly number[]): IntervalSet {
    const set = new IntervalSet();
    set.bounds = [...bounds];
    return set;
  }
}
