import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { comparisonSchema } from '../../src/analysis/compare/result.ts';
import { RATE_LE_HZ } from '../../src/numerics/rate-buckets.ts';
import type { StoredDocument } from '../../src/sinks/documents/document.ts';
import { SqliteStore } from '../../src/sinks/documents/sqlite/sqlite-store.ts';
import { KEEPS_ALL } from '../documents/sqlite/store-folder.ts';
import { runProgram } from './program.ts';

const CLEAN = 'fixtures/recordings/nest-layered-linkdrop';
const DEAD = 'fixtures/recordings/nest-layered-dead';
const folder = mkdtempSync(join(tmpdir(), 'compare-'));
const thresholds = (text: string) => {
  const file = join(folder, 'thresholds.yaml');
  writeFileSync(file, text);
  return file;
};

beforeAll(() => writeRuns(join(folder, 'documents.sqlite')));
afterAll(() => rmSync(folder, { recursive: true }));

const compared = async (...args: readonly string[]) => {
  const { stdout, code } = await runProgram('compare', ...args, '--json');
  return { code, comparison: comparisonSchema.parse(JSON.parse(stdout)) };
};

it('says of a recording and itself that nothing differs, and passes any thresholds', async () => {
  const file = thresholds('numbers: {"*": {absolute: 0}}');
  const { code, comparison } = await compared(CLEAN, CLEAN, '--thresholds', file);
  expect(code).toBe(0);
  expect(comparison).toMatchObject({ different: false, passed: true, failures: [] });
  const sizes = comparison.numbers.map(({ difference }) => difference);
  expect(sizes.filter((difference) => difference !== 0 && difference !== null)).toEqual([]);
  expect(comparison.tests.length).toBe(9);
});

it('writes a page that needs nothing else, with the same numbers', async () => {
  const page = join(folder, 'page.html');
  const { comparison } = await compared(CLEAN, DEAD, '--html', page);
  const html = readFileSync(page, 'utf8');
  const json = /<script type="application\/json" id="comparison">(.*?)<\/script>/s.exec(html)?.[1];
  expect(JSON.parse(json ?? '')).toEqual(comparison);
  expect(html).not.toMatch(/<(script|link|img)[^>]* (src|href)=/);
  expect(html.match(/<svg[^>]* role="img"/g)?.length).toBe(comparison.tests.length);
  expect(html).toContain('>different</strong>');
  const asFolder = await runProgram('compare', CLEAN, DEAD, '--html', folder);
  expect([asFolder.code, asFolder.stderr]).toEqual([2, expect.stringContaining('is a folder')]);
});

it('ends with 1 beyond the thresholds of a file, and says what is beyond', async () => {
  const file = thresholds('numbers:\n  layers.*.mean_rate_hz: {relative: 0.1}\n');
  const { code, stdout, stderr } = await runProgram('compare', CLEAN, DEAD, '--thresholds', file);
  expect(code).toBe(1);
  expect(stderr).toMatch(/beyond the thresholds:\n.*\blayers\.\S+\.mean_rate_hz: \S+ became/s);
  expect(stdout).toMatch(/different$/m);
  const without = await runProgram('compare', CLEAN, DEAD);
  expect([without.code, without.stdout.split('\n')[0]]).toEqual([
    0,
    expect.stringContaining(': different'),
  ]);
});

it.each([
  ['numbers: {layers.nothing: {relative: 1}}', '"layers.nothing" means no number'],
  ['numbrs: {}', 'numbrs'],
  ['alpha: 2', 'alpha'],
  ['- a list', 'needs a map'],
])('ends with 78 for thresholds %j', async (text, says) => {
  const { code, stderr } = await runProgram(
    'compare',
    CLEAN,
    CLEAN,
    '--thresholds',
    thresholds(text),
  );
  expect([code, stderr]).toEqual([78, expect.stringContaining(says)]);
});

