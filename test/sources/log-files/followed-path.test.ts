import {
  appendFile,
  copyFile,
  mkdtemp,
  rename,
  rm,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FollowedPath } from '../../../src/sources/log-files/followed-path.ts';
import { LINE_BYTES_MAX } from '../../../src/sources/log-files/log-file.ts';
import { Offsets } from '../../../src/sources/log-files/offsets.ts';
import { randomFrom } from '../../conformance/generate-frames.ts';

let folder = '';
let path = '';
const open: FollowedPath[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spikescope-follow-'));
  path = join(folder, 'app.log');
});
afterEach(async () => {
  for (const followed of open.splice(0)) await followed.close();
  await rm(folder, { recursive: true, force: true });
});

/** A reader as a process would be: what it knows is in its state folder. */
async function reader(state = 'state') {
  const followed = new FollowedPath(path, await Offsets.open(join(folder, state), path));
  open.push(followed);
  const shipped: string[] = [];
  const ids: string[] = [];
  const read = async (isLast = false): Promise<string[]> => {
    const lines: string[] = [];
    for (let batch = await followed.next(isLast); batch; batch = await followed.next(isLast)) {
      for (const line of batch.lines) {
        lines.push(line.text);
        ids.push(`${batch.source}-${line.offset}`);
      }
      await batch.done();
    }
    shipped.push(...lines);
    return lines;
  };
  return { followed, read, shipped, ids };
}

describe('a file', () => {
  it('is read line by line as it grows, and waited for until it is there', async () => {
    const { read } = await reader();
    expect(await read()).toEqual([]);
    await writeFile(path, 'one\ntw');
    expect(await read()).toEqual(['one']);
    await appendFile(path, 'o\r\n\n\nthree\nfo');
    expect(await read()).toEqual(['two', 'three']);
    expect(await read()).toEqual([]);
    expect(await read(true)).toEqual(['fo']);
  });

  it('is read on from where it was acknowledged, after a restart', async () => {
    await writeFile(path, 'one\ntwo\n');
    const first = await reader();
    await first.read();
    await appendFile(path, 'three\n');
    // Read, and not acknowledged: the process was killed.
    await first.followed.next(false);
    const second = await reader();
    expect(await second.read()).toEqual(['three']);
  });

  it('has the same ids for the same lines, even where the state is lost', async () => {
    await writeFile(path, 'one\ntwo\nthree\n');
    const first = await reader();
    await first.read();
    const second = await reader('other-state');
    await second.read();
    expect(second.ids).toEqual(first.ids);
    expect(new Set(first.ids).size).toBe(3);
  });

  it('may have lines longer than one may be: they are cut, and told', async () => {
    const { followed } = await reader();
    const long = 'x'.repeat(LINE_BYTES_MAX * 9);
    await writeFile(path, `before\n${long}`);
    expect((await followed.next(false))?.lines.map(({ text }) => text)).toEqual(['before']);
    expect(await followed.next(false)).toBeUndefined();
    await appendFile(path, `${long}\nafter\n`);
    const [line, ...more] = (await followed.next(false))?.lines ?? [];
    expect(line).toEqual({ offset: 7, text: 'x'.repeat(LINE_BYTES_MAX), isCut: true });
    expect(more).toEqual([]);
    expect((await followed.next(false))?.lines).toMatchObject([{ text: 'after', isCut: false }]);
  });
});

