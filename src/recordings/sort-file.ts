import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { LayerMap } from './layer-map.ts';
import { SampleMerge } from './merge-samples.ts';
import type { OrderedSamples } from './ordered-samples.ts';
import type { ReadingNotes } from './reading-notes.ts';
import {
  allocateSamples,
  appendSamples,
  type SampleColumns,
  type SampleKind,
  type SampleReader,
} from './samples.ts';
import { TimeSorter } from './sort-by-time.ts';

/** Samples sorted in memory at a time; more go to a temporary file in runs of this length. */
const RUN_SAMPLES = 1 << 21;
const BATCH_SAMPLES = 16_384;

export interface SortRequest {
  readonly reader: SampleReader;
  readonly layers: LayerMap;
  readonly path: string;
  readonly kind: SampleKind;
  readonly notes: ReadingNotes;
  /** Whether its format means it to be in another order: then there is nothing to remark. */
  readonly isUnordered?: boolean | undefined;
  /** Samples a run holds, where the ordinary number does not fit. */
  readonly runSamples?: number;
}

/** Reads a whole file and gives its samples in order of time; owns the reader. */
export async function sortedSamples(request: SortRequest): Promise<OrderedSamples> {
  const { reader, layers, path, kind } = request;
  const remark = (text: string) => {
    if (!request.isUnordered) request.notes.remark(text);
  };
  const runSamples = request.runSamples ?? RUN_SAMPLES;
  const spill = new Spill(kind);
  try {
    const sorter = new TimeSorter();
    const batch = allocateSamples(Math.min(BATCH_SAMPLES, runSamples), kind);
    let run = allocateSamples(batch.timeUs.length, kind);
    for (;;) {
      await reader.fill(batch);
      if (batch.length === 0) break;
      layers.map(batch, reader.names);
      if (run.length + batch.length > runSamples) {
        sorter.sort(run);
        await spill.write(run);
        run.length = 0;
      }
      run = withRoom(run, batch.length, runSamples);
      appendSamples(run, batch, 0, batch.length);
    }
    layers.finish();
    sorter.sort(run);
    const name = basename(path);
    if (spill.runs.length === 0) {
      remark(`${name} is not in the order of time: it was sorted in memory.`);
      return new OneBatch(run);
    }
    await spill.write(run);
    const size = Math.ceil(spill.bytes / 2 ** 20);
    remark(
      `${name} is not in the order of time: it was sorted in a temporary file of ${size} MiB.`,
    );
    return new MergedRuns(spill, await SampleMerge.open(spill.runs), kind);
  } catch (error) {
    await spill.close();
    throw error;
  } finally {
    await reader.close();
  }
}

function withRoom(samples: SampleColumns, extra: number, max: number): SampleColumns {
  if (samples.length + extra <= samples.timeUs.length) return samples;
  const kind = samples.value === undefined ? 'spikes' : 'membrane';
  const capacity = Math.min(max, Math.max(samples.timeUs.length * 2, samples.length + extra));
  const larger = allocateSamples(capacity, kind);
  appendSamples(larger, samples, 0, samples.length);
  return larger;
}

class OneBatch implements OrderedSamples {
  private batch: SampleColumns | undefined;

  constructor(batch: SampleColumns) {
    this.batch = batch.length > 0 ? batch : undefined;
  }

  async next(): Promise<SampleColumns | undefined> {
    const { batch } = this;
    this.batch = undefined;
    return batch;
  }

  async close(): Promise<void> {}
}

class MergedRuns implements OrderedSamples {
  private readonly spill: Spill;
  private readonly merge: SampleMerge;
  private readonly batch: SampleColumns;

  constructor(spill: Spill, merge: SampleMerge, kind: SampleKind) {
    this.spill = spill;
    this.merge = merge;
    this.batch = allocateSamples(BATCH_SAMPLES, kind);
  }

  async next(): Promise<SampleColumns | undefined> {
    this.batch.length = 0;
    await this.merge.take(Number.POSITIVE_INFINITY, this.batch);
    return this.batch.length === 0 ? undefined : this.batch;
  }

  close(): Promise<void> {
    return this.spill.close();
  }
}

/** Sorted runs in one temporary file, each column of a run behind the other. */
class Spill {
  readonly runs: SpilledRun[] = [];
  bytes = 0;
  private readonly kind: SampleKind;
  private folder: string | undefined;
  private file: FileHandle | undefined;

  constructor(kind: SampleKind) {
    this.kind = kind;
  }

  async write(run: SampleColumns): Promise<void> {
    if (this.file === undefined) {
      this.folder = await mkdtemp(join(tmpdir(), 'spikescope-'));
      this.file = await open(join(this.folder, 'runs'), 'wx+', 0o600);
    }
    this.runs.push(new SpilledRun(this.file, this.bytes, run.length, this.kind));
    for (const column of columnsOf(run)) {
      const bytes = bytesOf(column, run.length);
      for (let done = 0; done < bytes.length; ) {
        const rest = bytes.length - done;
        const { bytesWritten } = await this.file.write(bytes, done, rest, this.bytes);
        done += bytesWritten;
        this.bytes += bytesWritten;
      }
    }
  }

  async close(): Promise<void> {
    await this.file?.close();
    if (this.folder !== undefined) await rm(this.folder, { recursive: true, force: true });
    this.file = undefined;
    this.folder = undefined;
  }
}

type Column = Float64Array | Int32Array | Uint32Array | Float32Array;

function columnsOf({ timeUs, layer, neuron, value }: SampleColumns): Column[] {
  return value === undefined ? [timeUs, layer, neuron] : [timeUs, layer, neuron, value];
}

function bytesOf(column: Column, length: number): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, length * column.BYTES_PER_ELEMENT);
}

class SpilledRun implements OrderedSamples {
  private readonly file: FileHandle;
  private readonly offset: number;
  private readonly length: number;
  private readonly batch: SampleColumns;
  private done = 0;

  constructor(file: FileHandle, offset: number, length: number, kind: SampleKind) {
    this.file = file;
    this.offset = offset;
    this.length = length;
    this.batch = allocateSamples(Math.min(BATCH_SAMPLES, Math.max(1, length)), kind);
  }

  async next(): Promise<SampleColumns | undefined> {
    const { batch } = this;
    batch.length = Math.min(batch.timeUs.length, this.length - this.done);
    if (batch.length === 0) return undefined;
    let start = this.offset;
    for (const column of columnsOf(batch)) {
      const size = column.BYTES_PER_ELEMENT;
      const bytes = bytesOf(column, batch.length);
      for (let read = 0; read < bytes.length; ) {
        const position = start + this.done * size + read;
        const { bytesRead } = await this.file.read(bytes, read, bytes.length - read, position);
        if (bytesRead === 0) throw new Error('a temporary file ended early');
        read += bytesRead;
      }
      start += this.length * size;
    }
    this.done += batch.length;
    return batch;
  }

  async close(): Promise<void> {}
}
