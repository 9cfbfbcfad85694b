import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CheckpointError } from '../../src/topology/checkpoint-file.ts';
import { CheckpointFolder } from '../../src/topology/checkpoint-folder.ts';
import { checkpointContent, testFolder } from './checkpoint-content.ts';

/** A folder with that many checkpoints written to it, of the sequences 1 to `count`. */
async function folderWith(count: number): Promise<{ path: string; folder: CheckpointFolder }> {
  const path = join(testFolder(), 'state', 'checkpoints');
  const folder = new CheckpointFolder(path);
  for (let sequence = 1; sequence <= count; sequence++) {
    await folder.write(checkpointContent(sequence));
  }
  return { path, folder };
}

const generations = async (folder: CheckpointFolder): Promise<number[]> => {
  return (await folder.entries()).map(({ generation }) => generation);
};

it('that is not there has no checkpoint, and is made at the first for its owner', async () => {
  const { path, folder } = await folderWith(0);
  expect(await folder.newest()).toEqual({ content: undefined, refused: [] });
  expect(await folder.checked()).toEqual([]);
  expect(existsSync(path)).toBe(false);
  const bytes = await folder.write(checkpointContent());
  expect((await folder.newest()).content).toEqual(checkpointContent());
  expect(statSync(path).mode & 0o777).toBe(0o700);
  const file = join(path, 'checkpoint-1.spkc');
  expect(statSync(file)).toMatchObject({ size: bytes });
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it('keeps two generations, the newest first, by number and not by text', async () => {
  const { path, folder } = await folderWith(11);
  expect(await generations(folder)).toEqual([11, 10]);
  expect(readdirSync(path).sort()).toEqual(['checkpoint-10.spkc', 'checkpoint-11.spkc']);
  expect((await folder.newest()).content?.sequence).toBe(11);
});

it('gives the older one where the newest is torn, and says why', async () => {
  const { path, folder } = await folderWith(3);
  const torn = join(path, 'checkpoint-3.spkc');
  truncateSync(torn, 100);
  const { content, refused } = await folder.newest();
  expect(content).toEqual(checkpointContent(2));
  expect(refused).toEqual([{ path: torn, reason: `${torn}: is cut off` }]);
  const [newest, older] = await folder.checked();
  expect(newest).toMatchObject({ generation: 3, bytes: 100 });
  expect(newest?.header).toEqual(new CheckpointError(`${torn}: is cut off`));
  expect(older?.header).toMatchObject({ sequence: 2 });

  await folder.setAside(refused);
  expect(await generations(folder)).toEqual([2]);
  expect(await folder.refused()).toBe(join(path, 'checkpoint.refused'));
  // The older one stays until there are two again that were written after it.
  await folder.write(checkpointContent(30));
  expect((await folder.checked()).map(({ header }) => header)).toMatchObject([
    { sequence: 30 },
    { sequence: 2 },
  ]);
});

it('gives none where all are torn, and goes on from there', async () => {
  const { path, folder } = await folderWith(2);
  for (const name of readdirSync(path)) writeFileSync(join(path, name), 'torn');
  const { content, refused } = await folder.newest();
  expect(content).toBeUndefined();
  expect(refused.map(({ path: each }) => each)).toEqual(
    [2, 1].map((each) => join(path, `checkpoint-${each}.spkc`)),
  );
  await folder.setAside(refused);
  expect(await generations(folder)).toEqual([]);
  await folder.write(checkpointContent(5));
  expect((await folder.newest()).content?.sequence).toBe(5);
});

it('takes no file for a checkpoint that is none by its name, or not finished', async () => {
  const { path, folder } = await folderWith(1);
  for (const name of ['checkpoint.unfinished', 'checkpoint-x.spkc', 'checkpoint-9.spkc.old']) {
    writeFileSync(join(path, name), 'torn');
  }
  expect(await generations(folder)).toEqual([1]);
  await folder.write(checkpointContent(2));
  expect(existsSync(join(path, 'checkpoint.unfinished'))).toBe(false);
  expect((await folder.newest()).content?.sequence).toBe(2);
});

it('keeps what there is where the disk has no room for another', async () => {
  const { path, folder } = await folderWith(2);
  const before = readFileSync(join(path, 'checkpoint-2.spkc'));
  // Whatever is written there is answered as by a disk that is full.
  symlinkSync('/dev/full', join(path, 'checkpoint.unfinished'));
  await expect(folder.write(checkpointContent(3))).rejects.toThrow(/ENOSPC/);
  expect(await generations(folder)).toEqual([2, 1]);
  expect(readFileSync(join(path, 'checkpoint-2.spkc'))).toEqual(before);
  await folder.write(checkpointContent(4));
  expect((await folder.newest()).content?.sequence).toBe(4);
});

const FOLDER = join(import.meta.dirname, '../../src/topology/checkpoint-folder.ts');
const CONTENT = join(import.meta.dirname, 'checkpoint-bytes.ts');

it('keeps what there is where a write came to an end in the middle', async () => {
  const { path, folder } = await folderWith(1);
  const program = `
    const { CheckpointFolder } = await import(${JSON.stringify(FOLDER)});
    const { largeContent } = await import(${JSON.stringify(CONTENT)});
    await new CheckpointFolder(${JSON.stringify(path)}).write(largeContent(2));`;
  // In blocks of 1 KiB: no file of the process may be longer.
  const limited = spawn(
    'bash',
    ['-c', 'ulimit -f 512 && exec "$0" --input-type=module -e "$1"', process.execPath, program],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  limited.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = await once(limited, 'close');
  expect(said).toMatch(/524288 of \d+ bytes written|EFBIG/);
  expect(code).toBe(1);
  expect(await generations(folder)).toEqual([1]);
  expect((await folder.newest()).refused).toEqual([]);
});

it('has a whole checkpoint, the last told of or a later one, after each kill', async () => {
  const { path, folder } = await folderWith(1);
  const program = `
    const { CheckpointFolder } = await import(${JSON.stringify(FOLDER)});
    const { largeContent } = await import(${JSON.stringify(CONTENT)});
    const folder = new CheckpointFolder(${JSON.stringify(path)});
    for (let sequence = Number(process.argv[1]); ; sequence++) {
      await folder.write(largeContent(sequence));
      process.stdout.write(sequence + '\\n');
    }`;
  let told = 1;
  for (let kill = 0; kill < 6; kill++) {
    const args = ['--input-type=module', '-e', program, String(told + 1)];
    const writer = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    // Killed at another point of its next writing each time.
    const after = told + 2 + kill;
    writer.stdout.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.trim().split('\n')) told = Math.max(told, Number(line));
      if (told >= after) setTimeout(() => writer.kill('SIGKILL'), kill);
    });
    await once(writer, 'close');
    const { content, refused } = await folder.newest();
    expect(refused).toEqual([]);
    expect(content?.sequence).toBeGreaterThanOrEqual(told);
    expect((await generations(folder)).length).toBeGreaterThanOrEqual(2);
    told = content?.sequence as number;
  }
});
