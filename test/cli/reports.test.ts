import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Reports } from '../../src/cli/reports/reports.ts';
import { RecordingFolder } from '../../src/recordings/recording-folder.ts';
import { startService } from '../integration/service-process.ts';
import { OrderedThread } from './ordered-thread.ts';
import { runProgram } from './program.ts';

const DEMO = join(import.meta.dirname, '../../fixtures/demo');
const folder = mkdtempSync(join(tmpdir(), 'spikescope-reports-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The numbers that a page holds. */
function numbersOf(page: string): unknown {
  const [, json] = /id="analysis">(.*?)<\/script>/.exec(page) ?? [];
  return JSON.parse(json as string);
}

it('answers with the report of a recording of the folder, and of no other', async () => {
  const service = await startService(['demo', '--http', '127.0.0.1:0']);
  try {
    const ask = (name: string) => fetch(`${service.url}/api/reports/${encodeURIComponent(name)}`);
    const answers = await Promise.all([ask('sanafe-loihi'), ask('sanafe-loihi')]);
    const [page, again] = await Promise.all(answers.map((answer) => answer.text()));
    const [{ status, headers }] = answers as [Response, Response];
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*sandbox/);
    expect(again).toBe(page);
    const { stdout } = await runProgram('analyze', join(DEMO, 'sanafe-loihi'), '--json');
    expect(numbersOf(page as string)).toEqual(JSON.parse(stdout));
    for (const name of ['nothing', '..', '../demo/sanafe-loihi', '.']) {
      const refused = await ask(name);
      expect(refused.status, name).toBe(404);
      expect(refused.headers.get('content-type')).toMatch(/json/);
    }
  } finally {
    expect(await service.stop()).toBe(0);
  }
});

it('makes one after the other, each once, as many as may wait', async () => {
  let refused = 0;
  const thread = new OrderedThread({ refused: () => refused++ });
  const options = { version: '1', bytesMax: 2 ** 30, thread };
  const reports = new Reports({ ...options, folder: new RecordingFolder(folder) });
  const layers = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const name of layers)
    writeFileSync(join(folder, `${name}.csv`), 'time_ms,neuron\n1,0\n2,1\n');
  writeFileSync(join(folder, 'odd.xyz'), Uint8Array.of(0, 1, 2, 3));
  try {
    const bad = await reports.report('odd.xyz');
    expect(bad).toMatchObject({ status: 422 });
    expect(JSON.stringify(bad)).not.toContain(folder);
    thread.gather(layers.length);
    const made = await Promise.all(layers.map((name) => reports.report(`${name}.csv`)));
    const pages = made.flatMap((page) => ('html' in page ? page.html : []));
    expect(pages).toHaveLength(4);
    expect(refused).toBe(2);
    expect(pages.every((page) => !page.includes(folder))).toBe(true);
    const after = await reports.report('f.csv');
    expect(after).toMatchObject({ html: expect.stringContaining('f.csv') });
    const small = new Reports({ ...options, bytesMax: 3, folder: new RecordingFolder(folder) });
    expect(await small.report('a.csv')).toMatchObject({ status: 413 });
    const none = new Reports({ ...options, folder: undefined });
    expect(await none.report('a.csv')).toMatchObject({ status: 404 });
  } finally {
    await reports.close();
  }
  // The last one to come made way for nobody: the first of the four is forgotten.
  expect(await reports.report('a.csv')).toMatchObject({ status: 503 });
});
