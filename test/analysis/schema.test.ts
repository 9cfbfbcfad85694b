import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { analysisSchema } from '../../src/analysis/result.ts';

type Json = { readonly [key: string]: Json } | readonly Json[] | string | number | boolean | null;

/** Names of properties in a JSON Schema, at any depth. */
function keysOf(schema: Json): string[] {
  if (schema === null || typeof schema !== 'object') return [];
  if (Array.isArray(schema)) return schema.flatMap(keysOf);
  return Object.entries(schema as { [key: string]: Json }).flatMap(([name, value]) =>
    name === 'properties' ? [...Object.keys(value as object), ...keysOf(value)] : keysOf(value),
  );
}

describe('the published schema', () => {
  const published = JSON.parse(readFileSync('docs/analyze.schema.json', 'utf8')) as Json;

  it('is the one that results are checked with (else: node scripts/write-schemas.ts)', () => {
    expect(published).toEqual(JSON.parse(JSON.stringify(z.toJSONSchema(analysisSchema))));
  });

  it('has no key that docs/analyze.md does not explain', () => {
    const text = readFileSync('docs/analyze.md', 'utf8');
    // Of an incident the design says what it is; no detector makes one yet.
    const incidents = (published as { properties: { incidents: Json } }).properties.incidents;
    const later = new Set(keysOf(incidents));
    const keys = keysOf(published).filter((key) => !later.has(key) && !/^[\d.]+$/.test(key));
    expect(keys.length).toBeGreaterThan(40);
    const unnamed = keys.filter((key) => !new RegExp(`\\b${key}\\b`).test(text));
    expect(unnamed).toEqual([]);
  });
});
