import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  CheckpointError,
  checkCheckpoint,
  encodeCheckpoint,
  readCheckpoint,
  stateHash,
} from '../../src/topology/checkpoint-file.ts';
import { checkpointContent, testFolder } from './checkpoint-content.ts';

async function encoded(content = checkpointContent()): Promise<Buffer> {
  return Buffer.concat(await encodeCheckpoint(content, async () => {}));
}

/** Writes bytes as a checkpoint; gives its path. */
function written(bytes: Uint8Array): string {
  const path = join(testFolder(), 'checkpoint-1.spkc');
  writeFileSync(path, bytes);
  return path;
}

/** Why it is refused, by both who read it; they agree. */
async function refusal(path: string): Promise<string> {
  const failed = async (reading: Promise<unknown>) => {
    const error = await reading.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(CheckpointError);
    return (error as Error).message;
  };
  const [read, checked] = [await failed(readCheckpoint(path)), await failed(checkCheckpoint(path))];
  expect(checked).toBe(read);
  expect(read.startsWith(`${path}: `)).toBe(true);
  return read.slice(path.length + 2);
}

/** The same checkpoint with a header that says something else, its checksum right. */
function withHeader(bytes: Buffer, change: (header: Record<string, unknown>) => object): Buffer {
  const length = bytes.readUInt32LE(8);
  const header = JSON.parse(bytes.toString('utf8', 16, 16 + length)) as Record<string, unknown>;
  const text = Buffer.from(JSON.stringify(change(header)));
  const head = Buffer.from(bytes.subarray(0, 16));
  head.writeUInt32LE(text.length, 8);
  head.writeUInt32LE(crc32(text), 12);
  return Buffer.concat([head, text, bytes.subarray(16 + length)]);
}

describe('a checkpoint file', () => {
  it('gives back all of it, of every type that a state may have', async () => {
    const path = written(await encoded());
    expect(await readCheckpoint(path)).toEqual(checkpointContent());
    const { states: _states, metrics: _metrics, ...header } = checkpointContent();
    expect(await checkCheckpoint(path)).toEqual(header);
  });

  it('may be without any state', async () => {
    const empty = { ...checkpointContent(), states: {}, metrics: {} };
    expect(await readCheckpoint(written(await encoded(empty)))).toEqual(empty);
  });

  it('is refused wherever it is cut off', async () => {
    const bytes = await encoded();
    const path = written(bytes);
    for (let left = 0; left < bytes.length; left++) {
      writeFileSync(path, bytes.subarray(0, left));
      expect([left, await refusal(path)]).toEqual([left, 'is cut off']);
    }
  });

  it('is refused whichever of its bytes has changed', async () => {
    const bytes = await encoded();
    const path = written(bytes);
    const reasons = new Set<string>();
    for (let at = 0; at < bytes.length; at++) {
      const torn = Buffer.from(bytes);
      torn[at] = (torn[at] as number) ^ (1 + (at % 255));
      writeFileSync(path, torn);
      reasons.add((await refusal(path)).replace(/\d+/g, 'N'));
    }
    expect([...reasons].sort()).toEqual([
      'is cut off',
      'is no checkpoint of this version of Spikescope',
      "its header can't have N bytes",
      'the checksum of its header is wrong',
      'the checksum of metrics neuromorphic_energy_joules_total is wrong',
      'the checksum of states power/energy is wrong',
      'the checksum of states power/nothing is wrong',
      'the checksum of states power/plain is wrong',
    ]);
  });

  it('is refused with zeros at its end, and with more than its own', async () => {
    const bytes = await encoded();
    const zeroed = Buffer.from(bytes).fill(0, bytes.length - 9);
    expect(await refusal(written(zeroed))).toMatch(/^the checksum of metrics .* is wrong$/);
    const longer = Buffer.concat([bytes, Buffer.alloc(1)]);
    expect(await refusal(written(longer))).toBe('has bytes after its end');
  });

  it('of another version is refused, and says which', async () => {
    const foreign = withHeader(await encoded(), (header) => ({ ...header, version: 2 }));
    expect(await refusal(written(foreign))).toBe('has version 2, this program reads 1');
    const next = await encoded();
    next.write('SPKCKPT2', 0, 'latin1');
    expect(await refusal(written(next))).toMatch(/^is no checkpoint of this version/);
  });

  it('of another program, a folder or nothing at all is refused', async () => {
    const folder = testFolder();
    expect(await refusal(folder)).toMatch(/^can't be read: .*EISDIR/);
    expect(await refusal(join(folder, 'none'))).toMatch(/^can't be opened: .*ENOENT/);
    const text = written(Buffer.from('{"version":1,"sequence":12}\n'));
    expect(await refusal(text)).toMatch(/^is no checkpoint/);
    expect(readFileSync(text, 'utf8')).toContain('"sequence":12');
  });

  it('is written in turns of a quarter of a megabyte', async () => {
    const states = Object.fromEntries(
      Array.from({ length: 8 }, (_, i) => [`a/${i}`, new Uint8Array(130 * 1024)]),
    );
    let turns = 0;
    await encodeCheckpoint({ ...checkpointContent(), states }, async () => {
      turns++;
    });
    expect(turns).toBe(4);
  });
});

it('the hash of a state tells its options and its form apart', () => {
  expect(stateHash({ window: 1 }, 1)).toBe(stateHash({ window: 1 }, 1));
  const others = [stateHash({ window: 2 }, 1), stateHash({ window: 1 }, 2), stateHash(undefined)];
  expect(new Set([...others, stateHash({ window: 1 }, 1)]).size).toBe(4);
});
