import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SAVED_SEARCHES } from '../scripts/docs/kibana.ts';
import { INDEX_FIELDS, INDEX_NAMES, type IndexName } from '../src/sinks/documents/indices.ts';

/** That it is as it would be written is for test/docs.test.ts to say; this is what Kibana needs. */
const FILE = join(import.meta.dirname, '../monitoring/kibana/spikescope.ndjson');

interface SavedObject {
  readonly id: string;
  readonly type: string;
  readonly references: readonly { readonly id: string; readonly name: string; type: string }[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

const text = readFileSync(FILE, 'utf8');
const objects = text
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as SavedObject);
const views = objects.filter(({ type }) => type === 'index-pattern');
const searches = objects.filter(({ type }) => type === 'search');

it('has one object a line, each with an id of its own', () => {
  expect(text.endsWith('}\n')).toBe(true);
  expect(new Set(objects.map(({ id }) => id)).size).toBe(objects.length);
  expect(views.length + searches.length).toBe(objects.length);
});

it('has a data view for each index, by the time of its documents', () => {
  const titles = views.map(({ attributes }) => attributes['title']);
  expect(titles).toEqual(INDEX_NAMES.map((index) => `spikeformer-${index}*`));
  for (const { attributes } of views) expect(attributes['timeFieldName']).toBe('timestamp');
});

it('brings every object before those that refer to it', () => {
  for (const [at, { references, attributes, type }] of objects.entries()) {
    if (type !== 'search') continue;
    const [view] = references;
    expect(objects.findIndex(({ id }) => id === view?.id)).toBeLessThan(at);
    expect(view?.type).toBe('index-pattern');
    const meta = attributes['kibanaSavedObjectMeta'] as { readonly searchSourceJSON: string };
    const source = JSON.parse(meta.searchSourceJSON) as { readonly indexRefName: string };
    expect(source.indexRefName).toBe(view?.name);
  }
});

it('asks for fields that there are, and for values of their types', () => {
  expect(searches).toHaveLength(SAVED_SEARCHES.length);
  for (const { index, having, columns } of SAVED_SEARCHES) {
    const fields = INDEX_FIELDS[index as IndexName];
    for (const name of [...columns, ...Object.keys(having)])
      expect(Object.keys(fields)).toContain(name);
    for (const [name, values] of Object.entries(having)) {
      const type = fields[name] === 'truth' ? 'boolean' : 'string';
      expect(['name', 'guideName', 'truth']).toContain(fields[name]);
      for (const value of values) expect(typeof value).toBe(type);
    }
  }
});
