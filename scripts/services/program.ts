import { spawn } from 'node:child_process';

/** Downloads and builds that hang must not hang `npm test`. */
const RUN_MS_MAX = 15 * 60_000;
const OUTPUT_CHARS_MAX = 64 * 1024;

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/**
 * Runs a program to its end and gives what it printed; throws with its last lines where it fails.
 */
export function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...options.env },
      cwd: options.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: RUN_MS_MAX,
    });
    let printed = '';
    const keep = (chunk: Buffer) => {
      printed = `${printed}${chunk}`.slice(-OUTPUT_CHARS_MAX);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (cause) => {
      reject(new Error(`${program} could not be started: ${cause.message}`, { cause }));
    });
    child.once('close', (code, killedBy) => {
      if (code === 0) resolve(printed);
      else reject(new Error(`${program} ended with ${code ?? killedBy}: ${lastLines(printed)}`));
    });
  });
}

function lastLines(printed: string): string {
  return printed.trim().split('\n').slice(-3).join(' | ').slice(-500);
}
