import { cpSync, globSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Copies to dist/ what the compiler leaves where it is: the live page's own files. Part of
 * `npm run build`.
 */
const ROOT = join(import.meta.dirname, '..');
for (const path of globSync('{src,pipelines}/**/*.{css,js,html,svg,png,ico,json}', { cwd: ROOT })) {
  cpSync(join(ROOT, path), join(ROOT, 'dist', path));
}
