import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openRecording } from '../../src/recordings/open.ts';
import { RecordingError } from '../../src/recordings/recording-error.ts';
import { SonataWriter } from '../../src/recordings/sonata-write.ts';
import { collect } from './collect.ts';

const HDF5 = 'fixtures/hdf5';
const folder = mkdtempSync(join(tmpdir(), 'spikescope-hdf5-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Reads bytes as a file of the name; gives the error, where there is one. */
async function failure(name: string, bytes: Uint8Array): Promise<unknown> {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  try {
    await collect(await openRecording(path), 100_000);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('an HDF5 file that is cut off', () => {
  it.each(['brian2-cuba.sonata.h5', 'nest-layered.nwb', 'by-id-packed.sonata.h5'])(
    '%s: names the file and both sizes, wherever the cut is',
    async (name) => {
      const bytes = readFileSync(join(HDF5, name));
      for (const part of [0.001, 0.1, 0.5, 0.99]) {
        const length = Math.floor(bytes.length * part);
        const error = await failure(`cut-${name}`, bytes.subarray(0, length));
        expect(error).toMatchObject({ name: 'RecordingError', code: 'damaged' });
        expect((error as Error).message).toContain(
          `cut-${name}: is cut off: it has ${length} bytes where its HDF5 header says ` +
            `${bytes.length}.`,
        );
      }
    },
  );

  it('finds the header behind other bytes', async () => {
    const bytes = readFileSync(join(HDF5, 'big-endian.sonata.h5'));
    const error = await failure('cut-block.h5', bytes.subarray(0, bytes.length - 1));
    expect((error as Error).message).toContain(`header says ${bytes.length}`);
  });

  it('says so even of a header that is not whole', async () => {
    const bytes = readFileSync(join(HDF5, 'nest-layered.nwb')).subarray(0, 20);
    expect(await failure('cut-header.nwb', bytes)).toMatchObject({ code: 'damaged' });
  });

  it('says of a file that was never closed that it was not', async () => {
    const path = join(folder, 'open.h5');
    const layer = { name: 'a', neuronType: 'lif', neuronCount: 3, deviceType: 'cpu', chipId: '0' };
    const writer = await SonataWriter.create(path, { layers: [layer] });
    const error = await openRecording(path).catch((cause: unknown) => cause);
    await writer.close();
    expect(error).toMatchObject({ code: 'damaged' });
    expect((error as Error).message).toContain('open.h5: was never closed');
    expect((await openRecording(path)).info.layers).toEqual([layer]);
  });
});

describe('an HDF5 file with something wrong within', () => {
  const packed = readFileSync(join(HDF5, 'by-id-packed.sonata.h5'));

  it('is an error that names the dataset where a packed chunk is damaged', async () => {
    // Packed data is what most of the file is; its checksums find any change.
    const bytes = Uint8Array.from(packed);
    bytes.fill(0x55, 20_000, 40_000);
    const error = await failure('chunk.h5', bytes);
    expect(error).toMatchObject({ name: 'RecordingError', code: 'damaged' });
    expect((error as Error).message).toMatch(/^chunk\.h5: \/spikes\/L\d\/\w+ cannot be read: /);
  });

  it('fails with nothing but a RecordingError, wherever bytes are wrong', async () => {
    const source = readFileSync(join(HDF5, 'report.sonata.h5'));
    const errors: unknown[] = [];
    // The first kilobytes are structures, which the library follows.
    for (let i = 0; i < 40; i++) {
      const bytes = Uint8Array.from(source);
      bytes.fill(0xff, 96 + i * 151, 96 + i * 151 + 24);
      errors.push(await failure('wrong.h5', bytes));
    }
    const failed = errors.filter((error) => error !== undefined);
    expect(failed.length).toBeGreaterThan(5);
    expect(failed.filter((error) => !(error instanceof RecordingError))).toEqual([]);
  });

  it('is said to be neither SONATA nor NWB where it is another kind of HDF5', async () => {
    // Names in HDF5's older structures are plain text.
    const text = packed.toString('latin1').replaceAll('spikes', 'matrix');
    const error = await failure('other.h5', Buffer.from(text, 'latin1'));
    expect(error).toMatchObject({ code: 'unrecognised' });
    expect((error as Error).message).toContain('it holds matrix');
  });
});
