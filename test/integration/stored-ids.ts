import type { Client } from '@elastic/elasticsearch';

const PAGE = 10_000;

/** Every id of an index with how often it is there, over all indices behind it. */
export async function storedIds(client: Client, index: string): Promise<Map<string, number>> {
  await client.indices.refresh({ index });
  const counts = new Map<string, number>();
  let after: string[] | undefined;
  do {
    const page = await client.search({
      index,
      size: PAGE,
      _source: false,
      sort: [{ record_id: 'asc' }],
      ...(after !== undefined && { search_after: after }),
    });
    const { hits } = page.hits;
    for (const { _id } of hits) counts.set(_id ?? '', (counts.get(_id ?? '') ?? 0) + 1);
    after = hits.length === PAGE ? (hits.at(-1)?.sort as string[]) : undefined;
  } while (after !== undefined);
  return counts;
}
