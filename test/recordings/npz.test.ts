import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openRecording } from '../../src/recordings/open.ts';
import { collect } from './collect.ts';
import { f64, i64, npy, type ZipOptions, zip } from './npz-files.ts';
import { ownFolder } from './spk-files.ts';

const SPIKES = { 'E_t.npy': f64([0.001, 0.0025, 0.004]), 'E_i.npy': i64([3, 0, 7]) };

/** Writes an archive, with a meta.json where one is given; gives what to open. */
function written(archive: Buffer, meta?: object): string {
  const folder = ownFolder();
  writeFileSync(join(folder, 'a.npz'), archive);
  if (meta === undefined) return join(folder, 'a.npz');
  writeFileSync(join(folder, 'meta.json'), JSON.stringify(meta));
  return folder;
}

async function read(path: string) {
  const recording = await openRecording(path);
  const { spikes, membrane, units } = await collect(recording, 100_000);
  return { info: recording.info, notes: recording.notes, spikes, membrane, units };
}

describe('spikes in arrays', () => {
  test.each<[string, ZipOptions]>([
    ['stored', {}],
    ['deflated', { deflated: true }],
    ['with 64-bit sizes', { zip64: true, deflated: true }],
    ['with sizes behind the data', { streamed: true, deflated: true }],
    ['with a comment', { comment: 'made by hand, PK\x05\x06 and all' }],
  ])('are read %s', async (_how, options) => {
    const { spikes, info, notes } = await read(written(zip(SPIKES, options)));
    expect(spikes).toEqual([
      ['E', 1000, 3],
      ['E', 2500, 0],
      ['E', 4000, 7],
    ]);
    expect(info).toMatchObject({ format: 'npz', layers: [{ name: 'E', neuronCount: 8 }] });
    expect({ ...notes, remarks: notes.remarks.length }).toMatchObject({
      truncated: false,
      samplesInvalid: 0,
      remarks: 1,
    });
  });

  test.each<[string, string, Buffer]>([
    ['i1', '|i1', Buffer.from([3, 0, 7])],
    ['u1', '|u1', Buffer.from([3, 0, 7])],
    ['i2', '<i2', Buffer.from(Int16Array.of(3, 0, 7).buffer)],
    ['i4', '<i4', Buffer.from(Int32Array.of(3, 0, 7).buffer)],
    ['i4, big-endian', '>i4', Buffer.from('000000030000000000000007', 'hex')],
    ['u8, big-endian', '>u8', Buffer.from(`${'0'.repeat(15)}3${'0'.repeat(31)}7`, 'hex')],
    ['f4', '<f4', Buffer.from(Float32Array.of(3, 0, 7).buffer)],
  ])('have ids of any number type: %s', async (_name, descr, data) => {
    const files = { ...SPIKES, 'E_i.npy': npy(descr, [3], data) };
    const { spikes } = await read(written(zip(files)));
    expect(spikes.map(([, , neuron]) => neuron)).toEqual([3, 0, 7]);
  });

  test('of several layers come in the order of time', async () => {
    const files = {
      ...SPIKES,
      'I_t.npy': f64([0.002, 0.003]),
      'I_i.npy': i64([1, 1]),
      'notes.npy': f64([1]),
    };
    const { spikes } = await read(written(zip(files)));
    const byTime = [...spikes].sort((a, b) => a[1] - b[1]).map(([layer]) => layer);
    expect(byTime).toEqual(['E', 'I', 'E', 'I', 'E']);
  });

  test('of NEST are in ms, their ids global', async () => {
    const files = { 'E_times.npy': f64([1.5, 2]), 'E_senders.npy': i64([101, 103]) };
    const { spikes, info } = await read(written(zip(files)));
    expect(spikes).toEqual([
      ['E', 1500, 0],
      ['E', 2000, 2],
    ]);
    expect(info.layers).toMatchObject([{ neuronCount: 3 }]);
  });

  test('without a layer and with the unit in the name', async () => {
    const files = { 'times_us.npy': f64([15, 20]), 'senders.npy': i64([4, 5]) };
    const meta = {
      duration_ms: 1,
      layers: [{ name: 'L', first_id: 4, last_id: 9 }],
      spikes: [{ path: 'a.npz', format: 'npz' }],
    };
    const { spikes } = await read(written(zip(files), meta));
    expect(spikes).toEqual([
      ['L', 15, 0],
      ['L', 20, 1],
    ]);
  });

  test('that are not sorted are, as far back as it takes', async () => {
    const count = 300_000;
    const times = Array.from({ length: count }, (_, i) => ((i * 7919) % count) / 1e6);
    const ids = Array.from({ length: count }, (_, i) => i % 50);
    const { spikes, notes } = await read(
      written(zip({ 'E_t.npy': f64(times), 'E_i.npy': i64(ids) }, { deflated: true })),
    );
    expect(spikes).toHaveLength(count);
    expect(spikes.every((spike, i) => i === 0 || spike[1] >= (spikes[i - 1]?.[1] ?? 0))).toBe(true);
    expect(notes.remarks.join()).toMatch(/a\.npz.*sorted/);
  });

  test('that are none are counted', async () => {
    const files = {
      'E_t.npy': f64([0.001, Number.NaN, 0.002, Number.POSITIVE_INFINITY, 0.003]),
      'E_i.npy': f64([1, 1, 1.5, 1, 2]),
    };
    const { spikes, notes } = await read(written(zip(files)));
    expect(spikes.map(([, timeUs]) => timeUs)).toEqual([1000, 3000]);
    expect(notes.samplesInvalid).toBe(3);
    expect(notes.remarks.join()).toContain('a.npz: 3 spikes have an id that is no whole number');
  });
});

