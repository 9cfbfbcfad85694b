import type { StoredDocument } from '../document.ts';
import { documentFault } from '../document-fault.ts';
import type { DocumentQueries, DocumentStore, WriteOutcome } from '../document-store.ts';
import type { IndexName } from '../indices.ts';
import {
  ANSWER_FILTER,
  type BulkItem,
  bulkLines,
  itemFault,
  outcomeOf,
  refusedItem,
} from './bulk.ts';
import { type Connection, connect } from './connect.ts';
import { asStoreFault, faultText, statusOf } from './fault.ts';
import { ID_FIELD } from './mapping.ts';
import type { ElasticsearchOptions } from './options.ts';
import { ElasticsearchQueries } from './queries.ts';
import { setUp } from './setup.ts';

/** Documents in Elasticsearch: a data stream for each index, written by `create` alone. */
export class ElasticsearchStore implements DocumentStore {
  readonly name = 'elasticsearch';
  readonly queries: DocumentQueries;
  private readonly connection: Connection;
  private readonly prefix: string;
  private readonly retention: Readonly<Record<IndexName, number>>;
  /** Batches that may have been written, though nobody said so. */
  private readonly doubtful = new WeakSet<readonly StoredDocument[]>();

  /** @throws OptionError where a file can't be used */
  constructor(options: ElasticsearchOptions, retention: Readonly<Record<IndexName, number>>) {
    this.connection = connect(options);
    this.prefix = options.index_prefix;
    this.retention = retention;
    this.queries = new ElasticsearchQueries(this.connection, this.prefix);
  }

  async setup(signal: AbortSignal): Promise<readonly string[]> {
    const { connection, prefix, retention } = this;
    try {
      return await setUp({ connection, prefix, retention }, signal);
    } catch (error) {
      throw asStoreFault(error, this.shown);
    }
  }

  async write(
    batch: readonly StoredDocument[],
    signal: AbortSignal,
  ): Promise<readonly WriteOutcome[]> {
    signal.throwIfAborted();
    const outcomes = new Array<WriteOutcome>(batch.length);
    const isDoubtful = this.doubtful.has(batch) || batch.some(({ mayBeThere }) => mayBeThere);
    const present = isDoubtful ? await this.presentOf(batch, signal) : undefined;
    const offered: number[] = [];
    for (const [i, document] of batch.entries()) {
      const fault = documentFault(document);
      if (fault !== undefined) outcomes[i] = { refused: fault };
      else if (present?.has(document.id) === true) outcomes[i] = 'present';
      else offered.push(i);
    }
    if (offered.length === 0) return outcomes;
    const items = await this.offer(
      batch,
      offered.map((i) => batch[i] as StoredDocument),
      signal,
    );
    for (const [n, i] of offered.entries()) outcomes[i] = outcomeOf(items[n] as BulkItem);
    // Where all are put off for one reason (a full disk, a privilege), that is what to say.
    if (outcomes.every((outcome) => outcome === 'busy')) {
      throw new Error(`${this.shown} did not take documents: ${itemFault(items[0] as BulkItem)}`);
    }
    return outcomes;
  }

  async check(signal: AbortSignal): Promise<void> {
    try {
      await this.connection.client.info({}, this.connection.with(signal));
    } catch (error) {
      throw asStoreFault(error, this.shown);
    }
  }

  async close(): Promise<void> {
    await this.connection.client.close();
  }

  private get shown(): string {
    return `Elasticsearch at ${this.connection.shown}`;
  }

  /** What became of documents of a batch; from now on that is in doubt where nobody answered. */
  private async offer(
    batch: readonly StoredDocument[],
    documents: readonly StoredDocument[],
    signal: AbortSignal,
  ): Promise<readonly BulkItem[]> {
    try {
      return await this.create(documents, signal);
    } catch (error) {
      this.doubtful.add(batch);
      signal.throwIfAborted();
      throw new Error(`${this.shown} did not take documents: ${faultText(error)}`, {
        cause: error,
      });
    }
  }

  /**
   * One request; what is too large for one (a proxy's bound may be low) is cut in two, until it is
   * known which document is to blame.
   */
  private async create(
    documents: readonly StoredDocument[],
    signal: AbortSignal,
  ): Promise<readonly BulkItem[]> {
    try {
      // An index that is gone is not made anew with whatever fields come: it is set up again.
      const answer = await this.connection.client.bulk(
        {
          operations: bulkLines(documents, this.prefix),
          require_data_stream: true,
          filter_path: ANSWER_FILTER,
        },
        this.connection.with(signal),
      );
      const items = answer.items as readonly BulkItem[];
      if (items.length !== documents.length) {
        throw new Error(`it answered ${items.length} of ${documents.length} documents`);
      }
      return items;
    } catch (error) {
      if (statusOf(error) !== 413) throw error;
      if (documents.length === 1) return [refusedItem(faultText(error))];
      const half = documents.length >> 1;
      const first = await this.create(documents.slice(0, half), signal);
      return [...first, ...(await this.create(documents.slice(half), signal))];
    }
  }

  /**
   * Which of these documents are there. `create` tells it only of the index that a data stream
   * writes to now: one written before a rollover would be there twice.
   */
  private async presentOf(
    batch: readonly StoredDocument[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const { client } = this.connection;
    const index = [...new Set(batch.map((document) => `${this.prefix}${document.index}`))];
    const which = { index, ignore_unavailable: true };
    await client.indices.refresh(which, this.connection.with(signal));
    const found = await client.search(
      {
        ...which,
        query: { terms: { [ID_FIELD]: batch.map(({ id }) => id) } },
        size: batch.length,
        _source: false,
        allow_partial_search_results: false,
      },
      this.connection.with(signal),
    );
    return new Set(found.hits.hits.map(({ _id }) => _id as string));
  }
}
