import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openRecording } from '../../src/recordings/open.ts';
import { collect } from './collect.ts';
import { ownFolder, spikesAt, writeSpk } from './spk-files.ts';
import { writeAs } from './written-files.ts';

/** Files of a folder; a meta.json is given as an object. */
function written(files: Readonly<Record<string, string | object>>): string {
  const folder = ownFolder();
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(
      join(folder, name),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
  }
  return folder;
}

async function read(path: string) {
  const recording = await openRecording(path);
  const { spikes } = await collect(recording, 10_000).finally(() => recording.close());
  const { remarks, ...notes } = recording.notes;
  return { spikes, notes, remarks: remarks.join('\n'), info: recording.info };
}

const LAYERS = [{ name: 'E', first_id: 0, last_id: 9 }];
const CSV = { spikes: [{ path: 'a.csv', format: 'csv' }], layers: LAYERS, duration_ms: 10 };

describe('a file that is cut off gives what is there, and says so', () => {
  test.each<[string, string, string, RegExp]>([
    ['CSV in a number', 'a.csv', 'time_ms,neuron\n1.25,1\n2.50,2\n3.7', /line 4 \("3\.7"\)/],
    ['CSV in a row', 'a.csv', 'time_ms,neuron\n1.25,1\n2.50,2\n3', /line 4 \("3"\)/],
    [
      'NEST in a number',
      'a.dat',
      '# NEST version: 3.6\n# Backend version: 2\nsender\ttime_ms\n1\t1.250\n2\t2.500\n3\t3.',
      /line 6 \("3\\t3\."\)/,
    ],
    ['gdf in a row', 'a.gdf', '1\t1.250\t\n2\t2.500\t\n3\t', /line 3 \("3\\t"\)/],
    [
      'lines of JSON',
      'a.ndjson',
      '{"time_ms":1.25,"neuron":1}\n{"time_ms":2.5,"neuron":2}\n{"ti',
      /line 3/,
    ],
  ])('%s', async (_what, name, text, place) => {
    const { spikes, notes, remarks } = await read(join(written({ [name]: text }), name));
    expect(spikes.map(([, timeUs]) => timeUs)).toEqual([1250, 2500]);
    expect(notes.truncated).toBe(true);
    expect(remarks).toContain(`${name} ends inside line`);
    expect(remarks).toMatch(place);
    expect(remarks).toContain('cut off there');
  });
});

describe('a unit that is missing or wrong', () => {
  test('is asked for where the column names none', async () => {
    const path = join(written({ 'a.csv': 'time,neuron\n1,1\n' }), 'a.csv');
    await expect(read(path)).rejects.toThrow(
      /^a\.csv: the column time has no unit\. Say it with --time-unit, name it time_ms, or give/,
    );
  });

  test('is named where meta.json gives one that does not exist', async () => {
    const meta = { ...CSV, spikes: [{ path: 'a.csv', format: 'csv', time_unit: 'fortnights' }] };
    const folder = written({ 'meta.json': meta, 'a.csv': 'time,neuron\n1,1\n' });
    await expect(read(folder)).rejects.toThrow(
      /meta\.json: the "time_unit" of a\.csv is "fortnights"; it should be ns, us, ms or s/,
    );
  });

  test('shows as samples outside the time, with the first of them', async () => {
    // Microseconds under the name of milliseconds: all but the first lie behind 10 ms.
    const folder = written({ 'meta.json': CSV, 'a.csv': 'time_ms,neuron\n5,1\n5000,2\n7500,3\n' });
    const { spikes, notes, remarks } = await read(folder);
    expect(spikes).toEqual([['E', 5000, 1]]);
    expect(notes.samplesOutside).toBe(2);
    expect(remarks).toMatch(
      /^a\.csv: 2 samples lie outside the recording's time .*first at 5000000 µs, of 0 to 10000 µs/,
    );
    expect(remarks).toContain('check the unit of the times, and duration_ms');
  });

  test('makes times that no recording has, which is refused', async () => {
    const text = 'time_s,neuron\n1,1\n900000000,2\n';
    await expect(read(join(written({ 'a.csv': text }), 'a.csv'))).rejects.toThrow(
      /a\.csv: 900000000 s of 1 layers would be .* check the unit of its times and duration_ms/,
    );
  });
});

test('times that are not sorted are merged in a sort, and that is said', async () => {
  const count = 250_000;
  const rows = Array.from({ length: count }, (_, i) => `${(i * 7919) % count},${i % 10}\n`);
  const path = join(written({ 'a.csv': `time_us,neuron\n${rows.join('')}` }), 'a.csv');
  const { spikes, remarks } = await read(path);
  expect(spikes.map(([, timeUs]) => timeUs)).toEqual(Array.from({ length: count }, (_, i) => i));
  expect(remarks).toContain('a.csv is not in the order of time: it was sorted in');
});

