import { type FileHandle, open } from 'node:fs/promises';
import { FRAME_LIMITS } from '../frames/limits.ts';
import {
  type Aedat4Header,
  type EventStream,
  eventsOf,
  type Packet,
  packetsOf,
  readAedat4Header,
} from './aedat4-packets.ts';
import type { FileHead } from './file-head.ts';
import type { ReadingNotes } from './reading-notes.ts';
import { RecordingError } from './recording-error.ts';
import type { SampleColumns, SampleFormat, SampleReader } from './samples.ts';
import { scannedGlimpse } from './scanned-order.ts';

const MAGIC = Buffer.from('#!AER-DAT');
const EVENT_BYTES = 16;

/**
 * Event cameras' AEDAT 4: an event of either polarity is a spike of the pixel y · width + x. The
 * other streams of a file (frames, accelerations, triggers) are left out. Times count from the
 * Unix epoch.
 */
export const aedat4: SampleFormat = {
  name: 'aedat4',
  metaFormats: ['aedat4', 'aedat'],

  recognise: (file) => (MAGIC.equals(file.bytes.subarray(0, MAGIC.length)) ? 'spikes' : undefined),

  async open(file, context) {
    const header = await readAedat4Header(file.path, file.name);
    const streams = header.streams.map((stream) => checked(stream, file));
    if (streams.length === 0 || context.kind !== 'spikes') {
      throw new RecordingError('table', `${file.name}: has no stream of events (EVTS) to read.`);
    }
    const names = streams.length > 1 ? streams.map(({ name }) => name) : [context.layer ?? ''];
    const read = (notes: ReadingNotes) =>
      EventReader.open(file, { ...header, streams }, names, notes);
    return {
      path: file.path,
      format: 'aedat4',
      kind: 'spikes',
      unit: '1',
      timestepUs: undefined,
      namesLayers: names[0] !== '',
      samplesAtOnce: 1,
      bytes: file.size,
      neuronCounts: new Map(
        streams.map(({ width, height }, i) => [names[i] ?? '', width * height]),
      ),
      isEpoch: true,
      read,
      glimpse: scannedGlimpse({ read, kind: 'spikes' }),
    };
  },
};

function checked(stream: EventStream, file: FileHead): EventStream {
  const { id, width, height } = stream;
  const pixels = width * height;
  if (Number.isInteger(width) && Number.isInteger(height) && pixels > 0) {
    if (pixels <= FRAME_LIMITS.neuronCountMax) return stream;
  }
  throw new RecordingError(
    'table',
    `${file.name}: stream ${id} says no usable size of its sensor (sizeX ${width}, sizeY \
${height}); up to ${FRAME_LIMITS.neuronCountMax} pixels are read.`,
  );
}

class EventReader implements SampleReader {
  readonly names: readonly string[];
  private readonly handle: FileHandle;
  private readonly packets: ReturnType<typeof packetsOf>;
  private readonly streams: ReadonlyMap<number, EventStream & { readonly layer: number }>;
  private readonly notes: ReadingNotes;
  private readonly fileName: string;
  private stream: (EventStream & { readonly layer: number }) | undefined;
  private events: DataView | undefined;
  private at = 0;
  private outside = 0;
  private isEnded = false;

  private constructor(
    handle: FileHandle,
    header: Aedat4Header,
    names: readonly string[],
    notes: ReadingNotes,
    fileName: string,
  ) {
    const isNamed = names[0] !== '';
    this.handle = handle;
    this.names = isNamed ? names : [];
    this.streams = new Map(
      header.streams.map((one, i) => [one.id, { ...one, layer: isNamed ? i : -1 }]),
    );
    this.packets = packetsOf(handle, header, new Set(this.streams.keys()));
    this.notes = notes;
    this.fileName = fileName;
  }

  static async open(
    file: FileHead,
    header: Aedat4Header,
    names: readonly string[],
    notes: ReadingNotes,
  ): Promise<EventReader> {
    return new EventReader(await open(file.path, 'r'), header, names, notes, file.name);
  }

  async fill(into: SampleColumns): Promise<void> {
    into.length = 0;
    while (into.length < into.timeUs.length) {
      if (this.events !== undefined && this.at < this.events.byteLength) this.take(into);
      else if (!(await this.nextPacket())) return;
    }
  }

  async close(): Promise<void> {
    await this.packets.return({ cutAt: undefined });
    await this.handle.close();
  }

  private take(into: SampleColumns): void {
    const { events, stream } = this;
    if (events === undefined || stream === undefined) return;
    const { width, height, layer } = stream;
    const room = (into.timeUs.length - into.length) * EVENT_BYTES;
    const end = Math.min(events.byteLength, this.at + room);
    let to = into.length;
    for (let at = this.at; at < end; at += EVENT_BYTES) {
      const x = events.getInt16(at + 8, true);
      const y = events.getInt16(at + 10, true);
      const timeUs = events.getInt32(at + 4, true) * 2 ** 32 + events.getUint32(at, true);
      if (x < 0 || x >= width || y < 0 || y >= height || timeUs > Number.MAX_SAFE_INTEGER) {
        this.outside++;
        continue;
      }
      into.timeUs[to] = Math.max(-1, timeUs);
      into.layer[to] = layer;
      into.neuron[to++] = y * width + x;
    }
    into.length = to;
    this.at = end;
  }

  private async nextPacket(): Promise<boolean> {
    if (this.isEnded) return false;
    const next = await this.packets.next();
    if (next.done === true) {
      this.isEnded = true;
      this.tell(next.value.cutAt);
      return false;
    }
    this.stream = this.streams.get(next.value.stream);
    this.events = this.eventsIn(next.value);
    this.at = 0;
    return true;
  }

  private eventsIn({ at, content, problem }: Packet): DataView | undefined {
    try {
      if (content !== undefined) return eventsOf(content);
      this.lose(at, problem ?? '');
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.lose(at, error.message);
    }
    return undefined;
  }

  private lose(at: number, why: string): void {
    this.notes.samplesInvalid++;
    this.notes.remark(
      `${this.fileName}: the packet at byte ${at} is damaged and left out: ${why}.`,
    );
  }

  private tell(cutAt: number | undefined): void {
    const { notes, fileName, outside } = this;
    if (outside > 0) {
      notes.samplesInvalid += outside;
      notes.remark(`${fileName}: ${outside} events lie outside the sensor and are left out.`);
    }
    if (cutAt === undefined) return;
    notes.truncated = true;
    notes.remark(`${fileName} is cut off inside the packet at byte ${cutAt}, or still being \
written; what stands before is read.`);
  }
}