describe('a rotation', () => {
  it('by renaming: the old one is read to its end, then the new one', async () => {
    const { read } = await reader();
    await writeFile(path, 'one\n');
    await read();
    await appendFile(path, 'two\nlast without an end');
    await rename(path, `${path}.1`);
    await writeFile(path, 'three\n');
    expect(await read()).toEqual(['two', 'last without an end', 'three']);
  });

  it('by renaming, twice between two looks', async () => {
    const { read } = await reader();
    await writeFile(path, 'one\n');
    await read();
    await appendFile(path, 'two\n');
    await rename(path, `${path}.2`);
    await writeFile(`${path}.1`, 'three\n');
    await writeFile(path, 'four\n');
    expect(await read()).toEqual(['two', 'three', 'four']);
  });

  it('by renaming while nobody reads', async () => {
    await writeFile(path, 'one\ntwo\n');
    await (await reader()).read();
    await appendFile(path, 'three\n');
    await rename(path, `${path}-20261125`);
    await writeFile(path, 'four\n');
    const { read } = await reader();
    expect(await read()).toEqual(['three', 'four']);
    expect(await (await reader()).read()).toEqual([]);
  });

  it('by renaming, of files that all begin alike', async () => {
    const { read, ids } = await reader();
    await writeFile(path, 'header\none\n');
    await read();
    await rename(path, `${path}.1`);
    await writeFile(path, 'header\none\n');
    expect(await read()).toEqual(['header', 'one']);
    expect(new Set(ids).size).toBe(4);
  });

  it('by copying and emptying: the copy is read to its end, its lines are no others', async () => {
    const { read, ids } = await reader();
    await writeFile(path, 'header\none\n');
    await read();
    await appendFile(path, 'two\n');
    await copyFile(path, `${path}.1`);
    await truncate(path);
    expect(await read()).toEqual(['two']);
    await appendFile(path, 'header\n3\n');
    expect(await read()).toEqual(['header', '3']);
    // Nothing of the copy comes again, whatever the file is like by then.
    expect(await read()).toEqual([]);
    expect(await (await reader()).read()).toEqual([]);
    expect(new Set(ids).size).toBe(5);
  });

  it('by emptying alone, with another beginning', async () => {
    const { read } = await reader();
    await writeFile(path, 'one\n');
    await read();
    await truncate(path);
    await appendFile(path, 'a longer line than the one that was there\n');
    expect(await read()).toEqual(['a longer line than the one that was there']);
  });

  it('leaves alone what was there before it was followed, and what is no rotation', async () => {
    await writeFile(`${path}.1`, 'old\n');
    await writeFile(path, 'one\n');
    await (await reader()).read();
    await writeFile(`${path}.backup`, 'none of ours\n');
    await writeFile(`${path}.3.gz`, 'packed\n');
    await writeFile(path, 'two\nthree\n');
    const { read } = await reader();
    expect((await read()).filter((line) => /old|ours|packed/.test(line))).toEqual([]);
  });
});

/** What can happen to a file between two looks, and how often. */
type Step = 'append' | 'read' | 'rename' | 'copy' | 'restart';
const STEPS: readonly Step[] = ['append', 'append', 'append', 'read', 'read', 'rename', 'copy'];

it.each([1, 2, 3, 4, 5, 6])('loses and repeats no line, whatever happens (%i)', async (seed) => {
  const random = randomFrom(seed);
  const written: string[] = [];
  const shipped: string[] = [];
  const ids: string[] = [];
  let current = await reader();
  let rotations = 0;
  const collect = () => {
    shipped.push(...current.shipped.splice(0));
    ids.push(...current.ids.splice(0));
  };
  const makeRoom = async () => {
    // As logrotate does it: the third goes.
    await unlink(`${path}.3`).catch(() => {});
    for (const n of [2, 1]) await rename(`${path}.${n}`, `${path}.${n + 1}`).catch(() => {});
    rotations++;
  };
  for (let step = 0; step < 120; step++) {
    const what = random() < 0.1 ? 'restart' : STEPS[Math.floor(random() * STEPS.length)];
    if (what === 'append') {
      const lines = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, i) => `${step}-${i}`);
      await appendFile(path, lines.map((line) => `${line}\n`).join(''));
      written.push(...lines);
    } else if (what === 'read') {
      await current.read();
    } else if (what === 'restart') {
      collect();
      current = await reader();
    } else if (written.length > 0) {
      // One rotation at most between two looks: three would be lost with the third.
      await current.read();
      const more = `${step}-more`;
      await appendFile(path, `${more}\n`);
      written.push(more);
      await makeRoom();
      if (what === 'rename') await rename(path, `${path}.1`);
      else await copyFile(path, `${path}.1`).then(() => truncate(path));
    }
  }
  await current.read();
  collect();
  expect(rotations).toBeGreaterThan(5);
  expect(shipped.toSorted()).toEqual(written.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
});
