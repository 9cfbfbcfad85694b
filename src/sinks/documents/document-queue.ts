import type { StoredDocument } from './document.ts';

export interface QueueLimits {
  /** Documents that may wait, those on their way to the store included. */
  readonly documentsMax: number;
  readonly bytesMax: number;
  readonly batchDocumentsMax: number;
  readonly batchBytesMax: number;
  /** How long the first document of a batch waits for others. */
  readonly batchMs: number;
}

/** Documents that go to the store together. */
export interface DocumentBatch {
  readonly documents: StoredDocument[];
  bytes: number;
  /** When its first document came, ms of the clock that `offer` is told. */
  readonly firstMs: number;
}

/**
 * Documents on their way to a store, in batches: one is complete when it has as many documents or
 * bytes as it may, or its first document has waited long enough. Bounded; what would be one too
 * many is not taken.
 */
export class DocumentQueue {
  private readonly limits: QueueLimits;
  private readonly complete: DocumentBatch[] = [];
  /** Batches that somebody has taken and not yet given back, in the order of their first. */
  private readonly lent = new Set<DocumentBatch>();
  private filling: DocumentBatch | undefined;
  private documents = 0;
  private bytes = 0;

  constructor(limits: QueueLimits) {
    this.limits = limits;
  }

  get depth(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.documents, bytes: this.bytes };
  }

  get isHalfEmpty(): boolean {
    const { documentsMax, bytesMax } = this.limits;
    return this.documents < documentsMax / 2 && this.bytes < bytesMax / 2;
  }

  /** When the oldest document came that the store does not have. */
  get oldestMs(): number | undefined {
    const [first] = this.lent;
    return (first ?? this.complete[0] ?? this.filling)?.firstMs;
  }

  /** When the next batch is complete; undefined where there is none, 0 where one is. */
  get dueMs(): number | undefined {
    if (this.complete.length > 0) return 0;
    return this.filling === undefined ? undefined : this.filling.firstMs + this.limits.batchMs;
  }

  /** False where there is no room. */
  offer(document: StoredDocument, nowMs: number): boolean {
    const { limits } = this;
    const bytes = documentBytes(document);
    if (this.documents >= limits.documentsMax || this.bytes + bytes > limits.bytesMax) return false;
    if (this.filling !== undefined && this.filling.bytes + bytes > limits.batchBytesMax) {
      this.completeFilling();
    }
    this.filling ??= { documents: [], bytes: 0, firstMs: nowMs };
    this.filling.documents.push(document);
    this.filling.bytes += bytes;
    this.documents++;
    this.bytes += bytes;
    const { filling } = this;
    const isFull =
      filling.documents.length >= limits.batchDocumentsMax || filling.bytes >= limits.batchBytesMax;
    if (isFull) this.completeFilling();
    return true;
  }

  /** The next batch that is complete, to be given back by `done`. */
  next(nowMs: number): DocumentBatch | undefined {
    if (this.complete.length === 0 && (this.dueMs ?? Number.POSITIVE_INFINITY) <= nowMs) {
      this.completeFilling();
    }
    const batch = this.complete.shift();
    if (batch !== undefined) this.lent.add(batch);
    return batch;
  }

  /** No further documents are waited for. */
  flush(): void {
    this.completeFilling();
  }

  /** A batch that was lent is dealt with. */
  done(batch: DocumentBatch): void {
    this.lent.delete(batch);
    this.documents -= batch.documents.length;
    this.bytes -= batch.bytes;
  }

  private completeFilling(): void {
    if (this.filling !== undefined) this.complete.push(this.filling);
    this.filling = undefined;
  }
}

/** What a line of a bulk request has beside the document's own fields. */
const LINE_BYTES = 160;
const NUMBER_BYTES = 12;

/** About as many bytes as a document has as JSON, which is about what it takes in memory. */
export function documentBytes({ id, fields }: StoredDocument): number {
  let bytes = LINE_BYTES + 2 * id.length;
  for (const name in fields) {
    const value: unknown = fields[name];
    bytes += name.length + 4;
    if (typeof value === 'string') bytes += value.length + 2;
    else if (Array.isArray(value)) bytes += value.length * NUMBER_BYTES;
    else bytes += NUMBER_BYTES;
  }
  return bytes;
}
