import type { Frame } from '../frames/frame.ts';
import { FRAME_LIMITS } from '../frames/limits.ts';
import { type CoreFile, coreFrames } from './core-frames.ts';
import { cutSpans } from './cut-spans.ts';
import { LayerIndex, LayerMap, type LayerRange } from './layer-map.ts';
import { membraneFrames } from './membrane-frames.ts';
import { mergeFrames } from './merge-frames.ts';
import { SampleMerge } from './merge-samples.ts';
import { looksUnsorted } from './order-check.ts';
import { NearlyOrdered, type OrderedSamples } from './ordered-samples.ts';
import { type PowerFile, powerFrames } from './power-frames.ts';
import type { ReadingNotes } from './reading-notes.ts';
import type { RecordedLayer, Recording, RecordingInfo } from './recording.ts';
import { RecordingError } from './recording-error.ts';
import type { SampleFile, SampleKind } from './samples.ts';
import { sortedSamples } from './sort-file.ts';
import { spikeFrames } from './spike-frames.ts';

const FRAMES_MAX = 100_000_000;
const MEMORY_BYTES = 64 * 2 ** 20;
const CHUNK_BYTES_MAX = 1 << 18;
const CHUNK_BYTES_MIN = 1 << 12;
const BATCH_SAMPLES_MAX = 1 << 16;
const BATCH_SAMPLES_MIN = 1 << 8;
/** Bytes of a sample in the batches and the keys that putting a file in order holds. */
const BATCH_BYTES = 5 * 20 + 16;

/** A layer with the ids that are its neurons. */
export interface SampledLayer extends RecordedLayer, LayerRange {
  /** Added to ids where they are shown; 0 by default. */
  readonly neuronOffset?: number | undefined;
}

/** Files of samples and tables, understood: what a recording is made of before it is read. */
export interface RecordingPlan {
  readonly name: string;
  readonly format: string;
  readonly startUs: number;
  readonly endUs: number;
  readonly layers: readonly SampledLayer[];
  readonly samples: readonly SampleFile[];
  readonly power: readonly PowerFile[];
  readonly cores: readonly CoreFile[];
  /** Sort every file before it is read, however ordered it looks. */
  readonly sorts: boolean;
}

/** A recording that is read from files of samples. One pass over its frames at a time. */
export class SampledRecording implements Recording {
  readonly info: RecordingInfo;
  readonly notes: ReadingNotes;
  private readonly plan: RecordingPlan;
  private readonly index: LayerIndex;
  private readonly localIndex: LayerIndex;
  private readonly unsorted = new Map<SampleFile, boolean>();

  constructor(plan: RecordingPlan, notes: ReadingNotes) {
    this.plan = plan;
    this.index = new LayerIndex(plan);
    this.localIndex = new LayerIndex(withLocalIds(plan));
    this.notes = notes;
    notes.openingDone();
    this.info = {
      name: plan.name,
      format: plan.format,
      startUs: plan.startUs,
      durationUs: plan.endUs,
      layers: plan.layers.map(({ name, neuronType, neuronCount, deviceType, chipId }) => {
        return { name, neuronType, neuronCount, deviceType, chipId };
      }),
    };
  }

  async *frames(frameSpanUs: number): AsyncGenerator<Frame, void, void> {
    this.requireSpan(frameSpanUs);
    const { plan, notes } = this;
    notes.restart();
    const merges: SampleMerge[] = [];
    const streams: AsyncGenerator<Frame, void, void>[] = [];
    try {
      const spikes = plan.samples.filter((file) => file.kind === 'spikes');
      if (spikes.length > 0) {
        const merge = await this.merge(spikes, merges);
        const spans = this.spans(merge, 'spikes', frameSpanUs);
        streams.push(spikeFrames(spans, plan.layers, commonTimestep(spikes)));
      }
      const membranes = plan.samples.filter((file) => file.kind === 'membrane');
      for (const unit of new Set(membranes.map((file) => file.unit))) {
        const files = membranes.filter((file) => file.unit === unit);
        const spans = this.spans(await this.merge(files, merges), 'membrane', frameSpanUs);
        streams.push(membraneFrames(spans, plan.layers, unit));
      }
      for (const file of plan.power) streams.push(powerFrames(file, plan, frameSpanUs, notes));
      for (const file of plan.cores) streams.push(coreFrames(file, plan, notes));
      yield* mergeFrames(streams);
    } finally {
      for (const merge of merges) await merge.close();
    }
  }

