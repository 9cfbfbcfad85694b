import { partitionFilter } from '../../../src/component/partition.ts';
import type { Difference } from '../compare.ts';

/** What one commit of a part adds: messages `from` up to `to`, by the count of that part. */
export interface OwnerMark {
  readonly part: string;
  readonly owner: string;
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
}

/** The marks of a stream's owners, as a reader of the derived stream gets them. */
export function parseMark(subject: string, data: Uint8Array): OwnerMark | undefined {
  const [, part] = /\.control\.mark\.([^.]+)\.\d+$/.exec(subject) ?? [];
  if (part === undefined) return undefined;
  const { owner, epoch, from, to } = JSON.parse(Buffer.from(data).toString('utf8')) as OwnerMark;
  return { part, owner, epoch, from, to };
}

/**
 * Each message of a partition is in exactly one owner's mark: marks follow one another without a
 * gap and without an overlap up to the last message, and an owner never comes back under its epoch.
 */
export function markDifferences(
  marks: readonly OwnerMark[],
  messages: ReadonlyMap<string, number>,
): Difference[] {
  const found: string[] = [];
  for (const [part, count] of messages) {
    const own = marks.filter((mark) => mark.part === part).sort((a, b) => a.from - b.from);
    let at = 0;
    let epoch = 0;
    for (const mark of own) {
      const what = `${part}: ${mark.owner} (epoch ${mark.epoch}) has ${mark.from} to ${mark.to}`;
      if (mark.from > at) found.push(`${what}, and nobody has ${at} to ${mark.from}`);
      if (mark.from < at) found.push(`${what}, and another has up to ${at}`);
      if (mark.epoch < epoch) found.push(`${what}, after epoch ${epoch}`);
      at = Math.max(at, mark.to);
      epoch = Math.max(epoch, mark.epoch);
    }
    if (at !== count) found.push(`${part}: owners have ${at} messages, it has ${count}`);
  }
  if (found.length === 0) return [];
  return [{ what: 'messages without exactly one owner', count: found.length, examples: found }];
}

/** How often each part changed hands: owners but the first. */
export function handovers(marks: readonly OwnerMark[]): number {
  const owners = new Map<string, Set<string>>();
  for (const { part, owner, epoch } of marks) {
    const seen = owners.get(part) ?? new Set();
    owners.set(part, seen.add(`${epoch} ${owner}`));
  }
  return [...owners.values()].reduce((sum, { size }) => sum + size - 1, 0);
}

/** `p7` with what the server calls its messages. */
export function partsOf(prefix: string, partitions: number): (readonly [string, string])[] {
  return Array.from({ length: partitions }, (_, i) => [`p${i}`, partitionFilter(prefix, i)]);
}
