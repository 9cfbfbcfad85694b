import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { comparisonSchema } from '../../src/analysis/compare/result.ts';
import { runProgram } from './program.ts';
import { writeRuns } from './stored-runs.ts';

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
