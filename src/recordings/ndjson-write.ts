import { FrameEncoder } from '../frames/encode.ts';
import type { Frame } from '../frames/frame.ts';
import { FileOutput } from './file-output.ts';
import { arrivalField, metadataLine, NDJSON_LINE_BYTES_MAX } from './ndjson-layout.ts';
import { RecordingError } from './recording-error.ts';
import type { OutputFormat, OutputHeader, OutputWriter } from './recording-output.ts';

const LF = 10;

/** A frame a line, as JSON on the wire; the first line says what the recording is. */
export const ndjsonOutput: OutputFormat = {
  name: 'ndjson',
  suffixes: ['.ndjson', '.jsonl'],
  create: (path, header) => NdjsonWriter.create(path, header),
};

class NdjsonWriter implements OutputWriter {
  readonly format = 'ndjson';
  private readonly output: FileOutput;
  private readonly encoder = new FrameEncoder();

  private constructor(output: FileOutput) {
    this.output = output;
  }

  static async create(path: string, header: OutputHeader): Promise<NdjsonWriter> {
    const output = await FileOutput.create(path);
    await output.append(Buffer.from(metadataLine(header)));
    return new NdjsonWriter(output);
  }

  async write(frame: Frame): Promise<void> {
    // Other programs read these lines: in the columns that all of them know.
    const json = this.encoder.encode(frame, 'json', false);
    const arrival = Buffer.from(arrivalField(frame.arrivedUs));
    // The closing brace moves behind what is added.
    const line = new Uint8Array(json.length + arrival.length + 1);
    line.set(json);
    if (arrival.length > 0) line.set(arrival, json.length - 1);
    line[line.length - 1] = LF;
    if (arrival.length > 0) line[line.length - 2] = json.at(-1) as number;
    if (line.length > NDJSON_LINE_BYTES_MAX) {
      throw new RecordingError(
        'too_large',
        `a ${frame.kind} frame at ${frame.t0Us} µs takes ${line.length} bytes as JSON, at most \
${NDJSON_LINE_BYTES_MAX}. Write a .spk file instead, or take shorter frames.`,
      );
    }
    await this.output.append(line);
  }

  flush(): Promise<void> {
    return this.output.flush();
  }

  close(): Promise<void> {
    return this.output.close();
  }
}
