import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { comparisonSchema } from '../../src/analysis/compare/result.ts';
import { Comparisons } from '../../src/cli/reports/comparisons.ts';
import { Reports } from '../../src/cli/reports/reports.ts';
import { prefersJson } from '../../src/http/reports/comparison-routes.ts';
import { RecordingFolder } from '../../src/recordings/recording-folder.ts';
import { startService } from '../integration/service-process.ts';
import { OrderedThread } from './ordered-thread.ts';
import { runProgram } from './program.ts';
import { writeRuns } from './stored-runs.ts';

const DEMO = join(import.meta.dirname, '../../fixtures/demo');
const [A, B] = ['sanafe-loihi', 'nest-layered'] as const;
const folder = mkdtempSync(join(tmpdir(), 'spikescope-comparisons-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The numbers that a page holds. */
function numbersOf(page: string): unknown {
  const [, json] = /id="comparison">(.*?)<\/script>/s.exec(page) ?? [];
  return JSON.parse(json as string);
}

it('answers with what compare prints, byte for byte, and with its page', async () => {
  const service = await startService(['demo', '--http', '127.0.0.1:0']);
  try {
    const ask = (query: Record<string, string>, accept = '*/*') =>
      fetch(`${service.url}/api/comparisons?${new URLSearchParams(query)}`, {
        headers: { accept },
      });
    const [asked, accepted, page] = await Promise.all([
      ask({ a: A, b: B, format: 'json' }, 'text/html'),
      ask({ a: A, b: B }, 'application/json'),
      ask({ a: A, b: B }),
    ]);
    const { stdout } = await runProgram('compare', join(DEMO, A), join(DEMO, B), '--json');
    expect([asked.status, asked.headers.get('vary')]).toEqual([200, 'Accept']);
    expect(asked.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await asked.text()).toBe(stdout);
    expect(await accepted.text()).toBe(stdout);
    expect(comparisonSchema.safeParse(JSON.parse(stdout)).error).toBeUndefined();
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*sandbox/);
    expect(numbersOf(await page.text())).toEqual(JSON.parse(stdout));
    for (const name of ['nothing', '..', `../demo/${A}`, '.', 'run:none']) {
      for (const [side, query] of [
        ['a', { a: name, b: B }],
        ['b', { a: A, b: name }],
      ] as const) {
        const refused = await ask(query);
        expect(refused.status, name).toBe(404);
        expect(await refused.json()).toEqual({ error: expect.stringMatching(`^${side}: `) });
      }
    }
    const bad = [{ a: A }, { a: A, b: '' }, { a: A, b: B, format: 'xml' }, { a: A, b: B, c: '1' }];
    const faults = ['b', 'b', 'format', 'c'];
    for (const [i, query] of bad.entries()) {
      const refused = await ask(query as Record<string, string>);
      expect(refused.status).toBe(400);
      expect(await refused.json()).toMatchObject({ parameter: faults[i] });
    }
  } finally {
    expect(await service.stop()).toBe(0);
  }
});

it('compares stored runs with each other, and with a recording', async () => {
  const state = mkdtempSync(join(tmpdir(), 'spikescope-compared-runs-'));
  await writeRuns(join(state, 'documents.sqlite'));
  const args = ['run', '--nats', 'nats://127.0.0.1:1', '--http', '127.0.0.1:0', '--state', state];
  const service = await startService(args, { SPIKESCOPE_HTTP_RECORDINGS: DEMO });
  try {
    const ask = async (a: string, b: string) => {
      const query = new URLSearchParams({ a, b, format: 'json' });
      const answer = await fetch(`${service.url}/api/comparisons?${query}`);
      return { status: answer.status, text: await answer.text() };
    };
    const runs = await ask('run:run-a', 'run:run-fast');
    const printed = await runProgram('compare', 'run-a', 'run-fast', '--json', '--state', state);
    expect(runs).toEqual({ status: 200, text: printed.stdout });
    expect(JSON.parse(runs.text)).toMatchObject({ different: true });
    const mixed = await ask('run:run-a', A);
    expect(JSON.parse(mixed.text)).toMatchObject({ a: { kind: 'run' }, b: { kind: 'recording' } });
    expect((await ask(A, 'run:run-none')).status).toBe(404);
  } finally {
    expect(await service.stop()).toBe(0);
    rmSync(state, { recursive: true, force: true });
  }
});

it('makes one after the other, each once, as many as may wait, with reports', async () => {
  const refused: string[] = [];
  const thread = new OrderedThread({ refused: (kind) => refused.push(kind) });
  const options = { version: '1', bytesMax: 2 ** 30, documents: undefined, thread };
  const here = new RecordingFolder(folder);
  const comparisons = new Comparisons({ ...options, folder: here });
  const reports = new Reports({ ...options, folder: here });
  const layers = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name}.csv`);
  for (const name of layers) writeFileSync(join(folder, name), 'time_ms,neuron\n1,0\n2,1\n');
  writeFileSync(join(folder, 'odd.xyz'), Uint8Array.of(0, 1, 2, 3));
  try {
    const bad = await comparisons.comparison('a.csv', 'odd.xyz');
    expect(bad).toMatchObject({
      status: 422,
      error: expect.stringMatching(/^b: recording: .*odd/),
    });
    expect(JSON.stringify(bad)).not.toContain(folder);
    thread.gather(8);
    const [report, again, ...made] = await Promise.all([
      reports.report('a.csv'),
      comparisons.comparison('a.csv', 'b.csv'),
      ...layers.map((name) => comparisons.comparison('a.csv', name)),
    ]);
    expect(report).toHaveProperty('html');
    const pages = made.filter((page) => 'html' in page);
    expect(pages).toHaveLength(3);
    // The one that was asked for twice at once was made once.
    expect(pages).toContain(again);
    expect(refused).toEqual(['comparisons', 'comparisons', 'comparisons']);
    expect(JSON.stringify(pages)).not.toContain(folder);
    expect(await comparisons.comparison('a.csv', 'f.csv')).toHaveProperty('json');
    const one = await comparisons.comparison('a.csv', 'f.csv');
    expect(await comparisons.comparison('a.csv', 'f.csv')).toBe(one);
    const small = new Comparisons({ ...options, bytesMax: 3, folder: here });
    expect(await small.comparison('a.csv', 'b.csv')).toMatchObject({ status: 413 });
    const none = new Comparisons({ ...options, folder: undefined });
    expect(await none.comparison('a.csv', 'b.csv')).toMatchObject({ status: 404 });
    expect(await comparisons.comparison('a.csv', 'run:x')).toMatchObject({ status: 404 });
  } finally {
    await reports.close();
  }
  expect(await comparisons.comparison('b.csv', 'a.csv')).toMatchObject({ status: 503 });
});

it.each([
  [undefined, false],
  ['*/*', false],
  ['text/html,application/xhtml+xml,*/*;q=0.8', false],
  ['application/json', true],
  ['application/json, text/html', false],
  ['text/html;q=0.5, Application/JSON;q=0.9', true],
  ['application/json;q=0', false],
])('takes Accept %j for JSON: %j', (accept, isJson) => {
  expect(prefersJson(accept)).toBe(isJson);
});
