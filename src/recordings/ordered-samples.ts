import { basename } from 'node:path';
import type { LayerMap } from './layer-map.ts';
import { RecordingError } from './recording-error.ts';
import {
  allocateSamples,
  appendSamples,
  type SampleColumns,
  type SampleKind,
  type SampleReader,
} from './samples.ts';
import { TimeSorter } from './sort-by-time.ts';

/** Samples mapped to layers, never going back in time. */
export interface OrderedSamples {
  /** The next samples, valid until the next call; undefined at the end. */
  next(): Promise<SampleColumns | undefined>;
  close(): Promise<void>;
}

/**
 * Puts right what is nearly in order: simulators write the spikes of a slice of time neuron by
 * neuron or thread by thread. A batch is held until the next is read, and the two exchange what
 * overlaps; what goes back further than that needs a sort of the whole.
 */
export class NearlyOrdered implements OrderedSamples {
  private readonly reader: SampleReader;
  private readonly layers: LayerMap;
  private readonly path: string;
  private readonly sorter = new TimeSorter();
  private readonly scratch: SampleColumns;
  private held: SampleColumns;
  private free: SampleColumns;
  private givenUs = Number.NEGATIVE_INFINITY;
  private isStarted = false;

  constructor(
    reader: SampleReader,
    layers: LayerMap,
    path: string,
    kind: SampleKind,
    capacity: number,
  ) {
    this.reader = reader;
    this.layers = layers;
    this.path = path;
    this.held = allocateSamples(capacity, kind);
    this.free = allocateSamples(capacity, kind);
    this.scratch = allocateSamples(2 * capacity, kind);
  }

  async next(): Promise<SampleColumns | undefined> {
    if (!this.isStarted) {
      this.isStarted = true;
      await this.read(this.held);
    }
    if (this.held.length === 0) return undefined;
    await this.read(this.free);
    const given = this.held;
    const following = this.free;
    if (following.length > 0) this.exchange(given, following);
    this.requireOrder(given.timeUs[0] as number);
    this.givenUs = given.timeUs[given.length - 1] as number;
    this.held = following;
    this.free = given;
    return given;
  }

  close(): Promise<void> {
    return this.reader.close();
  }

  /** Reads on until something is left of a batch after mapping, or the file ends. */
  private async read(into: SampleColumns): Promise<void> {
    for (;;) {
      await this.reader.fill(into);
      if (into.length === 0) {
        this.layers.finish();
        return;
      }
      this.layers.map(into, this.reader.names);
      if (into.length === 0) continue;
      this.sorter.sort(into);
      return;
    }
  }

  /** Two sorted batches so that none of the first is later than one of the second. */
  private exchange(first: SampleColumns, second: SampleColumns): void {
    const { scratch } = this;
    const firstEnd = first.timeUs[first.length - 1] as number;
    const secondStart = second.timeUs[0] as number;
    if (firstEnd <= secondStart) return;
    let from = first.length;
    while (from > 0 && (first.timeUs[from - 1] as number) > secondStart) from--;
    let to = 0;
    while (to < second.length && (second.timeUs[to] as number) < firstEnd) to++;
    // What overlaps is merged: the tail of the first, then the head of the second.
    scratch.length = 0;
    appendSamples(scratch, first, from, first.length);
    const middle = scratch.length;
    appendSamples(scratch, second, 0, to);
    const { timeUs, length } = scratch;
    let a = 0;
    let b = middle;
    for (let i = 0; i < length; i++) {
      const isFirst =
        b === length || (a < middle && (timeUs[a] as number) <= (timeUs[b] as number));
      const source = isFirst ? a++ : b++;
      if (i < middle) copySample(first, from + i, scratch, source);
      else copySample(second, i - middle, scratch, source);
    }
  }

  private requireOrder(timeUs: number): void {
    if (timeUs >= this.givenUs) return;
    throw new RecordingError(
      'unsorted',
      `${basename(this.path)}: a sample at ${timeUs} µs comes \
after one at ${this.givenUs} µs, too far back to put right in reading. Sort the file by time, or \
open it with sorting.`,
    );
  }
}

function copySample(into: SampleColumns, at: number, from: SampleColumns, index: number): void {
  into.timeUs[at] = from.timeUs[index] as number;
  into.layer[at] = from.layer[index] as number;
  into.neuron[at] = from.neuron[index] as number;
  if (into.value && from.value) into.value[at] = from.value[index] as number;
}
