import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findOrphans, ORPHANS_EXCUSED, ROOTS } from './tidy/orphans.ts';
import { type ParsedFile, parseAll } from './tidy/parse.ts';
import { registryFindings } from './tidy/registry-hosts.ts';
import {
  BARRELS_EXCUSED,
  barrelFindings,
  defaultExportFindings,
  folderFindings,
} from './tidy/shape.ts';
import { columnFindings, fileLengthFindings, functionLengthFindings } from './tidy/sizes.ts';
import { type Finding, listed, readTexts, type SourceText } from './tidy/source-tree.ts';
import { tierFindings } from './tidy/tiers.ts';
import { wordFindings } from './tidy/words.ts';

/** The style of the repository (CONTRIBUTING.md), as a test. */
const ROOT = join(import.meta.dirname, '..');
const everything = readTexts(ROOT);
const code = everything.filter(
  ({ path }) => /^(src|pipelines|test|scripts|bench)\//.test(path) && path.endsWith('.ts'),
);
const parsed = parseAll(code);
const product = parsed.filter(({ path }) => /^(src|pipelines)\//.test(path));

describe('the repository', () => {
  test('has files to look at', () => {
    expect(code.length).toBeGreaterThan(100);
    expect(parsed.map(({ path }) => path)).toEqual(code.map(({ path }) => path));
    expect(parsed.every(({ ast, text }) => ast.text === text)).toBe(true);
  });

  test.each<[string, () => Finding[]]>([
    ['imports only from lower tiers', () => tierFindings(product)],
    ['has no file above 300 lines', () => fileLengthFindings(code)],
    ['has no function above 70 lines', () => functionLengthFindings(parsed)],
    ['keeps to 100 columns', () => columnFindings(code)],
    ['uses no banned word', () => wordFindings(parsed)],
    ['names no package registry', () => registryFindings(everything)],
    ['has no barrel', () => barrelFindings(product)],
    ['exports defaults from pipelines only', () => defaultExportFindings(product)],
    ['has no folder for anything', () => folderFindings(everything)],
  ])('%s', (_rule, findings) => {
    expect(listed(findings())).toEqual([]);
  });

  test('has no orphan below src/', async (context) => {
    const { orphans, missing } = findOrphans(product, ROOTS, ORPHANS_EXCUSED);
    // Behind an import of what is not written yet there may be anything: the compiler says so.
    if (missing.length > 0) await context.annotate(listed(missing).join('\n'), 'unfinished');
    expect(missing.length > 0 ? [] : listed(orphans)).toEqual([]);
  });

  test('excuses only what exists', () => {
    const paths = new Set(product.map(({ path }) => path));
    const excused = [...Object.keys(ORPHANS_EXCUSED), ...Object.keys(BARRELS_EXCUSED)];
    expect(excused.filter((path) => !paths.has(path))).toEqual([]);
  });
});

function parse(path: string, text: string): ParsedFile[] {
  return parseAll([{ path, text }]);
}

const LONG_BODY = '  work();\n'.repeat(69);

describe('a rule fails on', () => {
  test.each<[string, string, string]>([
    ['a higher tier', 'src/frames/a.ts', "import { b } from '../component/b.ts';"],
    ['a neighbour', 'src/operators/a.ts', "import type { b } from '../sinks/b.ts';"],
    ['a pipeline', 'src/topology/a.ts', "const a = await import('../../pipelines/b.ts');"],
    ['a test', 'src/cli/a.ts', "export { b } from '../../test/b.ts';"],
    ['a higher type', 'src/component/a.ts', "let a: import('../cli/b.ts').B;"],
    ['the service', 'pipelines/a.ts', "import { b } from '../src/topology/b.ts';"],
    ['I/O in frames', 'src/frames/a.ts', "import { readFileSync } from 'node:fs';"],
    ['a package in numerics', 'src/numerics/a.ts', "import { map } from 'rxjs';"],
    ['a worker of a higher tier', 'src/sources/a.ts', "new URL('../cli/b.ts', import.meta.url);"],
    ['a folder without a tier', 'src/things/a.ts', 'export const a = 1;'],
  ])('an import of %s', (_what, path, text) => {
    expect(tierFindings(parse(path, text))).toHaveLength(1);
  });

  test.each<[string, string]>([
    ['src/operators/a.ts', "import { b } from '../frames/b.ts';"],
    ['src/cli/config/a.ts', "import { b } from '../address.ts';"],
    ['src/cli/a.ts', "import { b } from '../http/b.ts'; import c from 'node:fs';"],
    ['pipelines/a.ts', "import { b } from '../src/operators/b.ts'; import { z } from 'zod';"],
    [
      'src/frames/a.ts',
      "// import { b } from '../cli/b.ts';\nconst c = \"import('../cli/d.ts')\";",
    ],
  ])('but passes an import that %s may have', (path, text) => {
    expect(tierFindings(parse(path, text))).toEqual([]);
  });

  test('a file of 301 lines, not of 300', () => {
    const of = (lines: number) => [{ path: 'src/a.ts', text: 'a;\n'.repeat(lines) }];
    expect(fileLengthFindings(of(301))).toHaveLength(1);
    expect(fileLengthFindings(of(300))).toEqual([]);
  });

  test.each([
    ['function a() {\n', '}\n'],
    ['const a = () => {\n', '};\n'],
    ['class A {\na() {\n', '}\n}\n'],
    ['class A {\nconstructor() {\n', '}\n}\n'],
    ["test('a', function () {\n", '});\n'],
  ])('a function of 71 lines, not of 70: %j', (head, tail) => {
    const of = (body: string) => functionLengthFindings(parse('src/cli/a.ts', head + body + tail));
    expect(of(LONG_BODY)).toHaveLength(1);
    expect(of(LONG_BODY.replace('  work();\n', ''))).toEqual([]);
    expect(functionLengthFindings(parse('a.ts', `describe('a', () => {\n${LONG_BODY}});`))).toEqual(
      [],
    );
  });

  test('a line of 101 columns, not of 100, and not on an address', () => {
    const of = (text: string) => columnFindings([{ path: 'src/a.ts', text }]).length;
    expect(of(`${'ab '.repeat(33)}ab`)).toBe(1);
    expect(of(`${'µ '.repeat(49)}µµ`)).toBe(0);
    expect(of(`// https://example.org/${'a'.repeat(100)}`)).toBe(0);
  });

  test.each<[string, string]>([
    ['src/frames/a.ts', 'const t = Date.now();'],
    ['src/frames/a.ts', "const t = globalThis.Date['now']();"],
    ['src/numerics/a.ts', 'const t = performance.now();'],
    ['src/numerics/a.ts', 'const t = process.hrtime.bigint();'],
    ['pipelines/a.ts', 'const t = new Date();'],
    ['pipelines/a.ts', 'const t = Date();'],
    ['src/detectors/a.ts', 'const r = Math.random();'],
    ['src/detectors/a.ts', 'const r = crypto.randomUUID();'],
    ['src/operators/a.ts', 'setTimeout(work, 1);'],
    ['src/operators/a.ts', 'globalThis.setInterval(work, 1);'],
    ['src/operators/a.ts', "import { setTimeout as sleep } from 'node:timers/promises';"],
    ['src/operators/a.ts', 'async function a() {}'],
    ['src/topology/a.ts', 'process.exit(1);'],
    ['src/sinks/a.ts', "console.log('a');"],
    ['src/sinks/a.ts', 'let a: any;'],
    ['test/a.ts', 'const a = b as any;'],
    ['src/sinks/a.ts', 'enum A { B }'],
    ['test/a.test.ts', "test.skip('a', () => {});"],
    ['test/a.test.ts', "describe.concurrent.only('a', () => {});"],
    ['test/a.test.ts', "it.todo('a');"],
    ['test/a.test.ts', "test.runIf(ready)('a', () => {});"],
    ['test/a.test.ts', "test('a', (context) => context.skip());"],
    ['test/a.test.ts', "xit('a', () => {});"],
  ])('a banned word in %s: %s', (path, text) => {
    expect(wordFindings(parse(path, text))).toHaveLength(1);
  });

  test.each<[string, string]>([
    ['src/frames/a.ts', '// Date.now() is a clock\nconst a = "Math.random()";'],
    ['src/frames/a.ts', 'const t = new Date(us / 1000).toISOString();'],
    ['src/sources/a.ts', 'const t = Date.now(); setTimeout(work, 1);'],
    ['src/cli/main.ts', 'process.exit(0);'],
    ['src/cli/report.ts', 'console.log(text);'],
    ['src/operators/a.ts', "import { skip } from 'rxjs'; source.pipe(skip(1));"],
    ['src/sinks/a.ts', '// biome-ignore lint/suspicious/noExplicitAny: any kind\nlet a: any;'],
  ])('but passes in %s: %s', (path, text) => {
    expect(wordFindings(parse(path, text))).toEqual([]);
  });

  test('the host of a package registry, and an address in the lockfile', () => {
    const host = ['registry', 'npmjs', 'org'].join('.');
    const of = (path: string, text: string): SourceText[] => [{ path, text }];
    const [finding] = registryFindings(of('docs/a.md', `one\ntwo https://${host}/x\n`));
    expect(finding).toMatchObject({ path: 'docs/a.md', line: 2 });
    const lock = '{\n"resolved": "https://mirror.example/a.tgz"\n}';
    expect(registryFindings(of('package-lock.json', lock))).toHaveLength(1);
    expect(registryFindings(of('package-lock.json', '{ "resolved": "file:a" }'))).toEqual([]);
  });

  test.each<[string, string]>([
    ['src/frames/all.ts', "export * from './a.ts';\nexport { b } from './b.ts';"],
    ['src/frames/index.ts', 'export const a = 1;'],
    ['pipelines/index.ts', 'export default a;'],
  ])('a barrel: %s', (path, text) => {
    expect(barrelFindings(parse(path, text))).toHaveLength(1);
  });

  test.each<[string]>([['export default 1;'], ['export default function a() {}']])(
    'a default export in src: %s',
    (text) => {
      expect(defaultExportFindings(parse('src/frames/a.ts', text))).toHaveLength(1);
      expect(defaultExportFindings(parse('pipelines/a.ts', text))).toEqual([]);
    },
  );

  test.each(['src/utils/a.ts', 'test/helpers/b/a.ts', 'src/cli/common/a.md'])(
    'a folder for anything: %s',
    (path) => {
      expect(folderFindings([{ path, text: '' }])).toHaveLength(1);
    },
  );

  test('a file that nothing imports', () => {
    const files = parseAll([
      { path: 'src/cli/main.ts', text: "import { b } from './b.ts';" },
      { path: 'src/cli/b.ts', text: "new Worker(new URL('./worker.ts', import.meta.url));" },
      { path: 'src/cli/worker.ts', text: 'export const a = 1;' },
      { path: 'src/operators/c.ts', text: 'export const c = 1;' },
      { path: 'pipelines/p.ts', text: "import { c } from '../src/operators/c.ts';" },
      { path: 'src/cli/alone.ts', text: "import { b } from './b.ts';" },
      { path: 'src/cli/excused.ts', text: 'export const d = 1;' },
    ]);
    const excused = { 'src/cli/excused.ts': 'a reason' };
    const reach = findOrphans(files, ['src/cli/main.ts'], excused);
    expect(reach.orphans.map(({ path }) => path)).toEqual(['src/cli/alone.ts']);
    expect(reach.missing).toEqual([]);
    const broken = findOrphans(files, ['src/cli/main.ts', 'src/gone.ts'], excused);
    expect(listed(broken.missing)).toEqual([
      'src/gone.ts:1: needs src/gone.ts, which is not there',
    ]);
  });
});
