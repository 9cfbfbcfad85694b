import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StoredDocument } from '../../src/sinks/documents/document.ts';
import { type StoreFolder, storeFolder } from '../documents/sqlite/store-folder.ts';
import { runProgram } from './program.ts';

const signal = new AbortController().signal;
let folder: StoreFolder;
let state = '';

function line(i: number, fields: object, agoMs = 60_000): StoredDocument {
  const timeUs = (Date.now() - agoMs) * 1000;
  return { id: `l-${i}`, index: 'logs', timeUs, fields: fields as never };
}

beforeAll(async () => {
  folder = await storeFolder();
  state = dirname(folder.file);
  const store = folder.open();
  const start = { event_type: 'conversion_start', level: 'INFO' };
  await store.write(
    [
      ...[1, 2, 3].map((i) => line(i, { ...start, model_type: 'vit', hardware_target: 'loihi2' })),
      line(4, { ...start, model_type: 'be\u001b[31mrt', hardware_target: 'cpu' }),
      line(5, { ...start, model_type: 'vit', hardware_target: 'cpu' }, 5_400_000),
      ...Array.from({ length: 11 }, (_, i) => line(100 + i, { level: 'ERROR', message: 'm' })),
    ],
    signal,
  );
  await store.close();
});
afterAll(() => folder.remove());

it('prints the patterns of the last hour as JSON', async () => {
  const { code, stdout, stderr } = await runProgram('logs', 'analyze', '--json', '--state', state);
  expect([code, stderr]).toEqual([0, '']);
  const printed = JSON.parse(stdout) as Record<string, unknown>;
  expect(Object.keys(printed).slice(0, 2)).toEqual(['by_model_type', 'by_hardware']);
  expect(printed).toMatchObject({
    by_model_type: { vit: 3 },
    by_hardware: { loihi2: 3, cpu: 1 },
    changes: { by_model_type: { vit: { started: { before: 1, now: 3 } } } },
  });
});

it('prints the anomalies as a list', async () => {
  const args = ['--json', '--since', '2h', '--state', state];
  const { code, stdout } = await runProgram('logs', 'anomalies', ...args);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual([
    expect.objectContaining({ type: 'high_error_rate', count: 11, severity: 'warning' }),
  ]);
});

it('prints tables for a person, without what a terminal would obey', async () => {
  const analyze = await runProgram('logs', 'analyze', '--state', state);
  expect(analyze.stdout).toMatch(/^vit +3 \(1\)/m);
  expect(analyze.stdout).toMatch(/^loihi2 +3 \(0\)/m);
  expect(analyze.stdout).not.toContain('\u001b');
  const anomalies = await runProgram('logs', 'anomalies', '--state', state);
  expect(anomalies.stdout).toMatch(/^warning +high_error_rate +11 +threshold 10/m);
  const quiet = await runProgram(
    'logs',
    'anomalies',
    '--since',
    '9h',
    '--until',
    '8h',
    '--state',
    state,
  );
  expect(quiet.stdout).toMatch(/^Nothing out of order from 2/);
});

it('takes the store from the configuration', async () => {
  const config = join(state, 'spikescope.yaml');
  await writeFile(config, `documents: { sqlite: { file: ${folder.file} } }\n`);
  const elsewhere = join(state, 'elsewhere');
  await mkdir(elsewhere);
  const args = ['--json', '--config', config, '--state', elsewhere];
  const { stdout } = await runProgram('logs', 'analyze', ...args);
  expect(JSON.parse(stdout)).toMatchObject({ by_hardware: { loihi2: 3 } });
  await writeFile(config, 'documents: { store: none }\n');
  const none = await runProgram('logs', 'analyze', '--config', config);
  expect(none.code).toBe(78);
  expect(none.stderr).toContain('documents.store: is none');
});

it('says what is wrong with a flag, and where there is no store', async () => {
  const bad = await runProgram('logs', 'analyze', '--since', 'noon', '--state', state);
  expect(bad.code).toBe(2);
  expect(bad.stderr).toContain('--since needs a time ago');
  const unknown = await runProgram('logs', 'analyze', '--sinse', '1h');
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('--since')]);
  const empty = await runProgram('logs', 'anomalies', '--state', join(state, 'nothing'));
  expect(empty.code).toBe(1);
  expect(empty.stderr).toMatch(/nothing\/documents\.sqlite is not there.*start spikescope run/);
});
