import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRecording } from '../../src/recordings/open.ts';
import { TimeSlice, touches } from '../../src/recordings/time-slice.ts';
import { collect, ownFolder } from './spk-files.ts';
import { readBack, writeAs } from './written-files.ts';

const FIXTURE = 'fixtures/demo/sanafe-loihi';

test.each(['a.spk', 'a.ndjson', 'folder'])(
  'a stretch of %s is its frames that touch it',
  async (name) => {
    const all = await readBack(FIXTURE, 10_000);
    const path = name === 'folder' ? FIXTURE : join(ownFolder(), name);
    if (name !== 'folder') await writeAs(path, all.frames, all.info);
    // What is cut is compared with the whole of the same file: the wire has single precision.
    const whole = name === 'folder' ? all : await readBack(path, 10_000);
    expect(whole.frames).toHaveLength(all.frames.length);
    for (const [fromUs, toUs] of [
      [0, 5000],
      [333_333, 707_000],
      [1_490_001, Number.POSITIVE_INFINITY],
      [500_000, 500_001],
    ] as const) {
      const slice = new TimeSlice(await openRecording(path), fromUs, toUs);
      const expected = whole.frames.filter((frame) => touches(frame, fromUs, toUs));
      expect(await collect(slice.frames(10_000))).toEqual(expected);
      expect(expected.length).toBeGreaterThan(0);
      expect(slice.info.startUs).toBe(fromUs);
      expect(slice.info.durationUs).toBe(Math.min(toUs, 1_500_000));
      await slice.close();
    }
  },
);

test('a stretch behind the end has no frames', async () => {
  const slice = new TimeSlice(await openRecording(FIXTURE), 2_000_000, 3_000_000);
  expect(await collect(slice.frames(10_000))).toEqual([]);
  expect(slice.info).toMatchObject({ startUs: 1_500_000, durationUs: 1_500_000 });
  await slice.close();
});
