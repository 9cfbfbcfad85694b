/** Writes the published JSON Schemas into docs/. Usage: node scripts/write-schemas.ts */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { analysisSchema } from '../src/analysis/result.ts';

const root = join(import.meta.dirname, '..');
const path = join(root, 'docs/analyze.schema.json');
writeFileSync(path, `${JSON.stringify(z.toJSONSchema(analysisSchema), null, 2)}\n`);
execFileSync(join(root, 'node_modules/.bin/biome'), ['format', '--write', path]);
