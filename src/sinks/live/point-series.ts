/** The last points of a series over event time, each with the revision it came at. */
export class PointSeries {
  private readonly times: number[] = [];
  private readonly values: number[] = [];
  private readonly revisions: number[] = [];
  private readonly max: number;
  private readonly stepUs: number;

  /** Points closer together than `stepUs` are one: the newest value stands for all. */
  constructor(max: number, stepUs: number) {
    this.max = max;
    this.stepUs = stepUs;
  }

  get lastUs(): number {
    return this.times.at(-1) ?? Number.NEGATIVE_INFINITY;
  }

  get last(): number | undefined {
    return this.values.at(-1);
  }

  add(tUs: number, value: number, revision: number): void {
    const { times, values, revisions, lastUs } = this;
    if (tUs < lastUs) {
      // A series that begins again replaces what was drawn; a single late point is not drawn.
      if (lastUs - tUs < this.stepUs * this.max) return;
      this.clear();
    }
    const bucket = Math.floor(tUs / this.stepUs);
    const isSame = times.length > 0 && Math.floor(this.lastUs / this.stepUs) === bucket;
    const at = isSame ? times.length - 1 : times.length;
    times[at] = tUs;
    values[at] = value;
    revisions[at] = revision;
    // Half is forgotten at once, so that forgetting costs nothing each time.
    if (times.length >= this.max * 2) {
      for (const column of [times, values, revisions]) column.splice(0, this.max);
    }
  }

  /** Points that came after a revision, in order of time, at most as many as are kept. */
  since(revision: number): { t_us: number[]; values: number[] } {
    let from = this.times.length;
    while (from > 0 && (this.revisions[from - 1] as number) > revision) from--;
    from = Math.max(from, this.times.length - this.max);
    return { t_us: this.times.slice(from), values: this.values.slice(from) };
  }

  clear(): void {
    for (const column of [this.times, this.values, this.revisions]) column.length = 0;
  }
}
