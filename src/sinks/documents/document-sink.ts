import { setTimeout as sleep } from 'node:timers/promises';
import { pauseMs, type RetryLimits } from '../../component/backoff.ts';
import type { DerivedRecord } from '../../component/derived-record.ts';
import type { DeadDocument } from './dead-documents.ts';
import { documentOf, type StoredDocument } from './document.ts';
import { type DocumentBatch, DocumentQueue, type QueueLimits } from './document-queue.ts';
import { type DocumentStore, StoreError, type WriteOutcome } from './document-store.ts';
import type { IndexName } from './indices.ts';
import { KeptDocuments } from './kept-documents.ts';

/** Batches on their way at once: one is prepared while the other is waited for. */
const IN_FLIGHT_MAX = 2;

export const RETRY_LIMITS: RetryLimits = { firstMs: 100, lastMs: 10_000 };
/** A service does not wait longer for its store before it starts. */
const START_MS_MAX = 5000;
/** Pauses while the service stops: there is little time left. */
const STOPPING_MS_MAX = 250;

export type DocumentDropReason = 'queue_full' | 'stopped';

/** What happens to documents, for metrics and log. */
export interface DocumentEvents {
  settled(index: IndexName, outcome: 'created' | 'present' | 'refused'): void;
  dropped(reason: DocumentDropReason, documents: number): void;
  /** A request failed; it is made again for ever. */
  failed(error: unknown): void;
  /** The store took a batch, or was set up at the start. */
  worked(): void;
  /** What was missing in the store, and is made. */
  made(sentences: readonly string[]): void;
}

export interface DocumentSinkParts {
  readonly store: DocumentStore;
  readonly limits: QueueLimits;
  readonly retry: RetryLimits;
  /** The id of the next record; records that are no documents have one too. */
  readonly nextId: () => string;
  /** Keeps what the store refuses; never rejects. */
  readonly bury: (dead: readonly DeadDocument[]) => Promise<void>;
  readonly events: DocumentEvents;
}

/**
 * Derived records on their way into a store of documents. Takes a record and returns at once; what
 * the store can't take now waits, bounded, and is offered again for ever, so that nothing else is
 * held up; what it refuses goes to the dead documents.
 */
export class DocumentSink {
  private readonly parts: DocumentSinkParts;
  private readonly queue: DocumentQueue;
  private readonly kept = new KeptDocuments();
  private inFlight = 0;
  private isDue = false;
  private timer: NodeJS.Timeout | undefined;
  /** The set-up of the store, after which it is written to; forgotten when a request fails. */
  private ready: Promise<void> | undefined;
  /** Nothing more is taken, and pauses are short. */
  private readonly stopping = new AbortController();
  /** Nothing more is tried. */
  private readonly stopped = new AbortController();
  /** Ends the pause of the other batch when one was written. */
  private works = new AbortController();
  private idle: () => void = () => {};

  constructor(parts: DocumentSinkParts) {
    this.parts = parts;
    this.queue = new DocumentQueue(parts.limits);
  }

  get depth(): { readonly messages: number; readonly bytes: number } {
    return this.queue.depth;
  }

  /** How long the oldest document has waited that the store does not have; 0 where none does. */
  get oldestS(): number {
    const { oldestMs } = this.queue;
    return oldestMs === undefined ? 0 : (performance.now() - oldestMs) / 1000;
  }

  /**
   * Sets the store up. Where it is away this resolves all the same, and it is tried for ever.
   * @throws StoreError where the store can't be used as it is
   */
  async start(): Promise<void> {
    const late = sleep(START_MS_MAX, 'late', { ref: false });
    try {
      if ((await Promise.race([this.setUp(), late])) !== 'late') {
        this.parts.events.worked();
        return;
      }
      this.parts.events.failed(new Error(`${this.parts.store.name} has not answered yet`));
    } catch (error) {
      if (error instanceof StoreError) throw error;
      this.parts.events.failed(error);
    }
    void this.keepSettingUp();
  }

  /** Takes a record; never waits, never throws. */
  take(record: DerivedRecord): void {
    const document = documentOf(record, this.parts.nextId());
    if (document !== undefined) this.offer(document);
  }

  /**
   * Takes a record that is kept elsewhere until it is `settled`: that the store has it, or that it
   * is with the dead documents. `isAgain`: it was offered before, to whomever. False where there is
   * no room for it, or the service stops.
   */
  takeKept(record: DerivedRecord, id: string, isAgain: boolean, settled: () => void): boolean {
    const document = documentOf(record, id, isAgain);
    if (document === undefined) {
      settled();
      return true;
    }
    if (this.stopping.signal.aborted) return false;
    if (!this.queue.offer(document, performance.now())) return false;
    this.kept.add(document, settled);
    this.look();
    return true;
  }

  /** Whether there is room for a good deal more. */
  get hasRoom(): boolean {
    return !this.stopping.signal.aborted && this.queue.isHalfEmpty;
  }

  private offer(document: StoredDocument): void {
    const { events } = this.parts;
    if (this.stopping.signal.aborted) events.dropped('stopped', 1);
    else if (!this.queue.offer(document, performance.now())) events.dropped('queue_full', 1);
    else this.look();
  }

