import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Analyzer } from '../../src/analysis/analyzer.ts';
import { Pictures } from '../../src/analysis/pictures/pictures.ts';
import type { Analysis } from '../../src/analysis/result.ts';
import { openRecording } from '../../src/recordings/open.ts';
import { REPORT_BYTES_MAX, recordingReport } from '../../src/report/recording/recording-report.ts';
import type { ReportInput } from '../../src/report/recording/report-input.ts';
import { infoOf, spikesFrame } from '../analysis/spikes-frame.ts';

const FOLDERS = ['fixtures/demo', 'fixtures/recordings'].flatMap((root) =>
  readdirSync(root).map((name) => join(root, name)),
);

async function inputOf(folder: string): Promise<ReportInput> {
  const recording = await openRecording(folder);
  try {
    const { info, notes } = recording;
    const analyzer = new Analyzer(info, { windowUs: 100_000, listsWindows: true });
    const pictures = new Pictures(info);
    for await (const frame of recording.frames(100_000)) {
      pictures.next(frame, analyzer.next(frame));
    }
    const { analysis, remarks } = analyzer.finish(notes);
    const { data, frames } = pictures.finish();
    const { format, startUs } = info;
    return { analysis, pictures: data, frames, format, startUs, remarks, version: '0.0.0' };
  } finally {
    await recording.close();
  }
}

/** The JSON of a block of the page. */
function embedded(page: string, id: string): string {
  const start = `<script type="application/json" id="${id}">`;
  const from = page.indexOf(start) + start.length;
  return page.slice(from, page.indexOf('</script>', from));
}

/** Every number of an object, wherever it stands. */
function numbersOf(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(numbersOf);
}

describe.each(FOLDERS)('%s', (folder) => {
  it('has the numbers of --json, and in its tables no other', async () => {
    const input = await inputOf(folder);
    const page = recordingReport(input);
    const json = embedded(page, 'analysis');
    expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(input.analysis)));
    const known = new Set(numbersOf(input.analysis).map(String));
    const layers = page.slice(page.indexOf('<section id="layers"'));
    const cells = [...layers.matchAll(/<td[^>]*><data value="([^"]+)">/g)].map(
      ([, value]) => value,
    );
    expect(cells.length).toBeGreaterThan(25 * Object.keys(input.analysis.layers).length);
    // What came again is counted by the report alone.
    expect(cells.filter((value) => value !== '0' && !known.has(value as string))).toEqual([]);
    for (const name of Object.keys(input.analysis.layers)) {
      expect(layers).toContain(`<th scope="row"><bdi>${name}</bdi></th>`);
    }
    expect(Buffer.byteLength(page)).toBeLessThan(300_000);
  });
});

const LONG = '<b onclick="a()">'.repeat(15);

/** More of everything than there can be. */
function huge(): ReportInput {
  const layers = 4096;
  const info = infoOf({
    durationUs: 10_000_000,
    layers: Array.from({ length: layers }, (_, i) => ({
      ...{ name: `${i} ${LONG}`, neuronType: LONG, neuronCount: 1000 },
      ...{ deviceType: 'loihi2', chipId: '0' },
    })),
  });
  const pictures = new Pictures(info);
  let state = 1;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  for (let i = 0; i < 60; i++) {
    const spikes = Array.from({ length: 20_000 }, () => {
      return [Math.floor(random() * 1000), Math.floor(random() * 1e7)] as const;
    });
    const layerName = info.layers[i]?.name as string;
    const fields = { layerName, neuronCount: 1000, spanUs: 10_000_000 };
    pictures.next(spikesFrame(0, spikes, fields), true);
  }
  const analyzer = new Analyzer(info, { windowUs: 1_000_000, listsWindows: true });
  const { analysis } = analyzer.finish({
    ...{ samplesOutside: 0, samplesInvalid: 0, truncated: true },
    remarks: [],
  });
  const incident: Analysis['incidents'][number] = {
    ...{ detector: LONG, series: LONG, device_type: LONG, chip_id: LONG, layer_name: LONG },
    ...{ t_start_us: 1, t_end_us: null, severity: LONG, score: 0.1, text: LONG },
  };
  const chip = { samples: 1, mean_watts: 1.5, max_watts: 2, min_watts: 1, energy_joules: 3 };
  const { data, frames } = pictures.finish();
  return {
    analysis: {
      ...analysis,
      recording: LONG,
      power: Object.fromEntries(Array.from({ length: 4096 }, (_, i) => [`${i}/${LONG}`, chip])),
      incidents: new Array(10_000).fill(incident),
    },
    ...{ pictures: data, frames, format: LONG, startUs: 0, version: LONG },
    remarks: new Array(5000).fill(LONG),
  };
}

it('is below 2 MB whatever it is of, says what it leaves out, and lets no name be markup', () => {
  const input = huge();
  const page = recordingReport(input);
  expect(Buffer.byteLength(page)).toBeLessThan(REPORT_BYTES_MAX);
  // A page of 2 MB is no message of a test.
  expect(page.includes('<b onclick')).toBe(false);
  expect(page.includes('left out here')).toBe(true);
  expect(page.includes('more layers on chips are not drawn')).toBe(true);
  const kept = JSON.parse(embedded(page, 'analysis')) as Analysis;
  const { left_out: leftOut } = JSON.parse(embedded(page, 'report')) as {
    left_out: Record<string, number>;
  };
  const counts = [
    [Object.keys(kept.layers).length, leftOut['layers'], 4096],
    [Object.keys(kept.power).length, leftOut['chips'], 4096],
    [kept.incidents.length, leftOut['incidents'], 10_000],
  ] as const;
  for (const [there, left, all] of counts) {
    expect(there + (left as number)).toBe(all);
    expect(there).toBeGreaterThan(0);
  }
  for (const [name, layer] of Object.entries(kept.layers)) {
    expect(layer).toEqual({ ...input.analysis.layers[name], windows: undefined });
  }
});

it('is of a recording without anything', () => {
  const info = infoOf({ durationUs: 0 });
  const { analysis } = new Analyzer(info, { windowUs: 1000, listsWindows: false }).finish({
    ...{ samplesOutside: 3, samplesInvalid: 0, truncated: false },
    remarks: [],
  });
  const { data, frames } = new Pictures(info).finish();
  const page = recordingReport({
    ...{ analysis, pictures: data, frames, format: 'spk', startUs: 0 },
    ...{ remarks: ['Nothing & nobody.'], version: '0.0.0' },
  });
  expect(page).toContain('The recording names no layers.');
  expect(page).toContain('Nothing &amp; nobody.');
  expect(page).toContain('>Incomplete<');
  expect(page).not.toContain('NaN');
});
