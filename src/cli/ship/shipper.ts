import { setTimeout as sleep } from 'node:timers/promises';
import { pauseMs } from '../../component/backoff.ts';
import type { StoredDocument } from '../../sinks/documents/document.ts';
import { StoreError, type WriteOutcome } from '../../sinks/documents/document-store.ts';
import type { FileLine } from '../../sources/log-files/log-file.ts';
import { logLineDocument } from './log-line.ts';
import type { ShipTarget } from './ship-target.ts';

export interface ShipperParts {
  readonly target: ShipTarget;
  readonly nowMs: () => number;
  /** For whoever started it. */
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
}

/** What became of all lines, as it is printed at the end. */
export interface ShippedTotals {
  lines: number;
  created: number;
  present: number;
  refused: number;
  /** Lines that were longer than one may be. */
  cut: number;
  /** Fields that have no place in the index, by name: at most so many names. */
  fields_left_out: Record<string, number>;
}

/** Of one batch: what a transaction and a request hold well. */
const DOCUMENTS_MAX = 500;
const CHARS_MAX = 1024 * 1024;
const NAMES_MAX = 100;
const REFUSALS_NOTED_MAX = 10;
const RETRY_LIMITS = { firstMs: 500, lastMs: 30_000 };

/** Writes lines as documents, a batch at a time, and waits for a target that is away. */
export class Shipper {
  readonly totals: ShippedTotals = {
    ...{ lines: 0, created: 0, present: 0, refused: 0, cut: 0 },
    fields_left_out: {},
  };
  private readonly parts: ShipperParts;

  constructor(parts: ShipperParts) {
    this.parts = parts;
  }

  /** Resolves when all of them are stored, or refused for good. */
  async ship(lines: readonly FileLine[], source: string, service: string): Promise<void> {
    let batch: StoredDocument[] = [];
    let chars = 0;
    for (const line of lines) {
      const document = this.documentOf(line, source, service);
      if (document === undefined) continue;
      if (batch.length >= DOCUMENTS_MAX || chars + line.text.length > CHARS_MAX) {
        await this.write(batch);
        batch = [];
        chars = 0;
      }
      batch.push(document);
      chars += line.text.length;
    }
    if (batch.length > 0) await this.write(batch);
  }

  private documentOf(line: FileLine, source: string, service: string) {
    this.totals.lines++;
    if (line.isCut) this.totals.cut++;
    return logLineDocument(line.text, {
      id: `${source}-${line.offset}`,
      service,
      readUs: this.parts.nowMs() * 1000,
      leftOut: (field) => this.leaveOut(field),
    });
  }

  private leaveOut(field: string): void {
    const names = this.totals.fields_left_out;
    const isNamed = Object.hasOwn(names, field) || Object.keys(names).length < NAMES_MAX;
    const name = isNamed ? field : 'other';
    names[name] = (names[name] ?? 0) + 1;
  }

  /** Offers a batch until all of it is stored, or refused for good. */
  private async write(batch: readonly StoredDocument[]): Promise<void> {
    const { signal, note } = this.parts;
    let left = batch;
    for (let attempt = 0; ; attempt++) {
      try {
        left = this.count(left, await this.parts.target.write(left, signal));
        if (attempt > 0 && left.length === 0) note('shipping again');
        if (left.length === 0) return;
      } catch (error) {
        if (signal.aborted || error instanceof StoreError) throw error;
        if (attempt === 0) note(`waiting for the store: ${reasonOf(error)}`);
      }
      await sleep(pauseMs(RETRY_LIMITS, attempt), undefined, { signal });
    }
  }

  /** Counts what is settled; gives what the store was too busy for. */
  private count(
    batch: readonly StoredDocument[],
    outcomes: readonly WriteOutcome[],
  ): StoredDocument[] {
    const left: StoredDocument[] = [];
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome === 'busy') left.push(batch[i] as StoredDocument);
      else if (typeof outcome === 'string') this.totals[outcome]++;
      else if (this.totals.refused++ < REFUSALS_NOTED_MAX) {
        this.parts.note(`a line was refused: ${outcome.refused}`);
      }
    }
    return left;
  }
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
