import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ownFolder } from '../recordings/spk-files.ts';
import { asOnTheWire, readBack } from '../recordings/written-files.ts';
import { runProgram } from './program.ts';

const LOIHI = 'fixtures/demo/sanafe-loihi';

test('a folder of CSV becomes one file that holds all of it', async () => {
  const out = join(ownFolder(), 'a.spk');
  const { code, stdout, stderr } = await runProgram('convert', LOIHI, out, '--compress');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  expect(JSON.parse(stdout)).toMatchObject({
    recording: out,
    format: 'spk',
    bytes: statSync(out).size,
    duration_us: 1_500_000,
    frames_left_out: {},
    completeness: { samples_outside: 0, samples_invalid: 0, truncated: false },
  });
  const original = (await readBack(LOIHI, 100_000)).frames.map(asOnTheWire);
  expect((await readBack(out)).frames).toEqual(original);
});

test('the format is what the suffix says, or the flag', async () => {
  const folder = ownFolder();
  const named = join(folder, 'a.jsonl');
  expect(JSON.parse((await runProgram('convert', LOIHI, named)).stdout)).toMatchObject({
    format: 'ndjson',
  });
  const flagged = join(folder, 'b.dat');
  const result = await runProgram('convert', named, flagged, '--format', 'csv');
  expect(JSON.parse(result.stdout)).toMatchObject({
    format: 'csv',
    frames_left_out: { membrane: 32, power: 16, cores: 150, activity: 150 },
  });
  expect(result.stderr).toContain('CSV holds spikes only; frames left out: 32 membrane');
  expect((await readBack(flagged)).info.layers).toHaveLength(3);
});

test.each([
  [['a.xyz'], 'a.xyz: its suffix says no format (.spk, .ndjson'],
  [['a.spk', '--format', 'xml'], '--format needs spk|'],
  [['a.spk', '--frame-span', '3h'], '--frame-span needs a time from 1ms to 60s'],
  [['a.csv', '--dense'], '--dense goes with .spk files: csv has no denser columns'],
])('what cannot be meant is a usage error: %j', async (args, message) => {
  const [out, ...flags] = args as [string, ...string[]];
  const { code, stderr } = await runProgram('convert', LOIHI, join(ownFolder(), out), ...flags);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test('denser columns are made and undone, kept where nothing is said, and read alike', async () => {
  const folder = ownFolder();
  const made = join(folder, 'simulated.spk');
  const flags = ['--for', '1s', '--scenario', 'overdrive', '--out', made];
  expect((await runProgram('simulate', ...flags)).code).toBe(0);
  const convert = async (from: string, to: string, ...more: readonly string[]) => {
    const out = join(folder, to);
    const { code, stderr } = await runProgram('convert', from, out, ...more);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return out;
  };
  const plain = await convert(made, 'plain.spk');
  const dense = await convert(plain, 'dense.spk', '--dense');
  const kept = await convert(dense, 'kept.spk');
  const undone = await convert(kept, 'undone.spk', '--no-dense');
  expect(readFileSync(kept)).toEqual(readFileSync(dense));
  expect(readFileSync(undone)).toEqual(readFileSync(plain));
  expect(statSync(dense).size * 2).toBeLessThan(statSync(plain).size);
  expect((await readBack(dense)).frames).toEqual((await readBack(plain)).frames);
  const analyzed = await Promise.all(
    [plain, dense].map(async (path) => (await runProgram('analyze', path, '--json')).stdout),
  );
  const [first, second] = analyzed.map((json) => ({ ...JSON.parse(json), recording: '' }));
  expect(first.total_spikes).toBeGreaterThan(20_000);
  expect(second).toEqual(first);
  // Other programs read lines and tables: they have the columns that everybody knows.
  const lines = readFileSync(await convert(dense, 'dense.ndjson'), 'utf8');
  expect(lines).not.toMatch(/_u16|step_spikes/);
});

test('a file that is there stays as it is, but with --force', async () => {
  const out = join(ownFolder(), 'a.ndjson');
  writeFileSync(out, 'mine');
  const refused = await runProgram('convert', LOIHI, out);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('is there already; --force replaces it');
  expect(readFileSync(out, 'utf8')).toBe('mine');
  expect((await runProgram('convert', LOIHI, out, '--force')).code).toBe(0);
  expect(readFileSync(out, 'utf8')).toContain('{"recording":{');
});

test('a failure leaves nothing behind, and what was there', async () => {
  const folder = ownFolder();
  const bad = join(folder, 'bad');
  cpSync(LOIHI, bad, { recursive: true });
  // The table of core activity goes back in time: found in the middle of reading.
  const rows = readFileSync(join(bad, 'core_activity.csv'), 'utf8').trimEnd().split('\n');
  writeFileSync(join(bad, 'core_activity.csv'), [...rows, rows[1]].join('\n'));
  const out = join(folder, 'a.csv');
  writeFileSync(out, 'mine');
  const { code, stdout, stderr } = await runProgram('convert', bad, out, '--force');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('core_activity.csv');
  expect(readdirSync(folder).sort()).toEqual(['a.csv', 'bad']);
  expect(readFileSync(out, 'utf8')).toBe('mine');
});
