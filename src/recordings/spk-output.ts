import type { Frame } from '../frames/frame.ts';
import { RecordingError } from './recording-error.ts';
import type { OutputFormat, OutputWriter } from './recording-output.ts';
import { SpkWriter } from './spk-write.ts';

/** The native format; it holds everything. */
export const spkOutput: OutputFormat = {
  name: 'spk',
  suffixes: ['.spk'],
  create: async (path, header, { compress, dense }) =>
    new SpkOutput(await SpkWriter.create(path, header, { compress, dense })),
};

class SpkOutput implements OutputWriter {
  readonly format = 'spk';
  private readonly writer: SpkWriter;

  constructor(writer: SpkWriter) {
    this.writer = writer;
  }

  async write(frame: Frame): Promise<void> {
    try {
      await this.writer.write(frame);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new RecordingError('too_large', error.message, { cause: error });
    }
  }

  flush(): Promise<void> {
    return this.writer.flush();
  }

  close(): Promise<void> {
    return this.writer.close();
  }
}
