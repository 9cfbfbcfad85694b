import type { FileHead } from './file-head.ts';
import type { ReadingNotes } from './reading-notes.ts';

/**
 * Samples in columns, `length` of them valid. As a file's reader fills them, `layer` is an index
 * into its names, or -1 where the file has none, and `neuron` is the id as in the file; once mapped
 * they are the layer's position and the neuron within it.
 */
export interface SampleColumns {
  length: number;
  readonly timeUs: Float64Array;
  readonly layer: Int32Array;
  readonly neuron: Uint32Array;
  /** Membrane potentials; undefined for spikes. */
  readonly value: Float64Array | undefined;
}

export type SampleKind = 'spikes' | 'membrane';

/** What a format finds in a file: nothing, one kind of samples, or several beside each other. */
export type SampleKinds = SampleKind | readonly SampleKind[] | undefined;

/** A layer that a file itself describes; what it leaves out shows in its samples. */
export interface FileLayer {
  /** As the samples' names have it. */
  readonly name: string;
  /** What frames call it, where that differs from `name`. */
  readonly layerName?: string | undefined;
  readonly neuronCount?: number | undefined;
  readonly neuronType?: string | undefined;
  readonly neuronOffset?: number | undefined;
  readonly deviceType?: string | undefined;
  readonly chipId?: string | undefined;
}

export function allocateSamples(capacity: number, kind: SampleKind): SampleColumns {
  return {
    length: 0,
    timeUs: new Float64Array(capacity),
    layer: new Int32Array(capacity),
    neuron: new Uint32Array(capacity),
    value: kind === 'membrane' ? new Float64Array(capacity) : undefined,
  };
}

/** Appends samples [from, to) of `source`; the room must be there. */
export function appendSamples(
  into: SampleColumns,
  source: SampleColumns,
  from: number,
  to: number,
): void {
  const at = into.length;
  const count = to - from;
  if (count < 24) {
    // Runs are short where files are merged, and a copied view costs more than these stores.
    for (let i = 0; i < count; i++) {
      into.timeUs[at + i] = source.timeUs[from + i] as number;
      into.layer[at + i] = source.layer[from + i] as number;
      into.neuron[at + i] = source.neuron[from + i] as number;
      if (into.value && source.value) into.value[at + i] = source.value[from + i] as number;
    }
  } else {
    into.timeUs.set(source.timeUs.subarray(from, to), at);
    into.layer.set(source.layer.subarray(from, to), at);
    into.neuron.set(source.neuron.subarray(from, to), at);
    if (into.value && source.value) into.value.set(source.value.subarray(from, to), at);
  }
  into.length = at + count;
}

/** Reads samples one after another. */
export interface SampleReader {
  /** What `layer` indexes, as far as read; grows, and never changes what it said. */
  readonly names: readonly string[];
  /** Fills the columns from 0 to their capacity or the end; no sample means the end. */
  fill(into: SampleColumns): Promise<void>;
  close(): Promise<void>;
}

/** A file of spikes or membrane potentials, understood and ready to be read. */
export interface SampleFile {
  readonly path: string;
  /** What it was recognised as, in the words of meta.json. */
  readonly format: string;
  readonly kind: SampleKind;
  /** Of membrane potentials. */
  readonly unit: string;
  /** µs of a step where the file counts in steps; undefined elsewhere. */
  readonly timestepUs: number | undefined;
  /** Whether its samples come with names of layers; else ids alone tell. */
  readonly namesLayers: boolean;
  /** Samples that a reader fills in one go: columns to fill must have room for so many. */
  readonly samplesAtOnce: number;
  /** Starts reading; `chunkBytes` is what it may hold of the file at a time. */
  read(notes: ReadingNotes, chunkBytes: number): Promise<SampleReader>;
  /** Times of some samples at a place of the file (0 … 1): for a look at its order. */
  glimpse(fraction: number): Promise<{ minUs: number; maxUs: number } | undefined>;
  readonly bytes: number;
  /** Layers that the file knows, silent ones too. */
  readonly layers?: readonly FileLayer[];
  /** Whether ids count from 0 within each layer, whatever a meta.json gives as first_id. */
  readonly localIds?: boolean;
  /** Whether the length of a step is as the file says, not as meta.json or a default has it. */
  readonly statesTimestep?: boolean;
  /** Times that the file says it covers, µs. */
  readonly startUs?: number | undefined;
  readonly endUs?: number | undefined;
  /** Whether its format keeps samples in another order than that of time. */
  readonly isUnordered?: boolean;
  /** Neurons of a layer ('' for the one without a name), where the file says how many. */
  readonly neuronCounts?: ReadonlyMap<string, number>;
  /** Whether its times count from the Unix epoch. */
  readonly isEpoch?: boolean;
}

/** What meta.json, or the lack of one, says about a file of samples. */
export interface SampleContext {
  readonly kind: SampleKind;
  /** Length of a step, where times are steps. */
  readonly dtUs: number;
  /** µs of a unit of a time column that names none; undefined when nobody says. */
  readonly timeUnitUs: number | undefined;
  /** Unit of potentials; undefined leaves it to the format. */
  readonly unit: string | undefined;
  /** Columns in order, for files without a header. */
  readonly columns: readonly string[] | undefined;
  /** Column of the potentials, where there are several. */
  readonly valueColumn: string | undefined;
  /** The one layer that the file's ids belong to. */
  readonly layer: string | undefined;
  /** Whether a meta.json lists layers: ids are then as in its ranges. */
  readonly hasLayers?: boolean;
}

/** One format of sample files: one file each in this folder, listed in sample-formats.ts. */
export interface SampleFormat {
  readonly name: string;
  /** Its names in meta.json. */
  readonly metaFormats: readonly string[];
  /** What the file holds when it is of this format, by its content. */
  recognise(file: FileHead): SampleKinds | Promise<SampleKinds>;
  /**
   * What the file holds of the context's kind: one file of samples, or several in one.
   * @throws RecordingError when the file is not as the format says
   */
  open(file: FileHead, context: SampleContext): Promise<SampleFile | readonly SampleFile[]>;
}
