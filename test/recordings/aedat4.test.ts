import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { unpackLz4 } from '../../src/recordings/lz4-frame.ts';
import { openRecording } from '../../src/recordings/open.ts';
import { collect, type Spike } from './collect.ts';
import { ownFolder } from './spk-files.ts';

const FOLDER = 'fixtures/events/aedat4-dvs-frame';
const GOLDEN = readFileSync(join(FOLDER, 'events.aedat4'));
/** Where the golden file's only packet of events stands; its directory of packets follows. */
const PACKET_AT = 830;
const PACKET_BYTES = GOLDEN.readInt32LE(PACKET_AT + 4);
const CONTENT = Buffer.from(
  unpackLz4(GOLDEN.subarray(PACKET_AT + 8, PACKET_AT + 8 + PACKET_BYTES), 1 << 20),
);

/** What dv-processing was given: the same events as a table. */
const EVENTS = readFileSync(join(FOLDER, 'events.csv'), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((row) => row.split(',').map(Number) as [number, number, number, number]);

function spikesIn(layer: string, events = EVENTS): Spike[] {
  return events.map(([timeUs, x, y]) => [layer, timeUs, y * 32 + x]);
}

async function read(path: string) {
  const recording = await openRecording(path);
  const { spikes } = await collect(recording, 10_000);
  return { info: recording.info, notes: recording.notes, spikes };
}

/** The golden file with another packing and other packets. */
function withPackets(compression: number, ...packets: readonly Buffer[]): string {
  const header = Buffer.from(GOLDEN.subarray(0, PACKET_AT));
  // The first table's fields: compression, then where the packets end (-1: not yet closed).
  const table = 18 + header.readUInt32LE(18);
  header.writeInt32LE(compression, table + 4);
  header.writeBigInt64LE(-1n, table + 12);
  const path = join(ownFolder(), 'a.aedat4');
  const parts = packets.flatMap((packet) => {
    const head = Buffer.alloc(8);
    head.writeInt32LE(packet.length, 4);
    return [head, packet];
  });
  writeFileSync(path, Buffer.concat([header, ...parts]));
  return path;
}

describe('an AEDAT 4 file', () => {
  test('of a folder has the events that were written, pixel by pixel', async () => {
    const { spikes, info, notes } = await read(FOLDER);
    expect(spikes).toEqual(spikesIn('pixels'));
    const meta = JSON.parse(readFileSync(join(FOLDER, 'meta.json'), 'utf8')) as {
      events_total?: number;
      duration_ms: number;
    };
    expect(info.durationUs - info.startUs).toBe(meta.duration_ms * 1000);
    expect(info.startUs).toBe(EVENTS[0]?.[0]);
    expect(info.layers).toMatchObject([
      { name: 'pixels', neuronCount: 1024, neuronType: 'excitatory' },
    ]);
    expect(notes.remarks).toEqual([]);
  });

  test('alone has as many neurons as its sensor has pixels', async () => {
    const { spikes, info } = await read(join(FOLDER, 'events.aedat4'));
    expect(spikes).toEqual(spikesIn('neurons'));
    expect(info.layers).toMatchObject([{ name: 'neurons', neuronCount: 1024 }]);
    expect(info.format).toBe('aedat4');
  });

  test.each<[string, number, Buffer]>([
    ['not packed', 0, CONTENT],
    ['packed by zstd', 3, zstdCompressSync(CONTENT)],
  ])('%s has the same events', async (_how, compression, packet) => {
    const { spikes, notes } = await read(withPackets(compression, packet));
    expect(spikes).toEqual(spikesIn('neurons'));
    expect(notes.truncated).toBe(false);
  });

  test('that is cut off gives the packets before, and says where', async () => {
    const path = withPackets(0, CONTENT, CONTENT);
    truncateSync(path, PACKET_AT + 2 * CONTENT.length - 100);
    const { spikes, notes } = await read(path);
    expect(spikes).toEqual(spikesIn('neurons'));
    expect(notes.truncated).toBe(true);
    const at = PACKET_AT + 8 + CONTENT.length;
    expect(notes.remarks.join()).toContain(`a.aedat4 is cut off inside the packet at byte ${at}`);
  });

  test('with a damaged packet leaves that out, and says where', async () => {
    const path = withPackets(3, Buffer.from('no zstd'), zstdCompressSync(CONTENT));
    const { spikes, notes } = await read(path);
    expect(spikes).toHaveLength(EVENTS.length);
    expect(notes.samplesInvalid).toBe(1);
    expect(notes.remarks.join()).toContain('a.aedat4: the packet at byte 830 is damaged and left');
  });

  test.each<[string, Buffer | string, RegExp]>([
    ['of version 3', '#!AER-DAT3.1\r\nFormat: RAW\r\n', /is AEDAT 3\.1; AEDAT 4 is read\. Convert/],
    ['cut in its header', GOLDEN.subarray(0, 400), /is cut off inside its header/],
    ['packed another way', withCompression(9), /packed by method 9; none, LZ4 and zstd are read/],
    ['without events', withText('EVTS', 'FRME'), /has no stream of events \(EVTS\)/],
    ['without a size', withText('sizeX', 'sizeQ'), /stream 0 says no usable size of its sensor/],
  ])('%s is refused', async (_what, bytes, message) => {
    const path = join(ownFolder(), 'a.aedat4');
    writeFileSync(path, bytes);
    await expect(openRecording(path)).rejects.toThrow(message);
  });
});

function withCompression(code: number): Buffer {
  const bytes = Buffer.from(GOLDEN);
  bytes.writeInt32LE(code, 18 + bytes.readUInt32LE(18) + 4);
  return bytes;
}

function withText(from: string, to: string): Buffer {
  const bytes = Buffer.from(GOLDEN);
  bytes.write(to, bytes.indexOf(from), 'latin1');
  return bytes;
}

describe('LZ4', () => {
  /** Made by hand from the format's document: linked blocks, no checksums. */
  const frame = (...blocks: readonly string[]) =>
    Buffer.from(`04224d18404082${blocks.join('')}00000000`, 'hex');

  test('repeats what it is about to write, over the ends of blocks', () => {
    // "ab" and a match of 9 at distance 2; then a block whose match reaches into the first.
    const first = '06000000256162020000';
    const second = '0400000010630c00';
    const text = Buffer.from(unpackLz4(frame(first, second), 100)).toString();
    expect(text).toBe('abababababacabab');
  });

  test.each<[string, Buffer, RegExp]>([
    ['no frame', Buffer.from('0123456789'), /no LZ4 frame/],
    ['a match before the begin', frame('0400000010610500'), /match before the begin/],
    ['a block outside', frame('ff000000'), /a block ends outside/],
    ['literals outside', frame('02000000f000'), /literals end outside|length ends/],
    ['an early end', Buffer.from('04224d18', 'hex'), /ends too early/],
    ['too much', frame('050000806162636465'), /unpacks to more than 4 bytes/],
  ])('that is %s is refused', (_what, bytes, message) => {
    expect(() => unpackLz4(bytes, 4)).toThrow(message);
  });
});
