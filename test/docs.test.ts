import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generatedDocs } from '../scripts/docs/generated.ts';
import { COMMON_FIELDS, WIRE_SHAPES } from './frames/wire-fields.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGES = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'].map((name) => join(ROOT, name)),
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(ROOT, 'docs', name)),
  ...readdirSync(join(ROOT, 'docs/runbooks')).map((name) => join(ROOT, 'docs/runbooks', name)),
];

const generated = await generatedDocs();

it('keeps no runbook or dashboard of what is no more', () => {
  const written = new Set(generated.map(({ path }) => path));
  for (const folder of ['docs/runbooks', 'monitoring/grafana/dashboards']) {
    const there = readdirSync(join(ROOT, folder)).map((name) => join(ROOT, folder, name));
    expect(there.filter((path) => !written.has(path))).toEqual([]);
  }
});

it.each(generated)('$path is as npm run docs writes it', ({ path, text }) => {
  expect(readFileSync(path, 'utf8')).toBe(text);
});

describe.each(PAGES)('%s', (page) => {
  const text = readFileSync(page, 'utf8');

  it('links to files that are there', () => {
    const targets = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)];
    for (const [, target] of targets) {
      const path = join(dirname(page), target as string);
      expect(() => readFileSync(path), `${page}: ${target}`).not.toThrow();
    }
  });
});

describe('docs/wire.md', () => {
  const text = readFileSync(join(ROOT, 'docs/wire.md'), 'utf8');
  const section = (kind: string) => text.split(`\n### \`${kind}\``)[1]?.split(/\n#{2,3} /)[0] ?? '';
  const fieldsOf = (part: string) =>
    new Set([...part.matchAll(/^\| `([a-z0-9_]+)` \|/gm)].map((match) => match[1] as string));

  it('lists the common fields', () => {
    const part = text.split('\n## Common fields')[1]?.split('\n## ')[0] ?? '';
    const names = ['v', 'kind', ...COMMON_FIELDS.map((field) => field.name)];
    expect([...fieldsOf(part)].sort()).toEqual(names.sort());
  });

  it.each([...new Set(WIRE_SHAPES.map((shape) => shape.kind))])(
    'lists the fields of %s',
    (kind) => {
      const names = WIRE_SHAPES.filter((shape) => shape.kind === kind).flatMap((shape) => [
        ...Object.keys(shape.fixed),
        ...shape.fields.map((field) => field.name),
      ]);
      expect([...fieldsOf(section(kind))].sort()).toEqual([...new Set(names)].sort());
    },
  );
});
