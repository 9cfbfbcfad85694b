import { setTimeout as sleep } from 'node:timers/promises';
import { mayFall } from '../compared.ts';
import type { Exposed } from '../exposition.ts';

const EVERY_MS = 250;
const FAULTS_MAX = 50;
const PARTITION = /[{,]partition="[^"]*"/;

/**
 * Scrapes all workers all the time: what frames say has the label of its partition, and is the same
 * counter with whatever worker has that. It may never be lower than any worker showed it before.
 */
export class ClusterWatch {
  readonly faults: string[] = [];
  samples = 0;
  private readonly scrapes: () => Promise<readonly Exposed[]>;
  private readonly highest = new Map<string, number>();
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(scrapes: () => Promise<readonly Exposed[]>) {
    this.scrapes = scrapes;
  }

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /**
   * What workers answered at one look, which has no order: one of them may have had a partition
   * before another took it over. Public for those who have expositions of another way.
   */
  judge(...answers: readonly Exposed[]): void {
    const seen = new Map<string, number>();
    for (const { counters } of answers) {
      this.samples++;
      for (const [series, value] of counters) {
        if (!PARTITION.test(series) || mayFall(series)) continue;
        const before = this.highest.get(series);
        if (before !== undefined && !(value >= before)) {
          this.fault(`${series} fell from ${before} to ${value}`);
        }
        seen.set(series, Math.max(seen.get(series) ?? before ?? value, value));
      }
    }
    for (const [series, value] of seen) this.highest.set(series, value);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      this.judge(...(await this.scrapes()));
      await sleep(EVERY_MS, undefined, { signal }).catch(() => {});
    }
  }

  private fault(text: string): void {
    if (this.faults.length < FAULTS_MAX) this.faults.push(`sample ${this.samples}: ${text}`);
  }
}

/** Counters summed over partitions: as one process would have them. */
export function overPartitions(counters: ReadonlyMap<string, number>): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [series, value] of counters) {
    const whole = series
      .replace(/\{partition="[^"]*"\}/, '')
      .replace(/\{partition="[^"]*",/, '{')
      .replace(/,partition="[^"]*"/, '');
    sums.set(whole, (sums.get(whole) ?? 0) + value);
  }
  return sums;
}
