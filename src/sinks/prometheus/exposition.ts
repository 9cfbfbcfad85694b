import { setImmediate as turn } from 'node:timers/promises';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Family } from './family.ts';
import type { FamilySource } from './metric-store.ts';
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
 * Families of one name, of one store or several: label text is made once a series, and a long
 * exposition lets the event loop go on in between. Each series is written at one moment.
 */
async function familyText(families: readonly Family<Series>[]): Promise<string> {
  const [family] = families as [Family<Series>];
  const parts: string[] = [];
  let text = family.header();
  for (const series of families.flatMap((each) => each.shown())) {
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
  private readonly registry = new Registry();
  private readonly store: FamilySource;
  private reading: Promise<string> | undefined;
  private process = { text: Promise.resolve(''), untilMs: 0 };
  private readonly before: () => void;

  private readonly isBehind: () => boolean;

  /**
   * `before` runs ahead of each reading: gauges that are looked up only when asked for. While the
   * state `isBehind` what was shown before a restart, only gauges of the process are shown, so that
   * no counter falls.
   */
  constructor(store: FamilySource, before: () => void, isBehind: () => boolean = () => false) {
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
    const all = this.store.families();
    const texts = await Promise.all([this.processText(), ...byName(all).map(familyText)]);
    return `${texts.map((text) => text.trimEnd()).join('\n\n')}\n`;
  }

  private processText(): Promise<string> {
    const nowMs = performance.now();
    if (nowMs >= this.process.untilMs) {
      this.process = { text: this.registry.metrics(), untilMs: nowMs + PROCESS_MS };
    }
    return this.process.text;
  }

  private async readProcess(): Promise<string> {
    const shown = this.store
      .families()
      .filter(({ type, spec }) => type === 'gauge' && spec.ofProcess === true);
    const texts = await Promise.all(byName(shown).map(familyText));
    return `${texts.join('\n\n')}\n`;
  }
}

/** Those of one name stand together: the format wants each name once. */
function byName(families: readonly Family<Series>[]): (readonly Family<Series>[])[] {
  const groups = new Map<string, Family<Series>[]>();
  for (const family of families) {
    const group = groups.get(family.name);
    if (group === undefined) groups.set(family.name, [family]);
    else group.push(family);
  }
  return [...groups.values()];
}
