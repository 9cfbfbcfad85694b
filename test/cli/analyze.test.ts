import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { analysisSchema } from '../../src/analysis/result.ts';

const folder = mkdtempSync(join(tmpdir(), 'spikescope-analyze-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `spikescope analyze` as a user does, its output read by a slow reader through a pipe. */
async function run(...args: readonly string[]): Promise<Run> {
  const child = spawn(process.execPath, ['src/cli/main.ts', 'analyze', ...args]);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    child.stdout.pause();
    setTimeout(() => child.stdout.resume(), 1);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

const REC = 'fixtures/demo/sanafe-loihi';

describe('spikescope analyze', () => {
  it('prints one whole object on stdout, whatever its length', async () => {
    const { code, stdout, stderr } = await run(
      'fixtures/demo/nest-layered',
      '--json',
      '--window',
      '2ms',
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.length).toBeGreaterThan(500_000);
    const analysis = analysisSchema.parse(JSON.parse(stdout));
    expect(analysis.layers['L1']?.windows).toHaveLength(2500);
  });

  it('has windows only where they are asked for', async () => {
    const { stdout } = await run(REC, '--json');
    const analysis = analysisSchema.parse(JSON.parse(stdout));
    expect(Object.values(analysis.layers).map((layer) => 'windows' in layer)).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('gives the same bytes for frames of any span', async () => {
    const spans = ['1ms', '33ms', '10s'];
    const runs = await Promise.all(
      spans.map((span) => run(REC, '--json', '--window', '100ms', '--frame-span', span)),
    );
    expect(new Set(runs.map(({ stdout }) => stdout)).size).toBe(1);
  });

  it('prints a table without --json', async () => {
    const { code, stdout } = await run(REC);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^sanafe-loihi-ff: 1\.5 s, 12,781 spikes\n/);
    expect(stdout).toMatch(/^l1 +96 +96 +6025 /m);
    expect(stdout).toMatch(/^loihi2\/0 +1500 +0\.01813 /m);
    expect(stdout).toMatch(/\nComplete\.\n$/);
  });

  it('says on stderr what it left out, and reads a meta.json that names nothing', async () => {
    const files = [{ path: 'a.bin', format: 'something-else' }];
    writeFileSync(
      join(folder, 'meta.json'),
      JSON.stringify({ name: 'n', duration_ms: 7, spikes: files }),
    );
    const { code, stdout, stderr } = await run(folder, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ recording: 'n', duration_us: 7000, layers: {} });
    expect(stderr).toContain('a.bin is left out');
    expect(stderr).toContain('names no file of a kind that this program reads');
  });

  it('fails where nothing is recognised, and tells usage apart', async () => {
    const odd = join(folder, 'odd.xyz');
    writeFileSync(odd, Uint8Array.of(0, 1, 2, 3));
    const runs = await Promise.all([
      run(odd, '--json'),
      run(REC, '--window', '5 minutes'),
      run('fixtures/demo/nest-layered', '--window', '1ms', '--frame-span', '2h'),
    ]);
    expect(runs.map(({ code, stdout }) => [code, stdout])).toEqual([
      [1, ''],
      [2, ''],
      [2, ''],
    ]);
    expect(runs[1]?.stderr).toContain('--window needs a time');
  });

  it('writes the metrics with the times of the recording', async () => {
    const path = join(folder, 'metrics.txt');
    const { code } = await run(REC, '--json', '--window', '500ms', '--openmetrics', path);
    expect(code).toBe(0);
    const text = readFileSync(path, 'utf8');
    expect(text.endsWith('\n# EOF\n')).toBe(true);
    const series = (start: string) =>
      text
        .split('\n')
        .filter((line) => line.startsWith(start))
        .map((line) => line.slice(start.length + 1));
    expect(series('spike_rate_hz_count{layer_name="in",neuron_type="input"}')).toEqual([
      '64 0.500000',
      '128 1',
      '192 1.500000',
    ]);
    const spikes = series('neural_spikes_total{layer="l2",timestep="other"}').at(-1);
    expect(spikes).toBe('1941 1.500000');
    expect(text).not.toContain('neuromorphic_membrane_raw_sum');
  });

  it('writes a report, and keeps the last one where it can not', async () => {
    const path = join(folder, 'report.html');
    const { code, stdout } = await run(REC, '--html', path);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^sanafe-loihi-ff: /);
    const page = readFileSync(path, 'utf8');
    expect(page.startsWith('<!doctype html>')).toBe(true);
    const broken = join(folder, 'broken.spk');
    writeFileSync(broken, 'SPK');
    const runs = await Promise.all([
      run(REC, '--html', folder),
      run(REC, '--html', join(folder, 'nowhere', 'report.html')),
      run(broken, '--html', path),
    ]);
    expect(runs.map((one) => [one.code, one.stdout])).toEqual([
      [2, ''],
      [1, ''],
      [1, ''],
    ]);
    expect(runs[0]?.stderr).toContain('is a folder; name a file in it');
    expect(readFileSync(path, 'utf8')).toBe(page);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});
