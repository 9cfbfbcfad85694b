import type { OrderedSamples } from './ordered-samples.ts';
import { appendSamples, type SampleColumns } from './samples.ts';

interface Source {
  readonly samples: OrderedSamples;
  readonly index: number;
  batch: SampleColumns;
  at: number;
  headUs: number;
}

/**
 * Several ordered sources as one: by time, and at one time in the order of the sources. Copies
 * runs, not samples, and looks at all sources only between runs.
 */
export class SampleMerge {
  private readonly sources: readonly OrderedSamples[];
  /** A heap: the source with the earliest sample is the first. */
  private heap: Source[] = [];

  private constructor(sources: readonly OrderedSamples[]) {
    this.sources = sources;
  }

  /** Owns the sources from here on. */
  static async open(sources: readonly OrderedSamples[]): Promise<SampleMerge> {
    const merge = new SampleMerge(sources);
    for (const [index, samples] of sources.entries()) {
      const batch = await samples.next();
      if (batch === undefined) continue;
      const source = { samples, index, batch, at: 0, headUs: batch.timeUs[0] as number };
      merge.heap.push(source);
      merge.up(merge.heap.length - 1);
    }
    return merge;
  }

  /** Time of the next sample; Infinity at the end. */
  get headUs(): number {
    return this.heap[0]?.headUs ?? Number.POSITIVE_INFINITY;
  }

  /** Appends what is earlier than `untilUs`, as long as there is room. */
  async take(untilUs: number, into: SampleColumns): Promise<void> {
    const capacity = into.timeUs.length;
    for (;;) {
      const source = this.heap[0];
      if (source === undefined || source.headUs >= untilUs || into.length === capacity) return;
      const end = this.runEnd(source, untilUs, capacity - into.length);
      appendSamples(into, source.batch, source.at, end);
      source.at = end;
      if (end === source.batch.length) await this.refill(source);
      else source.headUs = source.batch.timeUs[end] as number;
      this.down(0);
    }
  }

  async close(): Promise<void> {
    this.heap = [];
    for (const source of this.sources) await source.close();
  }

  /** End of the samples that come before any other source's, at least one. */
  private runEnd(source: Source, untilUs: number, room: number): number {
    const { timeUs } = source.batch;
    const rival = this.rival();
    const last = Math.min(source.batch.length, source.at + room);
    let limitUs = untilUs;
    if (rival !== undefined && rival.headUs < untilUs) {
      // At equal times the source named first goes first.
      limitUs = source.index < rival.index ? rival.headUs + 1 : rival.headUs;
    }
    let end = source.at + 1;
    while (end < last && (timeUs[end] as number) < limitUs) end++;
    return end;
  }

  /** The source that comes next after the first. */
  private rival(): Source | undefined {
    const [, left, right] = this.heap;
    if (left === undefined || right === undefined) return left;
    return isBefore(left, right) ? left : right;
  }

  private async refill(source: Source): Promise<void> {
    const batch = await source.samples.next();
    if (batch !== undefined) {
      source.batch = batch;
      source.at = 0;
      source.headUs = batch.timeUs[0] as number;
      return;
    }
    const last = this.heap.pop();
    if (last !== undefined && last !== source) this.heap[0] = last;
  }

  private up(from: number): void {
    const { heap } = this;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!isBefore(heap[at] as Source, heap[parent] as Source)) return;
      [heap[at], heap[parent]] = [heap[parent] as Source, heap[at] as Source];
      at = parent;
    }
  }

  private down(from: number): void {
    const { heap } = this;
    let at = from;
    for (;;) {
      let first = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && isBefore(heap[child] as Source, heap[first] as Source)) {
          first = child;
        }
      }
      if (first === at) return;
      [heap[at], heap[first]] = [heap[first] as Source, heap[at] as Source];
      at = first;
    }
  }
}

function isBefore(a: Source, b: Source): boolean {
  return a.headUs < b.headUs || (a.headUs === b.headUs && a.index < b.index);
}
