import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { main } from 'assemblyscript/asc';

/**
 * npm run kernels: compiles assembly/columns.ts and writes it down as a module that any build of
 * the package takes along. test/kernels-source.test.ts fails where that is stale.
 */
const ROOT = join(import.meta.dirname, '..');
const OUTPUT = 'src/kernels/columns-wasm.ts';
const CHARS_A_LINE = 92;

const FLAGS = [
  ...['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--use', 'abort='],
  ...['--enable', 'simd', '--importMemory', '--initialMemory', '1'],
];

/** The text of the module that holds the compiled kernels. */
export async function compiledKernels(): Promise<string> {
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await main(['assembly/columns.ts', '-o', 'columns.wasm', ...FLAGS], {
    baseDir: ROOT,
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) wasm = contents as unknown as Uint8Array;
    },
  });
  if (error !== null) throw new Error(`assembly/columns.ts: ${error.message}\n${stderr}`);
  if (wasm === undefined) throw new Error('assembly/columns.ts: the compiler wrote nothing');
  const text = Buffer.from(wasm).toString('base64');
  const lines = text.match(new RegExp(`.{1,${CHARS_A_LINE}}`, 'g')) ?? [];
  const shown = lines.map((line) => `  '${line}',`).join('\n');
  return [
    '/** assembly/columns.ts as WebAssembly, base64: written by `npm run kernels`. */',
    `export const COLUMNS_WASM = [\n${shown}\n].join('');\n`,
  ].join('\n');
}

if (import.meta.main) writeFileSync(join(ROOT, OUTPUT), await compiledKernels());
