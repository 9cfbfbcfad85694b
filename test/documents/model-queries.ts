import { inIndexOrder, type StoredDocument } from '../../src/sinks/documents/document.ts';
import type {
  DocumentFilter,
  DocumentGroup,
  DocumentQueries,
} from '../../src/sinks/documents/document-store.ts';

/**
 * The contract's questions, answered from a list in the plainest way: what every store has to say,
 * to the byte.
 */
export function modelQueries(documents: readonly StoredDocument[]): DocumentQueries {
  const matching = (filter: DocumentFilter) => documents.filter((each) => matches(each, filter));
  return {
    count: async (filter) => matching(filter).length,
    countBy: async (filter, fields, max) =>
      grouped(matching(filter), fields)
        .map(({ key, members }) => ({ key, count: members.length }))
        .sort(inOrder)
        .slice(0, max),
    bucketsBy: async (filter, fields, numeric, bounds, max) => {
      const having = matching(filter).filter(({ fields }) => fields[numeric] !== undefined);
      return grouped(having, fields)
        .map(({ key, members }) => {
          const counts = Array.from({ length: bounds.length + 1 }, () => 0);
          for (const { fields: of } of members) {
            const at = bounds.findIndex((bound) => (of[numeric] as number) <= bound);
            const slot = at < 0 ? bounds.length : at;
            counts[slot] = (counts[slot] as number) + 1;
          }
          return { key, count: members.length, counts };
        })
        .sort(inOrder)
        .slice(0, max);
    },
    list: async (filter, order, max) => {
      const sorted = matching(filter).sort((a, b) => msOf(a) - msOf(b) || (a.id < b.id ? -1 : 1));
      if (order === 'newest') sorted.reverse();
      return sorted.slice(0, max).map(asListed);
    },
  };
}

/** A document as a store lists it: keys in one order, so that it can be compared as text. */
export function asListed({ id, index, timeUs, fields }: StoredDocument): StoredDocument {
  return { id, index, timeUs, fields: inIndexOrder(index, fields) };
}

function msOf({ timeUs }: StoredDocument): number {
  return Math.floor(timeUs / 1000);
}

function matches(document: StoredDocument, filter: DocumentFilter): boolean {
  const { index, fields } = document;
  const { fromMs, toMs, having = {}, with: there = [] } = filter;
  const ms = msOf(document);
  return (
    index === filter.index &&
    ms >= fromMs &&
    ms < toMs &&
    Object.entries(having).every(([field, values]) =>
      (values as readonly unknown[]).includes(fields[field]),
    ) &&
    there.every((field) => fields[field] !== undefined)
  );
}

function grouped(documents: readonly StoredDocument[], by: readonly string[]) {
  const groups = new Map<string, { key: (string | boolean | null)[]; members: StoredDocument[] }>();
  for (const document of documents) {
    const key = by.map((field) => (document.fields[field] ?? null) as string | boolean | null);
    const name = JSON.stringify(key);
    const group = groups.get(name) ?? { key, members: [] };
    group.members.push(document);
    groups.set(name, group);
  }
  return [...groups.values()];
}

/** Most first; then value by value: null, false, true, strings by code units. */
function inOrder(a: DocumentGroup, b: DocumentGroup): number {
  if (a.count !== b.count) return b.count - a.count;
  for (const [i, value] of a.key.entries()) {
    const other = b.key[i] as string | boolean | null;
    if (value === other) continue;
    if (value === null) return -1;
    if (other === null) return 1;
    return value < other ? -1 : 1;
  }
  return 0;
}
