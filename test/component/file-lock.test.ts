import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FileLock, LockedError } from '../../src/component/file-lock.ts';

const SINCE_MS = Date.parse('2026-11-29T08:00:00Z');
const LOCK = join(import.meta.dirname, '../../src/component/file-lock.ts');

function lockFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spikescope-lock-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'service.lock');
}

/** A process that takes the lock and keeps it until it is killed. */
async function holderProcess(file: string) {
  const program = `
    const { FileLock } = await import(${JSON.stringify(LOCK)});
    const lock = FileLock.take(${JSON.stringify(file)}, ${SINCE_MS});
    process.stdout.write('held ' + lock.isHeld);
    setInterval(() => lock.isHeld, 1e6);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [said] = await once(child.stdout, 'data');
  expect(String(said)).toBe('held true');
  return child;
}

it('is held by one, who is named to all others, until it is released', () => {
  const file = lockFile();
  expect(FileLock.holder(file)).toBeUndefined();
  const lock = FileLock.take(file, SINCE_MS);
  expect(lock.isHeld).toBe(true);
  const who = `process ${process.pid} on ${hostname()} since 2026-11-29T08:00:00.000Z`;
  expect(FileLock.holder(file)).toBe(who);
  expect(() => FileLock.take(file, SINCE_MS)).toThrow(new LockedError(who));
  // Who asks and who is refused takes nothing from who has it.
  expect(FileLock.holder(file)).toBe(who);
  lock.release();
  expect(FileLock.holder(file)).toBeUndefined();
  const again = FileLock.take(file, SINCE_MS + 1000);
  expect(FileLock.holder(file)).toContain('since 2026-11-29T08:00:01.000Z');
  again.release();
});

it('is held across processes, and goes with one that is killed', async () => {
  const file = lockFile();
  const child = await holderProcess(file);
  expect(FileLock.holder(file)).toContain(`process ${child.pid} on `);
  expect(() => FileLock.take(file, SINCE_MS)).toThrow(`process ${child.pid} on `);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(FileLock.holder(file)).toBeUndefined();
  const lock = FileLock.take(file, SINCE_MS);
  expect(FileLock.holder(file)).toContain(`process ${process.pid} on `);
  lock.release();
});

it('is held by a process that is stopped and may go on', async () => {
  const file = lockFile();
  const child = await holderProcess(file);
  child.kill('SIGSTOP');
  expect(() => FileLock.take(file, SINCE_MS)).toThrow(LockedError);
  child.kill('SIGCONT');
});

it('is no lock where the file is something else, or its folder is not there', () => {
  const file = lockFile();
  writeFileSync(file, 'a text of somebody who calls his file the same '.repeat(20));
  expect(() => FileLock.take(file, SINCE_MS)).toThrow(/not a database/);
  expect(FileLock.holder(file)).toBeUndefined();
  expect(() => FileLock.take(join(file, 'below'), SINCE_MS)).toThrow(/unable to open/);
});
