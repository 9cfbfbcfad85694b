import type { Frame } from '../frames/frame.ts';
import type { FrameKind } from '../frames/header.ts';
import type { OutputFormat, OutputWriter } from './recording-output.ts';
import { SonataWriter } from './sonata-write.ts';

/** Spikes as SONATA HDF5; frames of other kinds are counted, said and left out. */
export const sonataOutput: OutputFormat = {
  name: 'sonata',
  suffixes: ['.h5', '.hdf5', '.sonata'],
  create: async (path, header, { remark }) =>
    new SonataOutput(await SonataWriter.create(path, header), remark),
};

class SonataOutput implements OutputWriter {
  readonly format = 'sonata';
  readonly leftOut = new Map<FrameKind, number>();
  private readonly writer: SonataWriter;
  private readonly remark: (text: string) => void;

  constructor(writer: SonataWriter, remark: (text: string) => void) {
    this.writer = writer;
    this.remark = remark;
  }

  async write(frame: Frame): Promise<void> {
    if (frame.kind === 'spikes') return await this.writer.write(frame);
    this.leftOut.set(frame.kind, (this.leftOut.get(frame.kind) ?? 0) + 1);
  }

  async close(): Promise<void> {
    await this.writer.close();
    const kinds = [...this.leftOut].map(([kind, frames]) => `${frames} of ${kind}`);
    if (kinds.length === 0) return;
    this.remark(`SONATA holds spikes: frames left out are ${kinds.join(', ')}. .spk keeps all.`);
  }
}
