import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FileLock, LockedError } from '../component/file-lock.ts';
import { ConfigError } from './config/config-error.ts';

/** @throws ConfigError where another process keeps its state there */
export function lockState(folder: string): FileLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    return FileLock.take(join(folder, 'service.lock'), Date.now());
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    throw new ConfigError(
      `state: ${folder} is in use by ${error.message}: stop that one, or name another folder with \
--state`,
    );
  }
}
