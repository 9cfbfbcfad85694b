import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './program.ts';
import type { Service } from './service.ts';

const REQUIREMENTS = join(
  import.meta.dirname,
  '..',
  '..',
  'test',
  'integration',
  'requirements.txt',
);

/** Python as a lab's emitter has it; other requirements are another folder. */
export const PYTHON_VENV: Service = {
  name: 'python-venv',
  version: createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12),
  binary: join('bin', 'python'),
  check: {
    args: ['-c', 'import msgpack, nats, numpy; print("imports work")'],
    prints: 'imports work',
  },
  async fetch(into) {
    await runProgram('python3', ['-m', 'venv', into]);
    const python = join(into, 'bin', 'python');
    const options = ['--quiet', '--only-binary', ':all:', '--requirement', REQUIREMENTS];
    await runProgram(python, ['-m', 'pip', 'install', ...options]);
  },
};
