import { readdirSync, readFileSync } from 'node:fs';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** A file of the live page as it is served. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  readonly gzip: Buffer;
}

const FOLDER = join(import.meta.dirname, '../page');
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Packages that the page's modules import, and where they are served. */
const PACKAGES: Readonly<Record<string, string>> = {
  preact: '/page/vendor/preact.js',
  'preact/hooks': '/page/vendor/preact-hooks.js',
  uplot: '/page/vendor/uplot.js',
};

/** Every file of the page by its path; read and prepared once. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  const add = (path: string, text: string | Buffer) => {
    const body = Buffer.from(text);
    const type = TYPES[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
    files.set(path, { type, body, gzip: gzipSync(body, { level: 9 }) });
  };
  for (const name of readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })) {
    const [, ending] = /\.(ts|js|css|html|svg)$/.exec(name) ?? [];
    if (ending === undefined || name.endsWith('.d.ts')) continue;
    const text = readFileSync(join(FOLDER, name), 'utf8');
    const path = `/page/${name.replaceAll('\\', '/').replace(/\.ts$/, '.js')}`;
    add(path, ending === 'ts' ? pageScript(text) : text);
  }
  for (const [path, text] of vendorFiles()) add(path, text);
  return files;
}

/**
 * What a browser runs of a module of the page: its types blanked out, and its imports as addresses.
 * The repository serves this as it is asked for; the package holds it as a file.
 */
export function pageScript(text: string): string {
  const { emitWarning } = process;
  // Stripping is what runs this very program; Node would say on stderr that it may change.
  process.emitWarning = () => {};
  try {
    return withAddresses(stripTypeScriptTypes(text).replace(/[ \t]+$/gm, ''));
  } finally {
    process.emitWarning = emitWarning;
  }
}

function withAddresses(script: string): string {
  return script.replace(/(\bfrom\s*)(['"])([^'"]+)\2/g, (_, from: string, _quote, name: string) => {
    return `${from}'${PACKAGES[name] ?? name.replace(/\.ts$/, '.js')}'`;
  });
}

/** What other people wrote, as their packages have it. */
function vendorFiles(): [path: string, text: string][] {
  const { resolve } = createRequire(import.meta.url);
  const read = (path: string) => readFileSync(path, 'utf8').replace(/\n\/\/# source.*\s*$/, '\n');
  const preact = dirname(dirname(resolve('preact')));
  const uplot = dirname(resolve('uplot'));
  return [
    ['/page/vendor/preact.js', read(join(preact, 'dist/preact.module.js'))],
    [
      '/page/vendor/preact-hooks.js',
      withAddresses(read(join(preact, 'hooks/dist/hooks.module.js'))),
    ],
    ['/page/vendor/uplot.js', `${read(join(uplot, 'uPlot.iife.min.js'))};export default uPlot;\n`],
    ['/page/vendor/uplot.css', read(join(uplot, 'uPlot.min.css'))],
  ];
}
