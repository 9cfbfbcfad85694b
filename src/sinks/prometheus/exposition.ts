import { setImmediate as turn } from 'node:timers/promises';
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import { Family } from './family.ts';
import type { MetricStore } from './metric-store.ts';
import type { Series } from './series.ts';

/** prom-client is behind this module alone, so that its successor is a change of one file. */
export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** Characters of text that are made before the event loop gets a turn. */
const TURN_CHARS = 128 * 1024;
/**
 * How long what the process says of itself is shown again: it takes as long to find out as all
 * series together, and who asks many times a second wants to know of the series.
 */
const PROCESS_MS = 1000;

/**
 * A registry of prom-client whose own metrics (the process, Node) are as ever, and whose families
 * write their text themselves: label text is made once a series, and a long exposition lets the
 * event loop go on in between. Each series is written at one moment.
 */
class StoreRegistry extends Registry {
  private readonly kept = new Map<unknown, { readonly text: string; readonly untilMs: number }>();

  async getMetricsAsString(metric: unknown): Promise<string> {
    if (metric instanceof Family) return await familyText(metric as Family<Series>);
    const nowMs = performance.now();
    const kept = this.kept.get(metric);
    if (kept !== undefined && nowMs < kept.untilMs) return kept.text;
    const text = await this.processText(metric);
    this.kept.set(metric, { text, untilMs: nowMs + PROCESS_MS });
    return text;
  }

  private async processText(metric: unknown): Promise<string> {
    const parent = Registry.prototype as unknown as {
      getMetricsAsString(this: Registry, metric: unknown): Promise<string>;
    };
    return await parent.getMetricsAsString.call(this, metric);
  }
}

async function familyText(family: Family<Series>): Promise<string> {
  const parts: string[] = [];
  let text = family.header();
  for (const series of family.shown()) {
    text += series.lines(family.name);
    if (text.length < TURN_CHARS) continue;
    parts.push(text);
    text = '';
    await turn();
  }
  parts.push(text);
  return parts.join('').trimEnd();
}

/** Reads the store as the text format 0.0.4. Scrapes at the same time share one reading. */
export class Exposition {
  private readonly registry = new StoreRegistry();
  private readonly store: MetricStore;
  private reading: Promise<string> | undefined;
  private readonly before: () => void;

  private readonly isBehind: () => boolean;

  /**
   * `before` runs ahead of each reading: gauges that are looked up only when asked for. While the
   * state `isBehind` what was shown before a restart, only gauges of the process are shown, so that
   * no counter falls.
   */
  constructor(store: MetricStore, before: () => void, isBehind: () => boolean = () => false) {
    this.store = store;
    this.before = before;
    this.isBehind = isBehind;
    collectDefaultMetrics({ register: this.registry });
  }

  text(): Promise<string> {
    this.reading ??= this.read().finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }

  private async read(): Promise<string> {
    this.before();
    if (this.isBehind()) return await this.readProcess();
    for (const family of this.store.families()) {
      // Registering the same object again changes nothing; the registry asks for no more than this.
      this.registry.registerMetric(family as unknown as Metric<string>);
    }
    return await this.registry.metrics();
  }

  private async readProcess(): Promise<string> {
    const shown = this.store
      .families()
      .filter(({ type, spec }) => type === 'gauge' && spec.ofProcess === true);
    const texts = await Promise.all(shown.map((family) => familyText(family)));
    return `${texts.join('\n\n')}\n`;
  }
}
