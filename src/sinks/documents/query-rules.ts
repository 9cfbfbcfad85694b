import { type DocumentFilter, type DocumentGroup, StoreError } from './document-store.ts';
import { type FieldType, INDEX_FIELDS } from './indices.ts';

/** What both stores ask of a query, and how both put groups in order, so that they answer alike. */

/** Groups of one query before the first `max` are taken: more is an error, not a wrong answer. */
export const GROUPS_MAX = 65_536;
/** Documents of one list. */
export const LIST_MAX = 10_000;

const COUNTED_BY: readonly FieldType[] = ['name', 'guideName', 'truth'];

/** @throws RangeError for what a store would answer in its own way, or not at all */
export function checkFilter({ index, fromMs, toMs, having = {}, with: there }: DocumentFilter) {
  if (!Number.isSafeInteger(fromMs) || !Number.isSafeInteger(toMs)) {
    throw new RangeError(`a query needs bounds in whole ms, got ${fromMs} and ${toMs}`);
  }
  for (const [field, values] of Object.entries(having)) {
    checkGroupFields(index, [field]);
    const type = INDEX_FIELDS[index][field] === 'truth' ? 'boolean' : 'string';
    if (values.length === 0 || values.some((value) => typeof value !== type)) {
      throw new RangeError(`${index}.${field} needs one ${type} or more to be compared with`);
    }
  }
  for (const field of there ?? []) {
    const type = INDEX_FIELDS[index][field];
    if (type === undefined || type === 'prose' || type.endsWith('[]')) {
      throw new RangeError(`${index}.${field} can't be asked for: it is no single value`);
    }
  }
}

/** @throws RangeError for a field by whose values nothing is counted, or none at all */
export function checkGroupFields(index: DocumentFilter['index'], fields: readonly string[]): void {
  if (fields.length === 0) throw new RangeError('groups need a field to be counted by');
  for (const field of fields) {
    const type = INDEX_FIELDS[index][field];
    if (type === undefined || !COUNTED_BY.includes(type)) {
      throw new RangeError(`${index}.${field} is no name and no truth: nothing is counted by it`);
    }
  }
}

/** @throws RangeError for a field that is no number, or bounds that do not ascend */
export function checkBuckets(
  index: DocumentFilter['index'],
  numeric: string,
  bounds: readonly number[],
): void {
  const type = INDEX_FIELDS[index][numeric];
  if (type !== 'whole' && type !== 'number') {
    throw new RangeError(`${index}.${numeric} is no number`);
  }
  const ascends = bounds.every((bound, i) => i === 0 || bound > (bounds[i - 1] as number));
  if (bounds.length === 0 || !ascends || !bounds.every(Number.isFinite)) {
    throw new RangeError('bounds of buckets are finite, and each is above the one before');
  }
}

/** The first `max` groups: most documents first, then by key. */
export function firstGroups<Group extends DocumentGroup>(groups: Group[], max: number): Group[] {
  if (groups.length > GROUPS_MAX) {
    throw new StoreError(`the range has more than ${GROUPS_MAX} groups: ask for a shorter one`);
  }
  return groups.sort((a, b) => b.count - a.count || compareKeys(a.key, b.key)).slice(0, max);
}

/** Value by value: null first, then false, true, and strings by their code units. */
function compareKeys(a: DocumentGroup['key'], b: DocumentGroup['key']): number {
  for (const [i, value] of a.entries()) {
    const other = b[i] ?? null;
    if (value === other) continue;
    if (value === null || other === null) return value === null ? -1 : 1;
    return value < other ? -1 : 1;
  }
  return 0;
}
