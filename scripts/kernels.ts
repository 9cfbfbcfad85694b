import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * npm run kernels: compiles what is in assembly/ and writes it down as modules that any build of
 * the package takes along. test/kernels.test.ts fails where one is stale.
 */
const ROOT = join(import.meta.dirname, '..');
const COMPILER = 'node_modules/assemblyscript/bin/asc.js';
const KERNEL_MODULES = ['columns', 'objects'] as const;
const CHARS_A_LINE = 92;

const FLAGS = [
  ...['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--use', 'abort='],
  ...['--enable', 'simd', '--importMemory', '--initialMemory', '1'],
];

/** The text of the module that holds the compiled kernels of assembly/<name>.ts. */
export function compiledKernels(name: string = 'columns'): string {
  const source = `assembly/${name}.ts`;
  const text = compile(source).toString('base64');
  const lines = text.match(new RegExp(`.{1,${CHARS_A_LINE}}`, 'g')) ?? [];
  const shown = lines.map((line) => `  '${line}',`).join('\n');
  return [
    `/** ${source} as WebAssembly, base64: written by \`npm run kernels\`. */`,
    `export const ${name.toUpperCase()}_WASM = [\n${shown}\n].join('');\n`,
  ].join('\n');
}

function compile(source: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'spikescope-kernels-'));
  const wasm = join(folder, 'kernels.wasm');
  try {
    const args = [join(ROOT, COMPILER), source, '--outFile', wasm, ...FLAGS];
    execFileSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
    return readFileSync(wasm);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.main) {
  for (const name of KERNEL_MODULES) {
    writeFileSync(join(ROOT, `src/kernels/${name}-wasm.ts`), compiledKernels(name));
  }
}
