import type { Frame } from '../frames/frame.ts';

/** Writes frames, in the order of their t0, to a recording of one format. */
export interface RecordingWriter {
  readonly format: string;
  /** @throws RecordingError where the frame cannot be kept in this format */
  write(frame: Frame): Promise<void>;
  /** Ends the file; what was not closed may lack its end. */
  close(): Promise<void>;
}
