import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pageScript } from '../src/http/page-files.ts';

/**
 * Copies to dist/ what the compiler leaves where it is: the live page's own files, its modules as
 * browsers run them. Part of `npm run build`.
 */
const ROOT = join(import.meta.dirname, '..');
for (const path of globSync('{src,pipelines}/**/*.{css,js,html,svg,png,ico,json}', { cwd: ROOT })) {
  cpSync(join(ROOT, path), join(ROOT, 'dist', path));
}
for (const path of globSync('src/page/**/*.ts', { cwd: ROOT })) {
  const to = join(ROOT, 'dist', path.replace(/\.ts$/, '.js'));
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, pageScript(readFileSync(join(ROOT, path), 'utf8')));
}