test('ids outside the population are counted and left out, the first is named', async () => {
  const rows = '1,E,3\n2,E,10\n3,X,0\n4,E,9\n5,E,11\n';
  const folder = written({ 'meta.json': CSV, 'a.csv': `time_ms,layer,neuron\n${rows}` });
  const { spikes, notes, remarks } = await read(folder);
  expect(spikes.map(([, , neuron]) => neuron)).toEqual([3, 9]);
  expect(notes).toMatchObject({ samplesOutside: 3, samplesInvalid: 0 });
  expect(remarks).toMatch(
    /a\.csv: 3 samples of neurons in no layer .* \(the first: layer "E", id 10\)/,
  );
  expect(remarks).toContain('check first_id and last_id of the layers in meta.json');
});

test('rows that are none are counted, and the first is shown with its line', async () => {
  const text = 'time_ms,neuron\n1,1\nabc,2\n2,two\n3,3\n';
  const { spikes, notes, remarks } = await read(join(written({ 'a.csv': text }), 'a.csv'));
  expect(spikes.map(([, timeUs]) => timeUs)).toEqual([1000, 3000]);
  expect(notes.samplesInvalid).toBe(2);
  expect(remarks).toContain(
    'a.csv: 2 lines are no samples and left out; the first is line 3: "abc,2"',
  );
});

describe('line endings', () => {
  test.each([
    ['mixed', 'time_ms,neuron\r\n1,1\n2,2\r3,3\r\n4,4\n'],
    ['of old Macs', 'time_ms,neuron\r1,1\r2,2\r3,3\r4,4\r'],
    ['of Windows, the last missing', 'time_ms,neuron\r\n1,1\r\n2,2\r\n3,3\r\n4,4'],
    ['with blank lines', '\n\ntime_ms,neuron\n\n1,1\n2,2\n\n\n3,3\n4,4\n\n'],
  ])('%s lose nothing', async (_what, text) => {
    const { spikes, notes } = await read(join(written({ 'a.csv': text }), 'a.csv'));
    expect(spikes.map(([, timeUs, id]) => [timeUs, id])).toEqual(
      [1, 2, 3, 4].map((i) => [i * 1000, i]),
    );
    expect(notes).toEqual({ samplesOutside: 0, samplesInvalid: 0, truncated: false });
  });
});

describe('decimal commas', () => {
  test('are read where columns are parted by semicolons or blanks', async () => {
    for (const text of ['time_ms;neuron\n1,25;1\n2,5;2\n', 'time_ms neuron\n1,25 1\n2,5 2\n']) {
      const { spikes } = await read(join(written({ 'a.csv': text }), 'a.csv'));
      expect(spikes.map(([, timeUs]) => timeUs)).toEqual([1250, 2500]);
    }
  });

  test('between commas are refused, with the line and what to do', async () => {
    const path = join(written({ 'a.csv': 'time_ms,neuron\n1,25,1\n2,5,2\n' }), 'a.csv');
    await expect(read(path)).rejects.toThrow(
      'a.csv line 2: 3 values (1,25,1) where the header names 2 columns. With decimal commas, \
write it with decimal points instead, or with ; between columns.',
    );
  });
});

describe('an empty file', () => {
  test('alone is refused', async () => {
    await expect(read(join(written({ 'a.csv': '' }), 'a.csv'))).rejects.toThrow(
      'a.csv is empty (0 bytes): nothing was recorded, or its copy failed.',
    );
  });

  test('of a meta.json is read as silence, and said', async () => {
    const { spikes, remarks, info } = await read(written({ 'meta.json': CSV, 'a.csv': '' }));
    expect(spikes).toEqual([]);
    expect(remarks).toContain('a.csv is empty (0 bytes): it is read as holding no samples.');
    expect(info).toMatchObject({ format: 'meta.json' });
  });

  test('with nothing but a header holds no samples', async () => {
    const { spikes, remarks } = await read(join(written({ 'a.csv': 'time_ms,neuron\n' }), 'a.csv'));
    expect(spikes).toEqual([]);
    expect(remarks).toContain('a.csv holds no samples.');
  });
});

