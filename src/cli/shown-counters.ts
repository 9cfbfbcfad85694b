import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { Snapshot } from '../component/state.ts';
import type { MetricStore } from '../sinks/prometheus/metric-store.ts';

/**
 * Counters of the process are in no checkpoint, for they tell of no frame; and yet they must not
 * fall when it is killed. So what was shown is written down with each scrape: into the system's
 * cache, which outlives the process, and not to the disk, which would cost more than it is worth.
 */
export class ShownCounters {
  private readonly file: string;
  private readonly store: MetricStore;
  private written = '';

  constructor(file: string, store: MetricStore) {
    this.file = file;
    this.store = store;
  }

  /** Goes on from what was shown; a file that can't be read is as none. */
  restore(): void {
    let bytes: Buffer;
    try {
      bytes = readFileSync(this.file);
    } catch {
      return;
    }
    try {
      this.store.restore(deserialize(bytes) as Record<string, Snapshot>);
    } catch {
      // It was cut off by a crash of the machine.
    }
  }

  /** Never throws: a scrape is answered all the same. */
  keep(): void {
    const values = this.store.snapshot(({ type, spec }) => {
      return spec.ofProcess === true && type === 'counter';
    });
    const bytes = serialize(values);
    const text = bytes.toString('latin1');
    if (text === this.written) return;
    try {
      mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
      writeFileSync(`${this.file}.unfinished`, bytes, { mode: 0o600 });
      renameSync(`${this.file}.unfinished`, this.file);
      this.written = text;
    } catch {
      // There is no room; the next scrape tries again.
    }
  }
}
