import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { serviceBinary } from '../../scripts/services/service-binary.ts';

export const PACKAGE = join(import.meta.dirname, '../../emitters/python');
const ENV = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
const RUN_MS_MAX = 220_000;

/** Runs Python with the package installed to its end; throws with what it wrote where it fails. */
export async function runPython(args: readonly string[]): Promise<string> {
  const python = serviceBinary('python-emitter-venv');
  const options = { cwd: PACKAGE, env: ENV, timeout: RUN_MS_MAX, maxBuffer: 16 * 1024 * 1024 };
  try {
    const { stdout } = await promisify(execFile)(python, args, options);
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`python ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause: error });
  }
}

export function startPython(args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(serviceBinary('python-emitter-venv'), args, { cwd: PACKAGE, env: ENV });
}

/** What an emitter says of itself. */
export interface PythonStats {
  readonly published_frames: number;
  readonly published_samples: number;
  readonly dropped_frames: Readonly<Record<string, number>>;
  readonly dropped_samples: Readonly<Record<string, number>>;
  readonly buffered_frames: number;
  readonly buffered_bytes: number;
  readonly connected: boolean;
  readonly reconnects: number;
}

/** A Python program that does one thing after another with the package: host.py. */
export class PythonHost {
  private readonly child = startPython([join(import.meta.dirname, 'host.py')]);
  private readonly lines = createInterface({ input: this.child.stdout });
  private readonly answers = this.lines[Symbol.asyncIterator]();
  private errors = '';

  constructor() {
    this.child.stderr.on('data', (chunk) => {
      this.errors += chunk;
    });
  }

  /** All that it has written to stderr so far. */
  get log(): string {
    return this.errors;
  }

  async call<T>(command: string, args: Record<string, unknown> = {}): Promise<T> {
    this.child.stdin.write(`${JSON.stringify({ command, arguments: args })}\n`);
    const { done, value } = await this.answers.next();
    if (done) throw new Error(`${command}: the host ended:\n${this.errors}`);
    const answer = JSON.parse(value) as { value?: T; error?: string };
    if (answer.error !== undefined) throw new Error(`${command}: ${answer.error}\n${this.errors}`);
    return answer.value as T;
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }
}
