/** Writes the published JSON Schemas into docs/. Usage: node scripts/write-schemas.ts */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { comparisonSchema } from '../src/analysis/compare/result.ts';
import { analysisSchema } from '../src/analysis/result.ts';

const root = join(import.meta.dirname, '..');
for (const [name, schema] of [
  ['analyze', analysisSchema],
  ['compare', comparisonSchema],
] as const) {
  const path = join(root, `docs/${name}.schema.json`);
  writeFileSync(path, `${JSON.stringify(z.toJSONSchema(schema), null, 2)}\n`);
  execFileSync(join(root, 'node_modules/.bin/biome'), ['format', '--write', path]);
}