it('compares runs of a document store with each other, and with a recording', async () => {
  const state = ['--state', folder];
  const same = await compared('run-a', 'run-b', ...state);
  expect(same.code).toBe(0);
  expect(same.comparison.a).toEqual({ name: 'run-a', kind: 'run' });
  expect(same.comparison.different).toBe(false);
  const rate = same.comparison.numbers.find(({ path }) => path === 'layers.E.mean_rate_hz');
  expect(rate).toMatchObject({ a: 15, b: 15, difference: 0 });
  const power = same.comparison.numbers.find(({ path }) => path === 'power.loihi2/0.energy_joules');
  expect(power).toMatchObject({ a: 4, b: 8 });
  const other = await compared('run:run-a', 'run-fast', ...state);
  expect(other.comparison.tests).toMatchObject([
    { layer: 'E', quantity: 'window_rate_bucket', n_a: 200, n_b: 200, different: true },
  ]);
  const mixed = await compared('run-a', DEAD, ...state);
  expect(mixed.comparison.b.kind).toBe('recording');
  expect(mixed.comparison.remarks.join()).toMatch(/Layer E: b has no spikes of it/);
});

it('ends with 2 for what is neither a file nor a run', async () => {
  const state = ['--state', folder];
  const { code, stderr } = await runProgram('compare', 'run-a', 'run-none', ...state);
  expect([code, stderr]).toEqual([2, expect.stringContaining('run-none is no file')]);
  const path = await runProgram('compare', 'missing.spk', DEAD);
  expect([path.code, path.stderr]).toEqual([2, expect.stringContaining('does not exist')]);
});

it('has a published schema (else: node scripts/write-schemas.ts)', () => {
  const published = JSON.parse(readFileSync('docs/compare.schema.json', 'utf8')) as unknown;
  expect(published).toEqual(JSON.parse(JSON.stringify(z.toJSONSchema(comparisonSchema))));
  const keys = [
    ...JSON.stringify(published).matchAll(/"properties":\{"(\w+)"|"(\w+)":\{"(?:type|des)/g),
  ];
  const text = readFileSync('docs/compare.md', 'utf8');
  const names = keys.map(([, first, next]) => (first ?? next) as string);
  expect(names.length).toBeGreaterThan(15);
  expect(
    names.filter((name) => !/^(properties|items)$/.test(name) && !text.includes(name)),
  ).toEqual([]);
});

/** Three runs of 200 neurons: two alike but for their power, one that fires more. */
async function writeRuns(file: string): Promise<void> {
  const store = new SqliteStore({ file, limits: KEEPS_ALL, deleted: () => {}, failed: () => {} });
  const { signal } = new AbortController();
  await store.setup(signal);
  const documents = [
    ...runDocuments('run-a', 0, 15, 1),
    ...runDocuments('run-b', 1e9, 15, 2),
    ...runDocuments('run-fast', 2e9, 30, 1),
  ];
  for (const outcome of await store.write(documents, signal)) expect(outcome).toBe('created');
  await store.close();
}

function runDocuments(run_id: string, fromUs: number, rateHz: number, watts: number) {
  const startUs = 1_764_000_000_000_000 + fromUs;
  const chip = { device_type: 'loihi2', chip_id: '0', run_id };
  const documents: StoredDocument[] = [];
  const add = (index: StoredDocument['index'], k: number, fields: StoredDocument['fields']) => {
    const t0_us = startUs + k * 1_000_000;
    const id = `${run_id}-${index}-${k}`;
    documents.push({ id, index, timeUs: t0_us, fields: { t0_us, span_us: 1_000_000, ...fields } });
  };
  const bucket = RATE_LE_HZ.findIndex((le) => rateHz <= le);
  const rate_histogram = [...RATE_LE_HZ, 0].map((_, i) => (i === bucket ? 200 : 0));
  for (let k = 0; k < 5; k++) {
    const layer = { layer_name: 'E', neuron_type: 'lif', neuron_count: 200 };
    const spikes = 200 * rateHz;
    add('rates', k, { ...chip, ...layer, spikes, mean_rate_hz: rateHz, rate_histogram });
    const energy_joules = 100 + k * watts;
    add('power', k, { ...chip, rail: 'total', component: 'total', watts, energy_joules });
  }
  const totals = { frames: 10, spikes: 1000 * rateHz, energy_joules: 5 * watts, frames_lost: 0 };
  add('runs', 0, { run_id, hardware: 'loihi2', chips: 1, ...totals, is_complete: true });
  return documents;
}