  /** Nothing stays open between passes. */
  async close(): Promise<void> {}

  private requireSpan(frameSpanUs: number): void {
    const { startUs, endUs, layers, name } = this.plan;
    if (!Number.isInteger(frameSpanUs) || frameSpanUs < 1 || frameSpanUs > FRAME_LIMITS.spanUsMax) {
      throw new RangeError(
        `a frame spans 1 to ${FRAME_LIMITS.spanUsMax} whole µs, not ${frameSpanUs}`,
      );
    }
    const frames = ((endUs - startUs) / frameSpanUs) * Math.max(1, layers.length);
    if (frames > FRAMES_MAX) {
      throw new RecordingError(
        'too_large',
        `${name}: ${(endUs - startUs) / 1e6} s of ${layers.length} \
layers would be ${Math.ceil(frames)} frames of ${frameSpanUs} µs. Take longer frames, or check the \
unit of its times and duration_ms.`,
      );
    }
  }

  private spans(merge: SampleMerge, kind: SampleKind, spanUs: number) {
    const { startUs, endUs } = this.plan;
    return cutSpans(merge, { kind, startUs, endUs, spanUs });
  }

  /** Opens files as one ordered stream; what is open already is closed when one fails. */
  private async merge(files: readonly SampleFile[], merges: SampleMerge[]): Promise<SampleMerge> {
    const opened: OrderedSamples[] = [];
    try {
      for (const file of files) opened.push(await this.ordered(file, files.length));
      const merge = await SampleMerge.open(opened);
      merges.push(merge);
      return merge;
    } catch (error) {
      for (const source of opened) await source.close();
      throw error;
    }
  }

  private async ordered(file: SampleFile, fileCount: number): Promise<OrderedSamples> {
    const { plan, notes } = this;
    const share = MEMORY_BYTES / fileCount;
    const chunkBytes = clamp(share / 8, CHUNK_BYTES_MIN, CHUNK_BYTES_MAX);
    const room = clamp(share / BATCH_BYTES, BATCH_SAMPLES_MIN, BATCH_SAMPLES_MAX);
    const capacity = Math.max(room, file.samplesAtOnce);
    const isUnsorted =
      file.isUnordered || plan.sorts || (await this.isUnsorted(file, capacity, fileCount));
    const reader = await file.read(notes, chunkBytes);
    const index = file.localIds ? this.localIndex : this.index;
    const layers = new LayerMap(index, file.path, notes);
    const { path, kind, isUnordered } = file;
    if (isUnsorted) return sortedSamples({ reader, layers, path, kind, notes, isUnordered });
    return new NearlyOrdered(reader, layers, path, kind, capacity);
  }

  private async isUnsorted(file: SampleFile, held: number, fileCount: number): Promise<boolean> {
    const known = this.unsorted.get(file) ?? (await looksUnsorted(file, held, fileCount));
    this.unsorted.set(file, known);
    return known;
  }
}

/** The same layers for a file whose ids count from 0 in each of them. */
function withLocalIds(plan: RecordingPlan): RecordingPlan {
  return { ...plan, layers: plan.layers.map((layer) => ({ ...layer, firstId: 0 })) };
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, Math.floor(value)));
}

/** The step that all files with samples count in; undefined where they differ or count in time. */
function commonTimestep(files: readonly SampleFile[]): number | undefined {
  const filled = files.filter((file) => file.bytes > 0);
  const [first] = filled.length > 0 ? filled : files;
  return filled.every((file) => file.timestepUs === first?.timestepUs)
    ? first?.timestepUs
    : undefined;
}
