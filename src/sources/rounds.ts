import type { Timers } from '../component/timers.ts';

export interface RoundsParts {
  readonly timers: Timers;
  /** Between two rounds at most. */
  readonly everyMs: number;
  /** One round; gives how long nothing is due. What it throws is a fault of the program. */
  readonly round: (nowMs: number) => number;
  readonly failed: (error: unknown) => void;
}

/** What is due within the same stretch is one round. */
const ROUND_MS_MIN = 5;

/**
 * Rounds by a timer, no further apart than asked for, earlier when something is due; and a clock
 * for what they judge, which does not go on while the process is held up.
 */
export class Rounds {
  private readonly parts: RoundsParts;
  private clockMs = 0;
  private lookedMs: number;
  private endedMs: number;
  private hasFailed = false;
  private isRunning = false;
  private callOff: (() => void) | undefined;
  private dueMs = 0;

  constructor(parts: RoundsParts) {
    this.parts = parts;
    this.lookedMs = parts.timers.nowMs();
    this.endedMs = this.lookedMs;
  }

  start(): void {
    this.isRunning = true;
    this.lookedMs = this.parts.timers.nowMs();
    this.endedMs = this.lookedMs;
    this.wakeIn(0);
  }

  stop(): void {
    this.isRunning = false;
    this.callOff?.();
    this.callOff = undefined;
  }

  /** The last round, or a check since, failed. */
  get isFailing(): boolean {
    return this.hasFailed;
  }

  /** Since the last round that went well. */
  get ageMs(): number {
    return this.parts.timers.nowMs() - this.endedMs;
  }

  /**
   * The clock. What a process that was held up did not read in time is no silence: of a long
   * stretch between two looks only as much counts as rounds are apart.
   */
  look(): number {
    const nowMs = this.parts.timers.nowMs();
    this.clockMs += Math.min(nowMs - this.lookedMs, 2 * this.parts.everyMs);
    this.lookedMs = nowMs;
    return this.clockMs;
  }

  /** The clock at the last look. */
  get nowMs(): number {
    return this.clockMs;
  }

  /** A round by then. Where rounds fail they are not hurried. */
  wakeIn(ms: number): void {
    if (!this.isRunning) return;
    const { timers, everyMs } = this.parts;
    const waitMs = Math.max(ms, this.hasFailed ? everyMs : ROUND_MS_MIN);
    const dueMs = timers.nowMs() + waitMs;
    if (this.callOff !== undefined && this.dueMs <= dueMs) return;
    this.callOff?.();
    this.dueMs = dueMs;
    this.callOff = timers.after(waitMs, () => {
      this.callOff = undefined;
      this.run();
    });
  }

  fail(error: unknown): void {
    this.hasFailed = true;
    this.parts.failed(error);
  }

  private run(): void {
    const { timers, everyMs, round } = this.parts;
    let nextMs = everyMs;
    try {
      nextMs = Math.min(nextMs, round(this.look()));
      this.endedMs = timers.nowMs();
      this.hasFailed = false;
    } catch (error) {
      this.fail(error);
    }
    this.wakeIn(nextMs);
  }
}
