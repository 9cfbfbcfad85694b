/**
 * npm run docs: writes the generated pages and tables of docs/. Usage: node scripts/docs.ts
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { generatedDocs } from './docs/generated.ts';

for (const { path, text } of await generatedDocs()) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
