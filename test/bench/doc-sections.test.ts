import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { replaceSection, requireSections, writeSections } from '../../bench/doc-sections.ts';
import { WORKLOADS } from '../../bench/peers/workloads.ts';

const TEXT = `# A
<!-- measured: one -->
old
<!-- end of measured: one -->
between
<!-- measured: two -->
<!-- end of measured: two -->
`;

test('a section is replaced between its marks, and nothing else', () => {
  const text = replaceSection(TEXT, 'one', 'new $& line\n');
  expect(text).toBe(TEXT.replace('old', () => 'new $& line'));
  expect(replaceSection(text, 'one', 'old')).toBe(TEXT);
});

test.each([
  ['three', TEXT],
  ['one', TEXT + TEXT],
  ['one', TEXT.replace('<!-- end of measured: one -->', '')],
])('a document without the section %s, once and whole, is refused', (name, text) => {
  expect(() => replaceSection(text, name, 'new')).toThrow(`no section "${name}"`);
});

test('a document is written whole or not at all', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spikescope-sections-'));
  const file = join(folder, 'doc.md');
  try {
    writeFileSync(file, TEXT);
    const wrong = new Map([
      ['one', 'a'],
      ['three', 'b'],
    ]);
    expect(() => writeSections(wrong, file)).toThrow('three');
    expect(readFileSync(file, 'utf8')).toBe(TEXT);
    writeSections(
      new Map([
        ['one', 'a'],
        ['two', 'b'],
      ]),
      file,
    );
    expect(readFileSync(file, 'utf8')).toContain('one -->\na\n<!--');
    expect(readFileSync(file, 'utf8')).toContain('two -->\nb\n<!--');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('docs/benchmarks.md has a place for all that is written into it', () => {
  const parts = ['quick', 'growth', 'latency', 'flame', 'nats', 'jetstream', 'page'];
  requireSections([...parts, ...WORKLOADS.map(({ name }) => `peers ${name}`)]);
  expect(() => requireSections(['there is none'])).toThrow('there is none');
});
