import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openRecording } from '../../src/recordings/open.ts';
import { outputFormat } from '../../src/recordings/recording-writers.ts';
import { collect, ownFolder, spikesAt } from './spk-files.ts';
import { readBack, writeAs } from './written-files.ts';

const FRAMES = [spikesAt(1000, [1, 2]), spikesAt(2000, []), spikesAt(3000, [4, 4, 4])];
const HEADER = { name: 'n', startUs: 1000, durationUs: 9000, layers: [] };

async function written(header = {}): Promise<string> {
  const path = join(ownFolder(), 'a.ndjson');
  await writeAs(path, FRAMES, { name: 'n', ...header });
  return path;
}

describe('a file of lines', () => {
  test('holds the JSON of the wire, behind a line on the recording', async () => {
    const lines = readFileSync(await written(HEADER), 'utf8')
      .trimEnd()
      .split('\n');
    const [about, first, ...rest] = lines.map((line) => JSON.parse(line) as object);
    expect(about).toEqual({
      recording: { version: 1, name: 'n', start_us: 1000, duration_us: 9000, layers: [] },
    });
    expect(first).toEqual({
      v: 1,
      kind: 'spikes',
      device_type: 'cpu',
      chip_id: '0',
      t0: 1000,
      span_us: 1000,
      layer_name: 'exc',
      neuron_type: 'lif',
      neuron_count: 1000,
      neuron_id: [1, 2],
      dt: [0, 1],
    });
    expect(rest).toHaveLength(2);
  });

  test('is read without that line: times and layers are those of the frames', async () => {
    const path = await written();
    const lines = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, lines.slice(1).join('\n'));
    const { info, frames } = await readBack(path);
    expect(frames).toEqual(FRAMES);
    expect(info).toMatchObject({ name: 'a.ndjson', format: 'ndjson', startUs: 1000 });
    expect(info).toMatchObject({ durationUs: 4000, layers: [{ name: 'exc', neuronCount: 1000 }] });
  });

  test('is recognised with a mark at its begin and CR LF', async () => {
    const path = await written(HEADER);
    const text = readFileSync(path, 'utf8').replaceAll('\n', '\r\n');
    writeFileSync(path, `\ufeff${text}\r\n\r\n`);
    const { info, frames, remarks } = await readBack(path);
    expect(info.durationUs).toBe(9000);
    expect(frames).toEqual(FRAMES);
    expect(remarks).toEqual([]);
  });

  test('names a bad line by its number, and reads the others', async () => {
    const path = await written(HEADER);
    const lines = readFileSync(path, 'utf8').split('\n');
    lines[2] = '{"v":1,"kind":"spikes","t0":2000';
    lines.splice(3, 0, '{"v":1,"kind":"heat","device_type":"cpu","chip_id":"0","t0":1}', '');
    writeFileSync(path, lines.join('\n'));
    const recording = await openRecording(path);
    expect(await collect(recording.frames(1000))).toEqual([FRAMES[0], FRAMES[2]]);
    const { samplesInvalid, truncated, remarks } = recording.notes;
    expect({ samplesInvalid, truncated }).toEqual({ samplesInvalid: 2, truncated: false });
    expect(remarks[0]).toMatch(/^a\.ndjson line 3 is no frame and left out: .*not JSON/);
    expect(remarks[1]).toMatch(/^a\.ndjson line 4 is no frame and left out: kind: "heat"/);
  });

  test('that is cut off gives what is there, and says so', async () => {
    const path = await written(HEADER);
    truncateSync(path, readFileSync(path).length - 10);
    const recording = await openRecording(path);
    expect(await collect(recording.frames(1000))).toEqual(FRAMES.slice(0, 2));
    expect(recording.notes.truncated).toBe(true);
    expect(recording.notes.remarks[0]).toMatch(/^a\.ndjson ends inside line 4: the file was cut/);
  });

  test('with a line of 20 MiB leaves that out', async () => {
    const path = await written(HEADER);
    appendFileSync(path, `{"v":1,"kind":"log","message":"${'x'.repeat(20 * 2 ** 20)}"}\n`);
    appendFileSync(path, readFileSync(path, 'utf8').split('\n')[1] as string);
    const { frames, remarks } = await readBack(path);
    expect(frames).toEqual([...FRAMES, FRAMES[0]]);
    expect(remarks).toHaveLength(1);
    expect(remarks[0]).toContain('line 5 is no frame and left out: line: more than 16777216 bytes');
  });

  test('of a newer version is refused', async () => {
    const path = await written(HEADER);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"version":1', '"version":2'));
    await expect(openRecording(path)).rejects.toThrow('has version 2, this program reads 1');
  });

  test('can be read while it grows', async () => {
    const path = join(ownFolder(), 'a.ndjson');
    const options = { compress: false, remark: () => {} };
    const writer = await outputFormat(path, undefined)?.create(path, { name: 'n' }, options);
    if (writer === undefined) throw new Error('no writer');
    for (const [i, frame] of FRAMES.entries()) {
      await writer.write(frame);
      await writer.flush?.();
      expect((await readBack(path)).frames).toHaveLength(i + 1);
    }
    await writer.close();
  });
});
