import type { Timers } from '../component/timers.ts';

/** A time-out that comes later than this is no word on what is checked: the process was held up. */
const HELD_UP_MS = 1000;

export interface BackgroundCheckParts<T> {
  /** Looks once. It may fail, hang, or ignore the signal: what was known stays readable. */
  readonly probe: (signal: AbortSignal) => Promise<T>;
  readonly timers: Timers;
  readonly everyMs: number;
  /** The same after a check that failed. */
  readonly retryMs: number;
  readonly timeoutMs: number;
  /** What is read before the first check has ended. */
  readonly initial: T;
  /** What is read after one that failed, or took too long. */
  readonly failed: T;
  /** Hears why, at the first failure in a row; undefined when a check is fine again. */
  readonly changed: (error: unknown) => void;
}

/**
 * A check that goes on in the background, so that who asks only reads what it found last. One at a
 * time: one that hangs is not started again before it has ended.
 */
export class BackgroundCheck<T> {
  private readonly parts: BackgroundCheckParts<T>;
  private found: T;
  private isUnderWay = false;
  private hasFailed = false;
  private callOff: (() => void) | undefined;
  private current: AbortController | undefined;
  private isStopped = false;
  private readonly first = Promise.withResolvers<void>();

  constructor(parts: BackgroundCheckParts<T>) {
    this.parts = parts;
    this.found = parts.initial;
  }

  get value(): T {
    return this.found;
  }

  /** Begins; resolves when the first check has ended, or its time. */
  start(): Promise<void> {
    this.run();
    return this.first.promise;
  }

  /** What is under way is told so, and not waited for. */
  stop(): void {
    this.isStopped = true;
    this.callOff?.();
    this.current?.abort();
    this.first.resolve();
  }

  private run(): void {
    const { probe, timeoutMs } = this.parts;
    const late = new Error(`took longer than ${timeoutMs / 1000} s`);
    if (this.isUnderWay) {
      this.conclude(this.parts.failed, late);
      return;
    }
    this.isUnderWay = true;
    const abort = new AbortController();
    this.current = abort;
    let isOver = false;
    const end = (value: T, error: unknown): void => {
      if (isOver) return;
      isOver = true;
      this.callOff?.();
      this.conclude(value, error);
    };
    this.limit(() => {
      end(this.parts.failed, late);
      abort.abort();
    });
    void (async () => {
      try {
        end(await probe(abort.signal), undefined);
      } catch (error) {
        end(this.parts.failed, error ?? new Error('failed without a reason'));
      } finally {
        this.isUnderWay = false;
      }
    })();
  }

  /** Calls back when the time is up; a process that was held up gives as much time once more. */
  private limit(isUp: () => void): void {
    const { timers, timeoutMs } = this.parts;
    const lateMs = timers.nowMs() + timeoutMs + HELD_UP_MS;
    this.callOff = timers.after(timeoutMs, () => {
      if (timers.nowMs() > lateMs) this.limit(isUp);
      else isUp();
    });
  }

  private conclude(value: T, error: unknown): void {
    if (this.isStopped) return;
    const { timers, everyMs, retryMs, changed } = this.parts;
    this.found = value;
    const hasFailed = error !== undefined;
    if (hasFailed !== this.hasFailed) changed(error);
    this.hasFailed = hasFailed;
    this.callOff = timers.after(hasFailed ? retryMs : everyMs, () => this.run());
    this.first.resolve();
  }
}
