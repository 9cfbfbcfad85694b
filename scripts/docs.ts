/**
 * npm run docs: writes the generated pages and tables of docs/. Usage: node scripts/docs.ts
 */
import { writeFileSync } from 'node:fs';
import { generatedDocs } from './docs/generated.ts';

for (const { path, text } of await generatedDocs()) writeFileSync(path, text);
