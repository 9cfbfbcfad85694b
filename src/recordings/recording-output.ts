import type { FrameKind } from '../frames/header.ts';
import type { RecordingWriter } from './recording-writer.ts';
import type { SpkHeader } from './spk-header.ts';

/** What is known of a recording when it is begun: a live one has little but a name. */
export type OutputHeader = SpkHeader;

export interface OutputOptions {
  /** Packs the file where the format can. */
  readonly compress: boolean;
  /** Spikes in denser columns, or in those that all readers know; undefined keeps what came. */
  readonly dense?: boolean | undefined;
  /** Hears, at the latest when the file is closed, what the format could not hold. */
  readonly remark: (text: string) => void;
}

/**
 * A writer as commands use it. `write` takes what it needs of a frame before it returns, so that
 * the frame's columns may be reused; its promise is about room, and need not be waited for as long
 * as few are open.
 */
export interface OutputWriter extends RecordingWriter {
  /** Puts what was taken into the file, where a format can be read while it grows. */
  flush?(): Promise<void>;
  /** Frames of kinds that the format cannot hold. */
  readonly leftOut?: ReadonlyMap<FrameKind, number>;
}

/** A format that recordings are written in; listed in recording-writers.ts. */
export interface OutputFormat {
  readonly name: string;
  /** Ends of file names that mean it, in lower case with their dot. */
  readonly suffixes: readonly string[];
  /** Begins a new file; one that is there is an error. */
  create(path: string, header: OutputHeader, options: OutputOptions): Promise<OutputWriter>;
}
