import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FileLock, LockedError } from '../../component/file-lock.ts';
import type { Log } from '../../telemetry/log.ts';
import { ConfigError } from '../config/config-error.ts';

/** @throws ConfigError where another process keeps its state there */
export function lockState(folder: string, log: Pick<Log, 'warn'>): FileLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    const lock = FileLock.take(join(folder, 'service.lock'), Date.now());
    if (!lock.isHeld) log.warn(`no room in ${folder}: not even for a lock, so nothing guards it`);
    return lock;
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    throw new ConfigError(
      `state: ${folder} is in use by ${error.message}: stop that one, or name another folder with \
--state`,
    );
  }
}
