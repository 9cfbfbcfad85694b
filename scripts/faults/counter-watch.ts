import { setTimeout as sleep } from 'node:timers/promises';
import { isOfProcess, mayFall } from './compared.ts';
import { type Exposed, nameOf, readExposition } from './exposition.ts';

const EVERY_MS = 60;
const SCRAPE_MS_MAX = 30_000;
const FAULTS_MAX = 50;

/**
 * Scrapes all the time, as Prometheus does, through every crash: no counter may ever be lower than
 * it was seen before, none may go, and until the service has caught up it shows own gauges only.
 */
export class CounterWatch {
  readonly faults: string[] = [];
  samples = 0;
  samplesCatchingUp = 0;
  last: Exposed | undefined;
  /**
   * The disk was full: what a process counts could not be written down before it was shown, and may
   * be less after a kill. What frames count may not.
   */
  hadNoRoom = false;
  private readonly url: string;
  private readonly highest = new Map<string, number>();
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(url: string) {
    this.url = url;
  }

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** One look; undefined where nobody answers. */
  async scrape(): Promise<Exposed | undefined> {
    const { signal } = this.stopping;
    try {
      const timeout = AbortSignal.timeout(SCRAPE_MS_MAX);
      const answer = await fetch(`${this.url}/metrics`, {
        signal: AbortSignal.any([signal, timeout]),
      });
      if (!answer.ok) return undefined;
      return readExposition(await answer.text());
    } catch {
      return undefined;
    }
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const exposed = await this.scrape();
      if (exposed !== undefined) this.judge(exposed);
      await sleep(EVERY_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Public for those who have an exposition of another way. */
  judge(exposed: Exposed): void {
    this.samples++;
    this.last = exposed;
    if (exposed.gauges.get('spikescope_catching_up') === 1) {
      this.samplesCatchingUp++;
      this.judgeCatchingUp(exposed);
      return;
    }
    for (const [series, value] of exposed.counters) {
      if (mayFall(series) || (this.hadNoRoom && isOfProcess(series))) continue;
      const before = this.highest.get(series);
      if (before !== undefined && !(value >= before)) {
        this.fault(`${series} fell from ${before} to ${value}`);
      }
      this.highest.set(series, value);
    }
    for (const series of this.highest.keys()) {
      if (exposed.counters.has(series)) continue;
      if (this.hadNoRoom && isOfProcess(series)) continue;
      this.fault(`${series} has gone; it was ${this.highest.get(series)}`);
      this.highest.delete(series);
    }
  }

  private judgeCatchingUp({ counters, gauges }: Exposed): void {
    const shown = [...counters.keys(), ...gauges.keys()].filter(
      (series) => counters.has(series) || !nameOf(series).startsWith('spikescope_'),
    );
    if (shown.length > 0) {
      this.fault(`while it catches up it shows ${shown.length} series such as ${shown[0]}`);
    }
  }

  private fault(text: string): void {
    if (this.faults.length < FAULTS_MAX) this.faults.push(`sample ${this.samples}: ${text}`);
  }
}
