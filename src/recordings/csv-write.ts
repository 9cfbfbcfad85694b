import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Frame } from '../frames/frame.ts';
import type { FrameKind } from '../frames/header.ts';
import type { SpikesFrame } from '../frames/spikes.ts';
import { writeCsvHeader } from './csv-header.ts';
import { CsvParts } from './csv-parts.ts';
import { FileOutput } from './file-output.ts';
import type {
  OutputFormat,
  OutputHeader,
  OutputOptions,
  OutputWriter,
} from './recording-output.ts';
import { allocateSamples, appendSamples, type SampleColumns } from './samples.ts';
import { TimeSorter } from './sort-by-time.ts';

/** Rows are put in order when so many wait. */
const ROWS_WANTED = 1 << 15;
/** Rows that wait at most; more than that at one time stay in the order of the frames. */
const ROWS_MAX = 1 << 21;
const TEXT_CHARS = 1 << 16;

/** Spikes as `time_us,layer,neuron` in the order of time, behind a comment that says the rest. */
export const csvOutput: OutputFormat = {
  name: 'csv',
  suffixes: ['.csv'],
  create: (path, header, options) => CsvWriter.create(path, header, options),
};

/**
 * The comment at the begin knows layers and times only when all is written: until then the rows
 * stand in a file beside, `<path>.rows`.
 */
class CsvWriter implements OutputWriter {
  readonly format = 'csv';
  readonly leftOut = new Map<FrameKind, number>();
  private readonly path: string;
  private readonly header: OutputHeader;
  private readonly options: OutputOptions;
  private readonly rows: FileOutput;
  private readonly parts: CsvParts;
  private readonly sorter = new TimeSorter();
  private pending: SampleColumns = allocateSamples(2 * ROWS_WANTED, 'spikes');
  /** Rows before this time are in the file. */
  private writtenUs = 0;
  /** t0 of the last frame. */
  private lastUs = 0;
  private isUnsorted = false;

  private constructor(
    path: string,
    rows: FileOutput,
    header: OutputHeader,
    options: OutputOptions,
  ) {
    this.path = path;
    this.rows = rows;
    this.header = header;
    this.options = options;
    this.parts = new CsvParts(header.layers ?? []);
  }

  static async create(
    path: string,
    header: OutputHeader,
    options: OutputOptions,
  ): Promise<CsvWriter> {
    // Rows that a killed program left are nobody's.
    await rm(`${path}.rows`, { force: true });
    return new CsvWriter(path, await FileOutput.create(`${path}.rows`), header, options);
  }

  async write(frame: Frame): Promise<void> {
    this.parts.cover(frame);
    if (frame.kind !== 'spikes') {
      this.leftOut.set(frame.kind, (this.leftOut.get(frame.kind) ?? 0) + 1);
      return;
    }
    const isFull = this.pending.length + frame.dtUs.length > ROWS_MAX;
    const isTime = this.pending.length >= ROWS_WANTED && frame.t0Us > this.lastUs;
    const room = isFull || isTime ? this.drain(frame.t0Us, isFull) : undefined;
    this.lastUs = frame.t0Us;
    this.take(frame);
    await room;
  }

  async close(): Promise<void> {
    try {
      await this.drain(Number.POSITIVE_INFINITY, true);
      await this.rows.close(false);
      const head = Buffer.from(writeCsvHeader(this.parts.header(this.header)));
      const output = await FileOutput.create(this.path);
      try {
        await output.append(head);
        for await (const chunk of createReadStream(this.rows.path, { highWaterMark: 1 << 18 })) {
          await output.append(chunk as Buffer);
        }
      } finally {
        await output.close();
      }
    } finally {
      await this.rows.close(false);
      await rm(this.rows.path, { force: true });
    }
    this.say();
  }

  private take(frame: SpikesFrame): void {
    const part = this.parts.part(frame);
    const { length } = frame.dtUs;
    const needed = this.pending.length + length;
    if (needed > this.pending.timeUs.length) {
      const larger = allocateSamples(Math.max(needed, 2 * this.pending.timeUs.length), 'spikes');
      appendSamples(larger, this.pending, 0, this.pending.length);
      this.pending = larger;
    }
    const { timeUs, layer, neuron } = this.pending;
    let at = this.pending.length;
    if (frame.t0Us < this.writtenUs) this.isUnsorted = true;
    for (let i = 0; i < length; i++) {
      timeUs[at] = frame.t0Us + (frame.dtUs[i] as number);
      layer[at] = part;
      neuron[at++] = frame.neuronId[i] as number;
    }
    this.pending.length = at;
  }

  /** Writes the rows before a time, which no later frame has; all of them when there is no room. */
  private async drain(untilUs: number, all: boolean): Promise<void> {
    const { pending } = this;
    this.sorter.sort(pending);
    let end = pending.length;
    while (!all && end > 0 && (pending.timeUs[end - 1] as number) >= untilUs) end--;
    if (end === 0) return;
    this.writtenUs = (pending.timeUs[end - 1] as number) + (all ? 1 : 0);
    const columns = this.parts.columns;
    let text = '';
    let done: Promise<void> | undefined;
    for (let i = 0; i < end; i++) {
      const column = columns[pending.layer[i] as number] as string;
      text += `${pending.timeUs[i]},${column},${pending.neuron[i]}\n`;
      if (text.length < TEXT_CHARS && i < end - 1) continue;
      done = this.rows.append(Buffer.from(text));
      text = '';
    }
    pending.timeUs.copyWithin(0, end, pending.length);
    pending.layer.copyWithin(0, end, pending.length);
    pending.neuron.copyWithin(0, end, pending.length);
    pending.length -= end;
    await done;
  }

  private say(): void {
    const { remark } = this.options;
    if (this.leftOut.size > 0) {
      const kinds = [...this.leftOut].map(([kind, count]) => `${count} ${kind}`).join(', ');
      remark(`CSV holds spikes only; frames left out: ${kinds}. A .spk or .ndjson file holds all.`);
    }
    if (this.isUnsorted) {
      remark('Frames were not in the order of time; rows of the CSV are not all either.');
    }
    for (const text of this.parts.remarks()) remark(text);
  }
}
