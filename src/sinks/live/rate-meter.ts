const SAMPLES = 6;

interface Samples {
  readonly times: number[];
  readonly totals: number[];
  tick: number;
}

/** How fast totals grow, over the last few seconds by the wall clock. */
export class RateMeter {
  private readonly byKey = new Map<string, Samples>();
  private tickNow = 0;

  /** Begins a round: what was not sampled in the last one is forgotten. */
  tick(): void {
    for (const [key, { tick }] of this.byKey) {
      if (tick < this.tickNow) this.byKey.delete(key);
    }
    this.tickNow++;
  }

  sample(key: string, total: number, nowMs: number): void {
    let samples = this.byKey.get(key);
    if (samples === undefined) {
      samples = { times: [], totals: [], tick: 0 };
      this.byKey.set(key, samples);
    }
    samples.tick = this.tickNow;
    samples.times.push(nowMs);
    samples.totals.push(total);
    if (samples.times.length > SAMPLES) {
      samples.times.shift();
      samples.totals.shift();
    }
  }

  perSecond(key: string): number {
    const samples = this.byKey.get(key);
    if (samples === undefined || samples.times.length < 2) return 0;
    const ms = (samples.times.at(-1) as number) - (samples.times[0] as number);
    const grown = (samples.totals.at(-1) as number) - (samples.totals[0] as number);
    return ms <= 0 ? 0 : Math.max(0, (grown / ms) * 1000);
  }
}
