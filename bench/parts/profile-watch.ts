/**
 * Loaded into a process under measurement: a CPU profile of its main thread from one SIGUSR2 to the
 * next, written as JSON.
 * Usage: node --import profile-watch.ts …, with the file's name in PROFILE_FILE
 */
import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { isMainThread } from 'node:worker_threads';

const INTERVAL_US = 200;

const file = process.env['PROFILE_FILE'];
if (isMainThread && file !== undefined) {
  const session = new Session();
  let isRunning = false;
  const turn = async (): Promise<void> => {
    if (!isRunning) {
      isRunning = true;
      session.connect();
      await session.post('Profiler.enable');
      await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
      await session.post('Profiler.start');
      return;
    }
    const { profile } = await session.post('Profiler.stop');
    // Whole or not at all: somebody waits for it.
    writeFileSync(`${file}.part`, JSON.stringify(profile));
    renameSync(`${file}.part`, file);
  };
  process.on('SIGUSR2', () => {
    turn().catch((error: unknown) => {
      throw error;
    });
  });
}
