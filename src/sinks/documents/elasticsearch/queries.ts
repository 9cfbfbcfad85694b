import type { estypes } from '@elastic/elasticsearch';
import { isoTimeUs } from '../../../numerics/iso-time.ts';
import { nextUp } from '../../../numerics/next-up.ts';
import { type DocumentValue, inIndexOrder, type StoredDocument } from '../document.ts';
import type {
  DocumentBuckets,
  DocumentFilter,
  DocumentGroup,
  DocumentQueries,
} from '../document-store.ts';
import { StoreError } from '../document-store.ts';
import {
  checkBuckets,
  checkFilter,
  checkGroupFields,
  firstGroups,
  GROUPS_MAX,
  LIST_MAX,
} from '../query-rules.ts';
import type { Connection } from './connect.ts';
import { asStoreFault } from './fault.ts';
import { exactField, ID_FIELD, TIME_FIELD } from './mapping.ts';

/** Buckets that a server gives at once, all aggregations together (its default is 65,536). */
const BUCKETS_MAX = 50_000;
const PAGE_MAX = 5000;

type Query = NonNullable<estypes.SearchRequest['query']>;
type Asked = Pick<estypes.SearchRequest, 'size' | 'sort' | 'track_total_hits' | 'aggs'>;
type Aggregations = Record<string, estypes.AggregationsAggregationContainer>;

/** A bucket of the composite aggregation, with that of the ranges where it was asked for. */
interface Bucket {
  readonly key: Readonly<Record<string, string | boolean | null>>;
  readonly doc_count: number;
  readonly ranges?: { readonly buckets: readonly { readonly doc_count: number }[] };
}

/** The questions of both stores, asked of Elasticsearch. What is not refreshed yet is not seen. */
export class ElasticsearchQueries implements DocumentQueries {
  private readonly connection: Connection;
  private readonly prefix: string;

  constructor(connection: Connection, prefix: string) {
    this.connection = connection;
    this.prefix = prefix;
  }

  async count(filter: DocumentFilter): Promise<number> {
    checkFilter(filter);
    const { total } = (await this.search(filter, { size: 0, track_total_hits: true })).hits;
    return typeof total === 'number' ? total : (total?.value ?? 0);
  }

  async countBy(
    filter: DocumentFilter,
    fields: readonly string[],
    max: number,
  ): Promise<readonly DocumentGroup[]> {
    checkFilter(filter);
    checkGroupFields(filter.index, fields);
    const buckets = await this.allGroups(filter, fields, PAGE_MAX, {});
    const groups = buckets.map((bucket) => ({ key: keyOf(bucket), count: bucket.doc_count }));
    return firstGroups(groups, max);
  }

  async bucketsBy(
    filter: DocumentFilter,
    fields: readonly string[],
    numeric: string,
    bounds: readonly number[],
    max: number,
  ): Promise<readonly DocumentBuckets[]> {
    checkFilter(filter);
    checkGroupFields(filter.index, fields);
    checkBuckets(filter.index, numeric, bounds);
    const having = { ...filter, with: [...(filter.with ?? []), numeric] };
    const ranges = { range: { field: numeric, ranges: rangesOf(bounds) } };
    const page = Math.max(1, Math.min(PAGE_MAX, Math.floor(BUCKETS_MAX / (bounds.length + 2))));
    const buckets = await this.allGroups(having, fields, page, { ranges });
    const groups = buckets.map((bucket) => ({
      key: keyOf(bucket),
      count: bucket.doc_count,
      counts: bucket.ranges?.buckets.map(({ doc_count }) => doc_count) ?? [],
    }));
    return firstGroups(groups, max);
  }

  async list(
    filter: DocumentFilter,
    order: 'oldest' | 'newest',
    max: number,
  ): Promise<StoredDocument[]> {
    checkFilter(filter);
    const direction = order === 'oldest' ? 'asc' : 'desc';
    const { hits } = await this.search(filter, {
      size: Math.min(max, LIST_MAX),
      sort: [{ [TIME_FIELD]: direction }, { [ID_FIELD]: direction }],
      track_total_hits: false,
    });
    return hits.hits.map((hit) => {
      const source = hit._source as Readonly<Record<string, DocumentValue>>;
      return {
        id: source[ID_FIELD] as string,
        index: filter.index,
        timeUs: isoTimeUs(source[TIME_FIELD] as string),
        fields: inIndexOrder(filter.index, source),
      };
    });
  }

  /**
   * Every group, page by page: a `terms` aggregation would leave out what is rare in one shard, and
   * be wrong about the rest.
   */
  private async allGroups(
    filter: DocumentFilter,
    fields: readonly string[],
    page: number,
    aggs: Aggregations,
  ): Promise<Bucket[]> {
    const sources = fields.map((field, i) => ({
      [String(i)]: { terms: { field: exactField(filter.index, field), missing_bucket: true } },
    }));
    const groups: Bucket[] = [];
    let after: Record<string, string | boolean | null> | undefined;
    do {
      const composite = { size: page, sources, ...(after !== undefined && { after }) };
      const answer = await this.search(filter, {
        size: 0,
        track_total_hits: false,
        aggs: { groups: { composite, aggs } } as Aggregations,
      });
      const found = answer.aggregations?.['groups'] as
        | { buckets: Bucket[]; after_key?: typeof after }
        | undefined;
      groups.push(...(found?.buckets ?? []));
      after = found?.buckets.length === page ? found.after_key : undefined;
      if (groups.length > GROUPS_MAX) {
        throw new StoreError(`the range has more than ${GROUPS_MAX} groups: ask for a shorter one`);
      }
    } while (after !== undefined);
    return groups;
  }

  private async search(filter: DocumentFilter, request: Asked): Promise<estypes.SearchResponse> {
    const { client } = this.connection;
    try {
      return await client.search(
        {
          index: `${this.prefix}${filter.index}`,
          // Before the first document there may be no index: then there are none.
          ignore_unavailable: true,
          // Half an answer would be a wrong one.
          allow_partial_search_results: false,
          query: queryOf(filter),
          ...request,
        },
        this.connection.with(),
      );
    } catch (error) {
      throw asStoreFault(error, `Elasticsearch at ${this.connection.shown}`);
    }
  }
}

function queryOf({ index, fromMs, toMs, having = {}, with: there = [] }: DocumentFilter): Query {
  const exact = (field: string) => exactField(index, field);
  const range = { gte: fromMs, lt: toMs, format: 'epoch_millis' };
  return {
    bool: {
      filter: [
        { range: { [TIME_FIELD]: range } },
        ...Object.entries(having).map(([field, values]) => ({
          terms: { [exact(field)]: [...values] },
        })),
        ...there.map((field) => ({ exists: { field: exact(field) } })),
      ],
    },
  };
}

/** Ranges here are [from, to): the next number above a bound makes the bound itself one of them. */
function rangesOf(bounds: readonly number[]): estypes.AggregationsAggregationRange[] {
  const above = bounds.map(nextUp);
  return [...above, undefined].map((to, i) => ({
    ...(i > 0 && { from: above[i - 1] as number }),
    ...(to !== undefined && { to }),
  }));
}

function keyOf({ key }: Bucket): DocumentGroup['key'] {
  return Object.values(key);
}