describe('potentials in a matrix', () => {
  const axes = {
    't_ms.npy': f64([0, 1, 2]),
    'layer.npy': npy('<U2', [2], Buffer.from(Uint32Array.of(69, 0, 73, 49).buffer)),
    'neuron.npy': i64([5, 0]),
  };

  /** [neuron][time], as each layout of memory has it. */
  const rows = [
    [-60, -61, -62],
    [-50, -51, -52],
  ];
  const byTime = [-60, -50, -61, -51, -62, -52];

  test.each<[string, Buffer]>([
    ['(neurons, times)', f64(rows.flat(), [2, 3])],
    ['(neurons, times), Fortran', f64(byTime, [2, 3], true)],
    ['(times, neurons)', f64(byTime, [3, 2])],
    ['(times, neurons), Fortran', f64(rows.flat(), [3, 2], true)],
  ])('are read from %s', async (_shape, values) => {
    const { membrane, units } = await read(written(zip({ ...axes, 'v_mV.npy': values })));
    expect(Object.fromEntries(membrane)).toEqual({
      E: [0, 1, 2].map((t) => [t * 1000, 5, rows[0]?.[t]]),
      I1: [0, 1, 2].map((t) => [t * 1000, 0, rows[1]?.[t]]),
    });
    expect([...units]).toEqual(['mV']);
  });

  test('without names are neurons from 0 of one layer', async () => {
    const files = { 't_ms.npy': f64([0, 1, 2]), 'v.npy': f64(rows.flat(), [2, 3]) };
    const { membrane } = await read(written(zip(files)));
    expect([...membrane.keys()]).toEqual(['neurons']);
    expect(membrane.get('neurons')?.map(([, neuron]) => neuron)).toEqual([0, 1, 0, 1, 0, 1]);
  });

  test('whose shape fits no axis are refused', async () => {
    const path = written(zip({ ...axes, 'v_mV.npy': f64([1, 2, 3, 4, 5], [5, 1]) }));
    await expect(read(path)).rejects.toThrow(/a\.npz: v_mV\.npy: its shape \(5, 1\) does not fit/);
  });
});

describe('an archive that is not whole', () => {
  test('gives what stands before the cut, and says so', async () => {
    const path = join(ownFolder(), 'a.npz');
    writeFileSync(path, readFileSync('fixtures/recordings/brian2-cuba-npz/spikes.npz'));
    const whole = (await read(path)).spikes;
    truncateSync(path, 68_000);
    const { spikes, notes } = await read(path);
    expect(notes.truncated).toBe(true);
    expect(notes.remarks.join('\n')).toMatch(/a\.npz lacks its directory: the file was cut off/);
    const excitatory = whole.filter(([layer]) => layer === 'E');
    expect(spikes.length).toBeGreaterThan(1000);
    expect(spikes).toEqual(excitatory.slice(0, spikes.length));
  });

  test('with a wrong checksum says which file not to trust', async () => {
    const archive = zip(SPIKES);
    const at = archive.indexOf(Buffer.from(Float64Array.of(0.0025).buffer));
    archive[at] = (archive[at] as number) ^ 1;
    const { notes } = await read(written(archive));
    expect(notes.remarks.join()).toContain('a.npz: 1 of its arrays are damaged (their checksum');
    expect(notes.samplesInvalid).toBe(1);
  });
});

describe('what cannot be read says why', () => {
  const meta = (format = 'npz') => ({
    layers: [{ name: 'E', n: 10 }],
    spikes: [{ path: 'a.npz', format }],
  });

  test.each<[string, Buffer, RegExp]>([
    [
      'objects',
      zip({ ...SPIKES, 'E_i.npy': npy('|O', [3], Buffer.alloc(8)) }),
      /a\.npz: E_i\.npy: is no array of plain numbers.*its type reads '\|O'/s,
    ],
    [
      'complex numbers',
      zip({ ...SPIKES, 'E_t.npy': npy('<c16', [1], Buffer.alloc(16)) }),
      /a\.npz: E_t\.npy: values of type <c16 are not read; save it with \.astype/,
    ],
    ['another packing', zip(SPIKES, { method: 14 }), /packed by method 14 of zip/],
    [
      'other arrays',
      zip({ 'w.npy': f64([1]) }),
      /no spikes among its arrays \(w\)\. Name them E_t/,
    ],
    ['no archive', Buffer.from('PK, but not really'), /is no zip archive/],
    [
      'one id too few',
      zip({ ...SPIKES, 'E_i.npy': i64([1, 2]) }),
      /a\.npz: E_t has 3 values and E_i 2; a spike needs one of each/,
    ],
    [
      'no unit',
      zip({ 'E_times.npy': f64([1]), 'E_ids.npy': i64([1]) }),
      /the array E_times has no unit\. Name it E_times_ms/,
    ],
  ])('%s', async (_what, archive, message) => {
    await expect(read(written(archive, meta()))).rejects.toThrow(message);
  });
});
