import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { until } from './until.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');

/** The reference executor as a user starts it, in a process of its own. */
export interface ExecutorProcess {
  readonly child: ChildProcess;
  /** All that it has written to stderr so far. */
  log(): string;
  /** Ends it; gives the exit code, null where a signal ended it, when all it wrote is here. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

/** Resolves when it takes requests. */
export async function startExecutor(...args: readonly string[]): Promise<ExecutorProcess> {
  const child = spawn(process.execPath, [MAIN, 'benchmark-executor', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const closed = new Promise<number | null>((resolve) => {
    child.once('close', (code) => resolve(code));
  });
  const executor: ExecutorProcess = {
    child,
    log: () => log,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return await closed;
    },
  };
  try {
    await until('the executor listens', () => log.includes('listening on'), executor.log);
  } catch (error) {
    await executor.stop('SIGKILL');
    throw error;
  }
  return executor;
}
