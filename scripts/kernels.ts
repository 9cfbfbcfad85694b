import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * npm run kernels: compiles assembly/columns.ts and writes it down as a module that any build of
 * the package takes along. test/kernels.test.ts fails where that is stale.
 */
const ROOT = join(import.meta.dirname, '..');
const COMPILER = 'node_modules/assemblyscript/bin/asc.js';
const SOURCE = 'assembly/columns.ts';
const OUTPUT = 'src/kernels/columns-wasm.ts';
const CHARS_A_LINE = 92;

const FLAGS = [
  ...['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--use', 'abort='],
  ...['--enable', 'simd', '--importMemory', '--initialMemory', '1'],
];

/** The text of the module that holds the compiled kernels. */
export function compiledKernels(): string {
  const text = compile().toString('base64');
  const lines = text.match(new RegExp(`.{1,${CHARS_A_LINE}}`, 'g')) ?? [];
  const shown = lines.map((line) => `  '${line}',`).join('\n');
  return [
    `/** ${SOURCE} as WebAssembly, base64: written by \`npm run kernels\`. */`,
    `export const COLUMNS_WASM = [\n${shown}\n].join('');\n`,
  ].join('\n');
}

function compile(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'spikescope-kernels-'));
  const wasm = join(folder, 'columns.wasm');
  try {
    const args = [join(ROOT, COMPILER), SOURCE, '--outFile', wasm, ...FLAGS];
    execFileSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
    return readFileSync(wasm);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.main) writeFileSync(join(ROOT, OUTPUT), compiledKernels());