describe('a folder of two recordings', () => {
  test('names them, to choose from', async () => {
    const folder = ownFolder();
    await writeSpk(join(folder, 'monday.spk'), [spikesAt(0, [1])]);
    await writeAs(join(folder, 'tuesday.ndjson'), [spikesAt(0, [1])]);
    await expect(read(folder)).rejects.toThrow(
      /holds 2 recordings \(monday\.spk, tuesday\.ndjson\): name one of them\./,
    );
    await writeAs(join(folder, 'wednesday.csv'), [spikesAt(0, [1])]);
    await expect(read(folder)).rejects.toThrow(/holds 3 recordings \(.*wednesday\.csv\)/);
  });

  test('does not mix a recording with the samples beside it', async () => {
    const folder = written({ 'a.csv': 'time_ms,neuron\n1,1\n', 'notes.txt': 'all went well' });
    await writeSpk(join(folder, 'a.spk'), [spikesAt(0, [1])]);
    await expect(read(folder)).rejects.toThrow(/holds 2 recordings \(a\.spk, a\.csv\)/);
  });

  test('of which one is whole and the rest no samples opens that', async () => {
    const folder = written({ 'notes.txt': 'all went well' });
    await writeSpk(join(folder, 'a.spk'), [spikesAt(0, [1])]);
    expect((await read(folder)).info.format).toBe('spk');
  });

  test('each in a folder of its own says to name one', async () => {
    const folder = ownFolder();
    for (const name of ['run1', 'run2']) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'a.csv'), 'time_ms,neuron\n1,1\n');
    }
    await expect(read(folder)).rejects.toThrow(
      /has no meta\.json and no file .* \(it holds run1, run2\)\. Name a folder in it/,
    );
  });

  test('as tables alike, which may be the parts of one, are read so and it is said', async () => {
    const folder = written({
      'a-0.gdf': '1\t1.0\t\n2\t3.0\t\n',
      'a-1.gdf': '3\t2.0\t\n1\t4.0\t\n',
    });
    const { spikes, remarks } = await read(folder);
    expect(spikes.map(([, timeUs, id]) => [timeUs, id])).toEqual([
      [1000, 0],
      [2000, 2],
      [3000, 1],
      [4000, 0],
    ]);
    expect(remarks).toContain('Read as parts of one recording: a-0.gdf, a-1.gdf. Where they are');
  });
});

describe('one time a line', () => {
  test('is read where the first line names the unit', async () => {
    const text = '# electrode 3\ntime_ms\n1.5\n2.25\n';
    const { spikes, info } = await read(join(written({ 'a.txt': text }), 'a.txt'));
    expect(spikes).toEqual([
      ['neurons', 1500, 0],
      ['neurons', 2250, 0],
    ]);
    expect(info.format).toBe('text-times');
  });

  test('is read where meta.json says so', async () => {
    const meta = {
      layers: [{ name: 'receptor', n: 1 }],
      duration_ms: 10,
      spikes: [{ path: 'a.txt', format: 'text-times', time_unit: 'us' }],
    };
    const { spikes, remarks } = await read(written({ 'meta.json': meta, 'a.txt': '1500\n2250\n' }));
    expect(spikes.map(([layer, timeUs]) => [layer, timeUs])).toEqual([
      ['receptor', 1500],
      ['receptor', 2250],
    ]);
    expect(remarks).toBe('');
  });

  test('without a unit asks for one', async () => {
    const path = join(written({ 'a.txt': '1.5\n2.25\n' }), 'a.txt');
    await expect(read(path)).rejects.toThrow(
      /^a\.txt holds one number a line .* write time_ms \(or time_us, time_s\) as its first line/,
    );
  });
});

describe('lines of JSON that are spikes', () => {
  test('are read by the names of their keys', async () => {
    const lines = [
      { time_ms: 1.5, neuron: 3, layer: 'E' },
      { layer: 'I', time_ms: 1, neuron: 0, note: 'late' },
      { time_ms: 2.25, neuron: 0, layer: 'E' },
    ];
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    const { spikes, info } = await read(join(written({ 'a.jsonl': text }), 'a.jsonl'));
    expect(spikes.toSorted((a, b) => a[1] - b[1])).toEqual([
      ['I', 1000, 0],
      ['E', 1500, 3],
      ['E', 2250, 0],
    ]);
    expect(info).toMatchObject({ format: 'ndjson', durationUs: 2250 });
  });

  test('name the line that is none', async () => {
    const text = '{"time_us":1,"id":1}\n{"time_us":"2","id":1}\n\n{"time_us":3,"id":-1}\n';
    const { spikes, notes, remarks } = await read(join(written({ 'a.jsonl': text }), 'a.jsonl'));
    expect(spikes).toHaveLength(1);
    expect(notes.samplesInvalid).toBe(2);
    expect(remarks).toContain('a.jsonl line 2 is no spike and left out: "{\\"time_us\\":\\"2\\"');
    expect(remarks).toContain('a.jsonl line 4 is no spike');
  });
});
