import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALERTMANAGER } from '../../scripts/services/alertmanager.ts';
import { ELASTICSEARCH } from '../../scripts/services/elasticsearch.ts';
import { NATS_SERVER } from '../../scripts/services/nats-server.ts';
import { NODE_EXPORTER } from '../../scripts/services/node-exporter.ts';
import { PROMETHEUS } from '../../scripts/services/prometheus.ts';
import type { Service } from '../../scripts/services/service.ts';
import { serviceBinary } from '../../scripts/services/service-binary.ts';
import { runProgram } from '../cli/program.ts';

/** There is no Docker engine on the machines of the tests: what can be told without one. */
const ROOT = join(import.meta.dirname, '../..');
const FILE = join(ROOT, 'docker-compose.yml');
const run = promisify(execFile);

interface ComposeService {
  readonly image: string;
  readonly build?: object;
  readonly command?: readonly string[] | null;
  readonly profiles: readonly string[];
  readonly mem_limit?: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly { readonly host_ip?: string; readonly published: string }[];
  readonly volumes?: readonly {
    readonly type: string;
    readonly source: string;
    readonly target: string;
    readonly read_only?: boolean;
  }[];
  readonly secrets?: readonly { readonly source: string }[];
  readonly networks: Readonly<Record<string, { readonly aliases?: string[] } | null>>;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, object>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

let folder = '';
let compose: Compose;
let services: (readonly [name: string, service: ComposeService])[] = [];

/** As `docker compose config` reads it: by the same library, checked against its schema. */
async function read(...flags: readonly string[]): Promise<Compose> {
  const args = [...flags, '--format', 'json', FILE];
  return JSON.parse(
    (await run(serviceBinary('compose-spec'), args, { cwd: ROOT })).stdout,
  ) as Compose;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spikescope-compose-'));
  compose = await read();
  services = Object.entries(compose.services);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const of = (profile: string): string[] =>
  services.flatMap(([name, { profiles }]) => (profiles.includes(profile) ? [name] : [])).sort();

it('has the whole stack, in two profiles', () => {
  const core = ['alertmanager', 'grafana', 'nats', 'node-exporter', 'prometheus', 'simulated-chip'];
  expect(of('core')).toEqual([...core, 'spikescope'].sort());
  expect(of('full')).toEqual(
    [...core, 'elasticsearch', 'jaeger', 'kibana', 'spikescope-full'].sort(),
  );
  expect(services.every(([, { profiles }]) => profiles.length > 0)).toBe(true);
});

it('reaches Spikescope by the same name in both', () => {
  expect(compose.services['spikescope-full']?.networks['default']?.aliases).toEqual(['spikescope']);
});

it('depends only on what is in the same profile, when it is healthy', () => {
  for (const [name, { depends_on = {}, profiles }] of services) {
    for (const [other, { condition }] of Object.entries(depends_on)) {
      const there = compose.services[other]?.profiles ?? [];
      expect(
        profiles.filter((profile) => !there.includes(profile)),
        `${name} on ${other}`,
      ).toEqual([]);
      expect(condition).toBe('service_healthy');
    }
  }
});

it('pins images, limits memory and rights, looks whether each is well', () => {
  for (const [name, service] of services) {
    expect(service.image, name).toMatch(/^[a-z0-9/-]+:v?\d+\.\d+\.\d+(-alpine)?$/);
    expect(service.mem_limit, name).toMatch(/^\d+[mg]$/);
    expect(service.healthcheck?.test[0], name).toBe('CMD');
    expect(service.healthcheck?.test.length, name).toBeGreaterThan(1);
    expect(service.cap_drop, name).toEqual(['ALL']);
    expect(service.security_opt, name).toEqual(['no-new-privileges:true']);
  }
});

it('listens on loopback alone, one port each', () => {
  for (const profile of ['core', 'full']) {
    const ports = of(profile).flatMap((name) => compose.services[name]?.ports ?? []);
    expect(ports.length).toBeGreaterThan(5);
    for (const { host_ip } of ports) expect(host_ip).toBe('127.0.0.1');
    const published = ports.map((port) => port.published);
    expect(new Set(published).size).toBe(published.length);
  }
});

it('mounts what is there, read-only, and keeps the rest in volumes with names', async () => {
  const mounted = new Set<string>();
  for (const [name, { volumes = [] }] of services) {
    for (const { type, source, target, read_only } of volumes) {
      if (type === 'volume') {
        expect(Object.keys(compose.volumes), name).toContain(source);
        mounted.add(source);
        continue;
      }
      expect(existsSync(source), `${name}: ${source}`).toBe(true);
      expect(read_only, `${name}: ${target}`).toBe(true);
    }
  }
  expect(mounted).toEqual(new Set(Object.keys(compose.volumes)));
  const config = (name: string, file: string): string => {
    const { volumes = [], command } = compose.services[name] as ComposeService;
    const path = command?.map((arg) => arg.replace(/^.*=/, '')).find((arg) => arg.endsWith(file));
    const mount = volumes.find(({ target }) => path?.startsWith(`${target}/`));
    return path?.replace(mount?.target ?? '', mount?.source ?? '') ?? '';
  };
  expect(existsSync(config('prometheus', 'prometheus.yml'))).toBe(true);
  expect(existsSync(config('alertmanager', 'alertmanager.yml'))).toBe(true);
  expect(existsSync(config('jaeger', 'jaeger.yml'))).toBe(true);
});

it('takes the configuration of another folder', async () => {
  const unread = await read('--no-interpolation', '--no-path-resolution');
  const sources = Object.values(unread.services)
    .flatMap(({ volumes = [] }) => volumes)
    .map(({ source }) => source)
    .filter((source) => !Object.keys(compose.volumes).includes(source))
    .filter((source) => !/^\/(proc|sys)$/.test(source));
  expect(sources.length).toBeGreaterThan(4);
  const folders = sources.map((source) => source.replace(/[^}]*$/, ''));
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as it is in the file
  expect(new Set(folders)).toEqual(new Set(['${SPIKESCOPE_MONITORING:-./monitoring}']));
});

it('has every secret that configuration names, where it names it', async () => {
  const paths: Readonly<Record<string, string>> = {
    prometheus: 'prometheus/prometheus.yml',
    alertmanager: 'alertmanager/alertmanager.yml',
  };
  for (const [name, path] of Object.entries(paths)) {
    const text = await readFile(join(ROOT, 'monitoring', path), 'utf8');
    const named = [...text.matchAll(/\/run\/secrets\/(\w+)/g)].map(([, secret]) => secret);
    const given = compose.services[name]?.secrets?.map(({ source }) => source);
    expect(named.length).toBeGreaterThan(0);
    expect(given, name).toEqual(expect.arrayContaining(named));
  }
});

it('names the versions that the tests run', () => {
  const tagOf = (name: string) => compose.services[name]?.image.replace(/^.*:v?|-alpine$/g, '');
  const tested: Readonly<Record<string, Service>> = {
    nats: NATS_SERVER,
    prometheus: PROMETHEUS,
    alertmanager: ALERTMANAGER,
    'node-exporter': NODE_EXPORTER,
    elasticsearch: ELASTICSEARCH,
  };
  for (const [name, { version }] of Object.entries(tested)) {
    expect(version.startsWith(tagOf(name) ?? '?'), `${name} ${version}`).toBe(true);
  }
  expect(tagOf('kibana')).toBe(tagOf('elasticsearch'));
});

it.each(['prometheus', 'alertmanager', 'node-exporter', 'nats'])(
  'gives %s only options that it has',
  async (name) => {
    const binary = serviceBinary(name === 'nats' ? 'nats-server' : name);
    const told = await run(binary, ['--help']).catch((error: { stdout: string }) => error);
    const { stdout, stderr = '' } = told as { stdout: string; stderr?: string };
    const options = (compose.services[name]?.command ?? []).filter((arg) => arg.startsWith('--'));
    expect(options.length).toBeGreaterThan(0);
    for (const option of options) expect(stdout + stderr).toContain(option.replace(/=.*$/, ''));
  },
);

describe('the secrets', () => {
  it('are made, each once, in a folder of their own', async () => {
    const out = join(folder, 'secrets');
    const made = await runProgram('monitoring', 'secrets', '--out', out);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toContain('slack_webhook_url: the address');
    expect((await readdir(out)).sort()).toEqual(Object.keys(compose.secrets).sort());
    for (const [name, { file }] of Object.entries(compose.secrets)) {
      expect(file).toBe(join(ROOT, 'secrets', name));
    }
    expect((await stat(out)).mode & 0o777).toBe(0o700);
    const token = await readFile(join(out, 'spikescope_token'), 'utf8');
    expect(token).toMatch(/^[\w-]{32}$/);
    expect(await readFile(join(out, 'alert_webhook_token'), 'utf8')).not.toBe(token);
    await writeFile(join(out, 'slack_webhook_url'), 'mine');
    expect(await runProgram('monitoring', 'secrets', '--out', out)).toMatchObject({ stdout: '' });
    expect(await readFile(join(out, 'slack_webhook_url'), 'utf8')).toBe('mine');
    expect(await readFile(join(out, 'spikescope_token'), 'utf8')).toBe(token);
  });

  it.each(['spikescope', 'spikescope-full'])('let %s start with its settings', async (name) => {
    const out = join(folder, 'secrets');
    const { environment = {} } = compose.services[name] as ComposeService;
    const local = Object.entries(environment).map(([key, value]) => {
      const here = value.replace('/run/secrets', out).replace(/^\/var\/lib/, folder);
      return [key, here];
    });
    const checked = await run(process.execPath, [join(ROOT, 'src/cli/main.ts'), 'run', '--check'], {
      env: { ...process.env, ...(Object.fromEntries(local) as NodeJS.ProcessEnv) },
    });
    expect(checked.stdout).toBe('configuration is fine\n');
  });
});
