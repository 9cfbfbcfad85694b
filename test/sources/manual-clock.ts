import { setImmediate as turn } from 'node:timers/promises';
import type { ScheduleClock } from '../../src/sources/benchmark-schedule.ts';

interface Waiter {
  readonly timeMs: number;
  readonly wake: () => void;
}

/** A clock that goes on only when a test says so. */
export class ManualClock implements ScheduleClock {
  private timeMs: number;
  private readonly waiters = new Set<Waiter>();

  constructor(timeMs: number) {
    this.timeMs = timeMs;
  }

  nowMs(): number {
    return this.timeMs;
  }

  until(timeMs: number, signal: AbortSignal): Promise<void> {
    if (timeMs <= this.timeMs || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.waiters.delete(waiter);
        resolve();
      };
      const waiter = { timeMs, wake };
      this.waiters.add(waiter);
      signal.addEventListener('abort', waiter.wake, { once: true });
    });
  }

  /** Goes on to a time; what waits for one before it sees the clock at its own time. */
  async to(timeMs: number): Promise<void> {
    for (;;) {
      await settled();
      const due = [...this.waiters].filter((waiter) => waiter.timeMs <= timeMs);
      const next = Math.min(...due.map((waiter) => waiter.timeMs));
      if (due.length === 0) break;
      this.timeMs = Math.max(this.timeMs, next);
      for (const waiter of due) if (waiter.timeMs === next) waiter.wake();
    }
    this.timeMs = timeMs;
    await settled();
  }

  /** As when somebody sets a clock: those who wait are told where it goes back. */
  async set(timeMs: number): Promise<void> {
    const isBack = timeMs < this.timeMs;
    this.timeMs = timeMs;
    if (isBack) for (const { wake } of [...this.waiters]) wake();
    await settled();
  }
}

/** Whatever can go on without the clock has done so. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn();
}
