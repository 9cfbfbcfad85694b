import type { Log } from '../../telemetry/log.ts';

/** A line of what goes on being the case, at most as often. */
const SAY_EVERY_MS = 30_000;

/** Warnings about what may be so for long: each kind is said once in a while. */
export class RareLog {
  private readonly log: Log;
  private readonly saidMs = new Map<string, number>();

  constructor(log: Log) {
    this.log = log;
  }

  warn(kind: string, text: string): void {
    const nowMs = performance.now();
    if (nowMs - (this.saidMs.get(kind) ?? Number.NEGATIVE_INFINITY) < SAY_EVERY_MS) return;
    this.saidMs.set(kind, nowMs);
    this.log.warn(text);
  }
}
