import type { Timers } from '../../src/component/timers.ts';

/** A clock that goes on when a test says so, and calls back what is due on the way. */
export class ManualTimers implements Timers {
  private clockMs = 0;
  private readonly waiting = new Map<
    symbol,
    { readonly dueMs: number; readonly call: () => void }
  >();

  nowMs(): number {
    return this.clockMs;
  }

  after(ms: number, callback: () => void): () => void {
    const id = Symbol('timer');
    this.waiting.set(id, { dueMs: this.clockMs + ms, call: callback });
    return () => this.waiting.delete(id);
  }

  get waits(): number {
    return this.waiting.size;
  }

  /** Goes on by that time; what callbacks start asynchronously has its turn after each. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.clockMs + ms;
    await settled();
    for (let next = this.nextBy(untilMs); next !== undefined; next = this.nextBy(untilMs)) {
      const { dueMs, call } = this.waiting.get(next) ?? { dueMs: untilMs, call: () => {} };
      this.waiting.delete(next);
      this.clockMs = Math.max(this.clockMs, dueMs);
      call();
      await settled();
    }
    this.clockMs = untilMs;
  }

  /** The clock goes on and nothing is called: the process is held up. */
  hold(ms: number): void {
    this.clockMs += ms;
  }

  private nextBy(untilMs: number): symbol | undefined {
    let first: symbol | undefined;
    let firstMs = untilMs;
    for (const [id, { dueMs }] of this.waiting) {
      if (dueMs > firstMs || (dueMs === firstMs && first !== undefined)) continue;
      first = id;
      firstMs = dueMs;
    }
    return first;
  }
}

/** Lets promises that can settle do so. */
async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}
