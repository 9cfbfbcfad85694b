import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Frame } from '../../src/frames/frame.ts';
import { openSpk } from '../../src/recordings/spk-read.ts';
import { SpkWriter } from '../../src/recordings/spk-write.ts';
import { collect, ownCopy, ownFolder, spikesAt, writeSpk } from './spk-files.ts';

const FRAMES: readonly Frame[] = Array.from({ length: 10 }, (_, i) => spikesAt(i * 1000, [i, 7]));

describe('a file that is being written', () => {
  test('shows all blocks that are whole, to a reader that was there before them', async () => {
    const path = join(ownFolder(), 'a.spk');
    const writer = await SpkWriter.create(path, { name: 'live' });
    const spk = await openSpk(path);
    for (const [i, frame] of FRAMES.entries()) {
      await writer.write(frame);
      await writer.flush();
      expect(await collect(spk.frames())).toEqual(FRAMES.slice(0, i + 1));
      expect(spk.notes.truncated).toBe(true);
    }
    await writer.write(spikesAt(10_000, []));
    expect(await collect(spk.frames())).toHaveLength(10);
    await writer.close();
    expect(await collect(spk.frames())).toHaveLength(11);
    await spk.close();
  });

  test('can be followed until its writer closes it', async () => {
    const path = join(ownFolder(), 'a.spk');
    const writer = await SpkWriter.create(path, { name: 'live' });
    const spk = await openSpk(path);
    const { signal } = new AbortController();
    const followed: Frame[] = [];
    const arrived = new Set<(count: number) => void>();
    const following = (async () => {
      for await (const frame of spk.follow({ pollMs: 1, signal })) {
        followed.push(ownCopy(frame));
        for (const tell of arrived) tell(followed.length);
      }
    })();
    for (const [i, frame] of FRAMES.entries()) {
      const seen = new Promise<void>((resolve) => {
        arrived.add((count) => {
          if (count === i + 1) resolve();
        });
      });
      await writer.write(frame);
      await writer.flush();
      await seen;
    }
    await writer.close();
    await following;
    expect(followed).toEqual(FRAMES);
    expect(spk.notes.remarks).toEqual([]);
    await spk.close();
  });

  test('can be followed while it grows by a byte at a time', async () => {
    const folder = ownFolder();
    await writeSpk(join(folder, 'whole.spk'), FRAMES, { flushEvery: 3 });
    const whole = readFileSync(join(folder, 'whole.spk'));
    const path = join(folder, 'growing.spk');
    const header = 24 + 16;
    writeFileSync(path, whole.subarray(0, header));
    const spk = await openSpk(path);
    const { signal } = new AbortController();
    const following = collect(spk.follow({ pollMs: 0, signal }));
    for (let at = header; at < whole.length; at++) {
      appendFileSync(path, whole.subarray(at, at + 1));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await following).toEqual(FRAMES);
    expect(spk.notes.blocksLost).toBe(0);
    await spk.close();
  });

  test('is followed past a damaged block', async () => {
    const folder = ownFolder();
    const path = join(folder, 'a.spk');
    await writeSpk(path, FRAMES, { flushEvery: 2 });
    const bytes = readFileSync(path);
    const magic = Buffer.of(0xb5, 0x53, 0x50, 0x4b);
    const second = bytes.indexOf(magic, bytes.indexOf(magic, bytes.indexOf(magic) + 1) + 1);
    bytes[second + 10] = 0xff;
    writeFileSync(path, bytes);
    const spk = await openSpk(path);
    const { signal } = new AbortController();
    const frames = await collect(spk.follow({ pollMs: 1, signal }));
    expect(frames).toEqual(FRAMES.filter((_, i) => i !== 2 && i !== 3));
    expect(spk.notes.blocksLost).toBe(1);
    await spk.close();
  });

  test('is followed no longer than its reader wants', async () => {
    const path = join(ownFolder(), 'a.spk');
    const writer = await SpkWriter.create(path, { name: 'live' });
    await writer.write(FRAMES[0] as Frame);
    await writer.flush();
    const spk = await openSpk(path);
    const stop = new AbortController();
    let read = 0;
    for await (const _frame of spk.follow({ pollMs: 60_000, signal: stop.signal })) {
      read++;
      setImmediate(() => stop.abort());
    }
    expect(read).toBe(1);
    await spk.close();
    await writer.close();
  });
});
