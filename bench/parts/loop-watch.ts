/**
 * Loaded into a process under measurement: CPU time that its main thread used between two ticks of
 * a timer of 2 ms. Where the event loop is held, that is how long, and unlike a clock it does not
 * count what other processes took of the machine meanwhile. Written at the end, ms, as JSON.
 * Usage: node --import loop-watch.ts …, with the file's name in LOOP_WATCH_FILE
 */
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const TICK_MS = 2;
/** Shorter ones are no holds. */
const SHOWN_MS_MIN = 3;

const file = process.env['LOOP_WATCH_FILE'];
if (isMainThread && file !== undefined) {
  const longMs: number[] = [];
  let usedMs = used();
  const start = (): void => {
    longMs.length = 0;
  };
  // What compiles at the start is no part of the figure: the one who measures says from when on.
  process.on('SIGUSR2', start);
  setInterval(() => {
    const nowMs = used();
    if (nowMs - usedMs >= SHOWN_MS_MIN) longMs.push(nowMs - usedMs);
    usedMs = nowMs;
  }, TICK_MS).unref();
  process.on('exit', () => writeFileSync(file, JSON.stringify(longMs)));
}

function used(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
