import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ConfigError } from '../../src/cli/config/config-error.ts';
import { loadConfig } from '../../src/cli/config/load.ts';
import { loadPipelines } from '../../src/cli/load-pipelines.ts';
import { checkWorkers } from '../../src/cli/workers/check-workers.ts';
import { runProgram } from './program.ts';

const pipelines = await loadPipelines();
const folder = mkdtempSync(join(tmpdir(), 'spikescope-config-'));

function fileOf(text: string): string {
  const path = join(folder, `${Math.random()}.yaml`);
  writeFileSync(path, text);
  return path;
}

function load(text: string, env: Record<string, string> = {}, flags = {}) {
  return loadConfig(pipelines, fileOf(text), env, flags);
}

function errorOf(text: string, env: Record<string, string> = {}): string {
  try {
    load(text, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('no error');
}

it('takes flags over the environment over the file over the defaults', () => {
  const text = 'prefix: file\nhttp: {port: 1}\nlimits: {samples_max: 7}';
  const env = { SPIKESCOPE_HTTP_PORT: '2', SPIKESCOPE_PREFIX: 'env' };
  const config = load(text, env, { http: { port: 3 } });
  expect(config.http.port).toBe(3);
  expect(config.prefix).toBe('env');
  expect(config.limits.samples_max).toBe(7);
  expect(config.http.host).toBe('127.0.0.1');
});

it('reads an empty file as no settings, and options of pipelines in their units', () => {
  expect(load('').prefix).toBe('spikeformer');
  const config = load('pipelines: {spike-rate: {window: 250ms}}');
  expect((config.pipelines['spike-rate'] as { window: number }).window).toBe(250_000);
  const env = { SPIKESCOPE_PIPELINES_SPIKE_RATE_WINDOW: '2s' };
  expect((load('', env).pipelines['spike-rate'] as { window: number }).window).toBe(2_000_000);
});

const ADAPTER =
  '{name: a, format: ndjson, device_type: cpu, chip_id: x, neuron_count: 8, ' +
  'fields: {layer: l, neuron: n, time: t}';

describe('names what is wrong, where, and the nearest that is right', () => {
  it.each([
    ['htpp: {port: 1}', 'unknown setting htpp: did you mean http?'],
    [
      'health: {chips: [{device_type: loihi2, chipid: 0}]}',
      'unknown setting health.chips.0.chipid: did you mean chip_id?',
    ],
    [
      'health: {chips: [{device_type: loihi2, chip_id: a.b}]}',
      'health.chips.0.chip_id: needs 1 to',
    ],
    ['health: {prometheus_url: "http://u:p@x"}', 'prometheus_url: needs a URL without user'],
    ['http: {prot: 1}', 'unknown setting http.prot: did you mean port?'],
    ['pipelines: {spike-rate: {windw: 1s}}', 'did you mean window?'],
    ['pipelines: {spikerate: {}}', 'did you mean spike-rate?'],
    ['http: {port: 70000}', 'http.port'],
    ['http: {port: abc}', 'http.port'],
    ['delivery: udp', 'delivery'],
    ['prefix: "a b"', 'prefix: needs one to four tokens'],
    ['pipelines: {spike-rate: {window: 5}}', 'pipelines.spike-rate.window'],
    ['limits: {samples_max: 0}', 'limits.samples_max'],
    [
      `adapters: [${ADAPTER}, subjects: [spikeformer.x]}]`,
      'adapters.0.subjects: spikeformer.x has',
    ],
    [`prefix: a.b\nadapters: [${ADAPTER}, subjects: [a.*.x]}]`, 'subjects below the prefix a.b'],
    [
      `limits: {neuron_count_max: 7}\nadapters: [${ADAPTER}, subjects: [x]}]`,
      'adapters.0.neuron_count: 8 neurons are more than limits.neuron_count_max 7',
    ],
    [`adapters: [${ADAPTER}, subjects: [x], spam: 1s}]`, 'adapters.0.spam: did you mean span?'],
    ['- a list', 'needs a map of settings at the top'],
    ['a: [', 'yaml'],
  ])('%s', (text, message) => {
    expect(errorOf(text)).toContain(message);
  });

  it('in the environment', () => {
    const message = errorOf('', { SPIKESCOPE_HTTP_PROT: '1' });
    expect(message).toContain('SPIKESCOPE_HTTP_PROT');
    expect(message).toContain('did you mean SPIKESCOPE_HTTP_PORT?');
    expect(errorOf('', { SPIKESCOPE_HTTP_PORT: 'x' })).toContain('environment');
  });
});

describe('the program', () => {
  it('ends with 78 on a bad configuration, before anything is opened', async () => {
    const bad = fileOf('http: {prot: 1}');
    const run = await runProgram('run', '--config', bad, '--http', '127.0.0.1:0');
    expect([run.code, run.stdout]).toEqual([78, '']);
    expect(run.stderr).toContain(`${bad}:`);
    expect(run.stderr).toContain('did you mean port?');
    const missing = await runProgram('run', '--config', '/nowhere/x.yaml');
    expect(missing.code).toBe(78);
    expect(missing.stderr).toContain("/nowhere/x.yaml: can't be read");
    const open = await runProgram('run', '--http', '0.0.0.0:0');
    expect(open.code).not.toBe(0);
    expect(open.stderr).toContain('needs a token');
  });

  it('ends with 2 on wrong usage, and says what is meant', async () => {
    for (const args of [['runn'], ['run', '--chekc'], ['run', '--http', 'x:y'], ['replay']]) {
      const { code, stdout, stderr } = await runProgram(...args);
      expect([args, code, stdout]).toEqual([args, 2, '']);
      expect(stderr).not.toMatch(/^\s+at /m);
    }
    expect((await runProgram('--help')).code).toBe(0);
    expect((await runProgram('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('ends with 1 where the input is missing', async () => {
    const { code, stderr } = await runProgram('replay', '/nowhere/rec');
    expect(code).toBe(1);
    expect(stderr).toBe('spikescope: /nowhere/rec does not exist.\n');
  });

  it('prints a configuration that reads back as itself, without what is secret', async () => {
    const secret = 'c4n4ry';
    const text = `nats: {servers: "nats://user:${secret}@127.0.0.1:4222"}\nhttp: {port: 9999}`;
    const { code, stdout } = await runProgram('run', '--config', fileOf(text), '--print-config');
    expect(code).toBe(0);
    expect(stdout).not.toContain(secret);
    const printed = parse(stdout) as { http: { port: number }; pipelines: object };
    expect(printed.http.port).toBe(9999);
    expect(Object.keys(printed.pipelines)).toHaveLength(pipelines.length);
    const again = await runProgram('run', '--config', fileOf(stdout), '--print-config');
    expect(again.stdout).toBe(stdout);
  });

  it('checks a configuration and connects to nothing', async () => {
    const fine = await runProgram('run', '--check', '--nats', 'nats://127.0.0.1:1');
    expect(fine).toEqual({ code: 0, stdout: 'configuration is fine\n', stderr: '' });
    const file = fileOf('nats: {password_file: /nowhere/secret, user: me}');
    const bad = await runProgram('run', '--check', '--config', file);
    expect(bad.code).toBe(78);
    expect(bad.stderr).toContain('/nowhere/secret');
  });
});

describe('partitions nobody can share as configured are refused before the first event', () => {
  it.each([
    ['workers: {count: 2}', 'workers.count: 2 workers need partitions to share'],
    ['streams: {partitions: 4}\ndelivery: core', 'delivery: core NATS has no partitions'],
    [
      'streams: {partitions: 4}\nworkers: {ttl: 1s}\ncheckpoints: {commit_interval: 400ms}',
      'checkpoints.commit_interval: 0.4 s is more than a quarter of workers.ttl, 1 s',
    ],
    [`streams: {partitions: 4}\nadapters: [${ADAPTER}, subjects: [x]}]`, 'adapters: a stream has'],
  ])('%s', (text, message) => {
    const config = load(text);
    expect(() => checkWorkers(config)).toThrow(ConfigError);
    expect(() => checkWorkers(config)).toThrow(message);
  });
});
