import { expect, it } from 'vitest';
import { BackgroundCheck } from '../../src/health/background-check.ts';
import { ManualTimers } from '../component/manual-timers.ts';

type Probe = (signal: AbortSignal, run: number) => Promise<number>;

/** A check every 30 s, 60 s after a failure, of at most 5 s. */
function checked(probe: Probe) {
  const timers = new ManualTimers();
  const ranAtS: number[] = [];
  const changes: string[] = [];
  const check = new BackgroundCheck<number>({
    probe: async (signal) => {
      ranAtS.push(timers.nowMs() / 1000);
      return await probe(signal, ranAtS.length);
    },
    timers,
    everyMs: 30_000,
    retryMs: 60_000,
    timeoutMs: 5000,
    initial: 0,
    failed: -1,
    changed: (error) => changes.push(error instanceof Error ? error.message : String(error)),
  });
  return { check, timers, ranAtS, changes };
}

it('has what the last check found, and checks every 30 s', async () => {
  const at = checked(async (_, run) => run);
  expect(at.check.value).toBe(0);
  const started = at.check.start();
  await at.timers.advance(0);
  await started;
  expect(at.check.value).toBe(1);
  await at.timers.advance(65_000);
  expect(at.ranAtS).toEqual([0, 30, 60]);
  expect(at.check.value).toBe(3);
  expect(at.changes).toEqual([]);
});

it('is failed by one that throws, tries again after 60 s, and says so once', async () => {
  const at = checked(async (_, run) => {
    if (run < 4) throw new Error(`no ${run}`);
    return run;
  });
  void at.check.start();
  await at.timers.advance(1);
  expect(at.check.value).toBe(-1);
  await at.timers.advance(200_000);
  expect(at.ranAtS).toEqual([0, 60, 120, 180]);
  expect(at.check.value).toBe(4);
  expect(at.changes).toEqual(['no 1', 'undefined']);
});

it('gives one that could not be heard while the process was held up its time again', async () => {
  const slow = Promise.withResolvers<number>();
  const at = checked((_, run) => (run === 1 ? slow.promise : new Promise(() => {})));
  void at.check.start();
  at.timers.hold(20_000);
  await at.timers.advance(1);
  expect(at.check.value).toBe(0);
  slow.resolve(7);
  await at.timers.advance(1);
  expect([at.check.value, at.changes]).toEqual([7, []]);
  // It is given up where the process only looks once more.
  await at.timers.advance(30_000);
  at.timers.hold(20_000);
  await at.timers.advance(5001);
  expect(at.check.value).toBe(-1);
  expect(at.changes).toEqual(['took longer than 5 s']);
});

it('gives up one that takes too long, tells it so, and does not take its late word', async () => {
  let isAborted = false;
  const slow = Promise.withResolvers<number>();
  const at = checked(async (signal) => {
    signal.addEventListener('abort', () => {
      isAborted = true;
    });
    return await slow.promise;
  });
  const started = at.check.start();
  await at.timers.advance(4999);
  expect([at.check.value, isAborted]).toEqual([0, false]);
  await at.timers.advance(1);
  await started;
  expect([at.check.value, isAborted]).toEqual([-1, true]);
  slow.resolve(7);
  await at.timers.advance(10_000);
  expect(at.check.value).toBe(-1);
  expect(at.changes).toEqual(['took longer than 5 s']);
});

it('never has two under way: one that hangs for ever is not started again', async () => {
  const at = checked(() => new Promise(() => {}));
  void at.check.start();
  await at.timers.advance(1_000_000);
  expect(at.ranAtS).toEqual([0]);
  expect(at.check.value).toBe(-1);
});

it('survives a probe that throws before it waits, or rejects with nothing', async () => {
  const at = checked((_, run) => {
    if (run === 1) throw new Error('at once');
    return Promise.reject(undefined);
  });
  void at.check.start();
  await at.timers.advance(70_000);
  expect(at.ranAtS).toEqual([0, 60]);
  expect(at.check.value).toBe(-1);
});

it('stops: no timer stays, what is under way is told, who waits is let go', async () => {
  let isAborted = false;
  const at = checked((signal) => {
    signal.addEventListener('abort', () => {
      isAborted = true;
    });
    return new Promise(() => {});
  });
  const started = at.check.start();
  at.check.stop();
  await started;
  expect([at.timers.waits, isAborted]).toEqual([0, true]);
});