  /** Writes what waits, until the signal; drops and counts the rest. */
  async close(signal: AbortSignal): Promise<void> {
    this.stopping.abort();
    this.queue.flush();
    const giveUp = () => this.stopped.abort();
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    const done = new Promise<void>((resolve) => {
      this.idle = resolve;
    });
    this.send();
    await done;
    signal.removeEventListener('abort', giveUp);
    giveUp();
    clearTimeout(this.timer);
    for (let batch = this.queue.next(0); batch !== undefined; batch = this.queue.next(0)) {
      this.drop(batch.documents);
      this.queue.done(batch);
    }
  }

  /** Sees to it that the next batch is sent when it is complete. */
  private look(): void {
    const { dueMs } = this.queue;
    if (this.isDue || dueMs === undefined || this.inFlight >= IN_FLIGHT_MAX) return;
    if (dueMs === 0) {
      // Later in this turn: who gives a record does not wait for a batch to be written out.
      this.isDue = true;
      setImmediate(() => {
        this.isDue = false;
        this.send();
      });
    } else {
      this.timer ??= setTimeout(
        () => {
          this.timer = undefined;
          this.send();
        },
        Math.max(1, dueMs - performance.now()),
      );
    }
  }

  private send(): void {
    while (this.inFlight < IN_FLIGHT_MAX && !this.stopped.signal.aborted) {
      const batch = this.queue.next(performance.now());
      if (batch === undefined) break;
      this.inFlight++;
      void this.carry(batch).finally(() => {
        this.inFlight--;
        this.send();
      });
    }
    if (this.inFlight === 0) this.idle();
    this.look();
  }

  /** Offers a batch until the store has said of every document what became of it. */
  private async carry(batch: DocumentBatch): Promise<void> {
    let left: readonly StoredDocument[] = batch.documents;
    let failures = 0;
    while (left.length > 0 && !this.stopped.signal.aborted) {
      const before = left.length;
      left = await this.write(left);
      failures = left.length < before ? 0 : failures + 1;
      if (left.length > 0) await this.pause(failures);
    }
    this.queue.done(batch);
    if (left.length > 0) this.drop(left);
  }

  /** What is kept elsewhere is not lost: it comes again. */
  private drop(documents: readonly StoredDocument[]): void {
    const lost = documents.filter((document) => !this.kept.forget(document)).length;
    if (lost > 0) this.parts.events.dropped('stopped', lost);
  }

  /** One attempt; gives what is to be offered again, the same list where nothing is known. */
  private async write(batch: readonly StoredDocument[]): Promise<readonly StoredDocument[]> {
    const { store, events } = this.parts;
    const { signal } = this.stopped;
    try {
      await this.setUp();
      const outcomes = await store.write(batch, signal);
      const busy = await this.settle(batch, outcomes);
      if (busy.length === 0) {
        events.worked();
        this.works.abort();
        this.works = new AbortController();
        return [];
      }
      const share = `${busy.length} of ${batch.length}`;
      this.failed(new Error(`${store.name} is too busy for ${share} documents`));
      return busy;
    } catch (error) {
      this.failed(error);
      return batch;
    }
  }

  /** The store may be another by the next attempt: it is looked at before. */
  private failed(error: unknown): void {
    this.ready = undefined;
    if (!this.stopped.signal.aborted) this.parts.events.failed(error);
  }

  /** Counts what became of documents and buries the refused; gives those to be offered again. */
  private async settle(
    batch: readonly StoredDocument[],
    outcomes: readonly WriteOutcome[],
  ): Promise<StoredDocument[]> {
    const { events } = this.parts;
    const busy: StoredDocument[] = [];
    const dead: DeadDocument[] = [];
    for (const [i, document] of batch.entries()) {
      const outcome = outcomes[i] ?? 'busy';
      if (outcome === 'busy') busy.push(document);
      else if (typeof outcome === 'string') events.settled(document.index, outcome);
      else dead.push({ reason: outcome.refused, document });
    }
    if (dead.length > 0) await this.parts.bury(dead);
    for (const { document } of dead) events.settled(document.index, 'refused');
    this.kept.settle(batch, busy);
    return busy;
  }

  private setUp(): Promise<void> {
    const { store, events } = this.parts;
    this.ready ??= store.setup(this.stopped.signal).then(
      (made) => events.made(made),
      (error: unknown) => {
        this.ready = undefined;
        throw error;
      },
    );
    return this.ready;
  }

  private async keepSettingUp(): Promise<void> {
    for (let failures = 1; !this.stopping.signal.aborted; failures++) {
      try {
        await this.setUp();
        this.parts.events.worked();
        return;
      } catch (error) {
        this.failed(error);
      }
      await this.pause(failures);
    }
  }

  private async pause(failures: number): Promise<void> {
    const { firstMs, lastMs } = this.parts.retry;
    const isStopping = this.stopping.signal.aborted;
    const limits = { firstMs, lastMs: isStopping ? Math.min(lastMs, STOPPING_MS_MAX) : lastMs };
    const ending = isStopping ? this.stopped : this.stopping;
    const signal = AbortSignal.any([ending.signal, this.works.signal]);
    // What ends a pause early is no failure.
    await sleep(pauseMs(limits, failures), undefined, { signal }).catch(() => {});
  }
}
