import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

/** What can be told of the image without an engine that builds it. */
const ROOT = join(import.meta.dirname, '../..');
const text = (name: string) => readFileSync(join(ROOT, name), 'utf8');
/** Instructions, those that go over several lines as one. */
const INSTRUCTIONS = text('Dockerfile')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => /^[A-Z]+ /.test(line));
const LAST_STAGE = INSTRUCTIONS.slice(INSTRUCTIONS.findLastIndex((line) => /^FROM/.test(line)));
const PACKAGE = JSON.parse(text('package.json')) as {
  readonly version: string;
  readonly files: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

/** Sources of COPY that come from the repository. */
function copied(instructions: readonly string[]): string[] {
  return instructions
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) => line.split(/\s+/).slice(1, -1));
}

it('runs on the Node that the tests run on', () => {
  expect(INSTRUCTIONS).toContain(`ARG NODE_VERSION=${PACKAGE.devDependencies['node']}`);
  const stages = INSTRUCTIONS.filter((line) => line.startsWith('FROM'));
  expect(stages).toHaveLength(2);
  for (const stage of stages) expect(stage).toMatch(/^FROM node:\$\{NODE_VERSION\}-(slim|alpine)/);
});

it('is no root, and has no shell between Docker and the process', () => {
  const users = LAST_STAGE.filter((line) => line.startsWith('USER'));
  expect(users).toEqual(['USER node']);
  expect(LAST_STAGE.find((line) => line.startsWith('ENTRYPOINT'))).toMatch(/^ENTRYPOINT \["node"/);
});

it('is sent all that it copies, and nothing that is secret or large', () => {
  const allowed = text('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'));
  const paths = copied(INSTRUCTIONS);
  expect(paths.length).toBeGreaterThan(8);
  for (const path of paths) {
    expect(globSync(path, { cwd: ROOT }), path).not.toEqual([]);
    expect(allowed, path).toContain(`!${path}`);
  }
  expect(text('.dockerignore').split('\n')).toContain('*');
  expect(allowed.map((line) => line.slice(1)).sort()).toEqual([...new Set(paths)].sort());
});

it('holds what the package publishes, but for its pages', () => {
  const built = LAST_STAGE.filter((line) => line.includes('--from=build')).map(
    (line) => line.split(/\s+/)[2]?.replace('/build/', '') ?? '',
  );
  const held = [...copied(LAST_STAGE), ...built];
  const wanted = PACKAGE.files.filter((name) => !name.endsWith('.md'));
  expect(held).toEqual(expect.arrayContaining([...wanted, 'package.json', 'node_modules']));
});

it('is named by the version of the package', () => {
  const { services } = parse(text('docker-compose.yml'), { merge: true }) as {
    readonly services: Readonly<Record<string, { readonly image: string }>>;
  };
  for (const name of ['spikescope', 'spikescope-full', 'simulated-chip']) {
    expect(services[name]?.image).toBe(`spikescope:${PACKAGE.version}`);
  }
});
