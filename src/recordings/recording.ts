import type { Frame } from '../frames/frame.ts';

/** A population of a recording, as its frames name it. */
export interface RecordedLayer {
  readonly name: string;
  readonly neuronType: string;
  readonly neuronCount: number;
  readonly deviceType: string;
  readonly chipId: string;
}

/** What is known of a recording before its samples are read. */
export interface RecordingInfo {
  readonly name: string;
  /** Name of the format it was recognised as. */
  readonly format: string;
  /** End of the time that the recording covers, µs; its frames never end later, save for samples
   * at exactly this time, which stand in a last frame of 1 µs. */
  readonly durationUs: number;
  /** Start of the time it covers, µs: 0 for simulations, the epoch for live recordings. */
  readonly startUs: number;
  readonly layers: readonly RecordedLayer[];
}

/** What reading met on its way; complete when the frames are all read. */
export interface RecordingNotes {
  /** Samples of neurons in no layer. */
  samplesOutside: number;
  /** Samples that could not be a sample at all (no number, no time). */
  samplesInvalid: number;
  /** Frames that are damaged in the file; undefined for formats that hold no frames. */
  readonly framesLost?: number;
  /** The file ends inside a value. */
  truncated: boolean;
  /** Sentences for the person who asked: unsorted and merged, cut off where, what was ignored. */
  readonly remarks: string[];
}

/**
 * A recording opened for reading. Frames come in the order of their t0, each layer covered without
 * gaps from start to end (a silent span is a frame without spikes), cut at multiples of the span.
 * The whole is never in memory. A frame's columns are valid until the next one is asked for.
 */
export interface Recording {
  readonly info: RecordingInfo;
  readonly notes: RecordingNotes;
  frames(frameSpanUs: number): AsyncIterable<Frame>;
  close(): Promise<void>;
}

/** One format: recognise it by content, open it. One file each in this folder. */
export interface RecordingFormat {
  readonly name: string;
  /** Whether the file or folder at `path` is this format, by its first bytes or its listing. */
  recognise(path: string): Promise<boolean>;
  open(path: string): Promise<Recording>;
}
