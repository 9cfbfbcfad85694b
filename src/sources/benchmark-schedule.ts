import { setTimeout as sleep } from 'node:timers/promises';
import type { Inlet } from '../component/source.ts';
import { type BenchmarkOptions, nextRun } from './benchmark-options.ts';
import { BenchmarkRun, type RunOutcome, type RunParts } from './benchmark-run.ts';

/** Time of day, as the schedule needs it; tests bring their own. */
export interface ScheduleClock {
  nowMs(): number;
  /** Resolves when it is that late, at the abort, or when the clock was set back meanwhile. */
  until(timeMs: number, signal: AbortSignal): Promise<void>;
}

/** The longest time until the clock is looked at again: machines sleep, clocks are set. */
const LOOK_MS_MAX = 30_000;

export const WALL_CLOCK: ScheduleClock = {
  nowMs: () => Date.now(),
  until: async (timeMs, signal) => {
    for (let nowMs = Date.now(); nowMs < timeMs && !signal.aborted; ) {
      await sleep(Math.min(timeMs - nowMs, LOOK_MS_MAX), undefined, { signal }).catch(() => {});
      const thenMs = nowMs;
      nowMs = Date.now();
      if (nowMs < thenMs) return;
    }
  },
};

/** What happens, for the log and the counters. */
export interface ScheduleEvents {
  /** A time came while the runs of the time before were still going on. */
  skipped(hardware: string, times: number): void;
  /** The runs of one time ended, or those that were tried again. */
  ended(hardware: string, outcomes: readonly RunOutcome[], tookMs: number): void;
  /** Some failed, and are asked for again then. */
  retrying(hardware: string, models: readonly string[], atMs: number): void;
}

export interface ScheduleParts extends Omit<RunParts, 'inlet'> {
  readonly options: BenchmarkOptions;
  /** Resolves when executors can be reached for the first time, or at the abort; never rejects. */
  readonly connected: (signal: AbortSignal) => Promise<void>;
  readonly clock: ScheduleClock;
  readonly schedule: ScheduleEvents;
}

/**
 * Asks executors to run benchmarks when they are due, and hands what they answer to the door. All
 * models on one hardware run one after the other, so that no two runs overlap there; hardware runs
 * side by side. What failed is asked for again after a while; where nobody listens there is nothing
 * to be tried again before the next time.
 */
export class BenchmarkSchedule {
  private readonly parts: ScheduleParts;

  constructor(parts: ScheduleParts) {
    this.parts = parts;
  }

  /** Goes on until the signal; what runs then is left to its executor. */
  async run(inlet: Inlet, signal: AbortSignal): Promise<void> {
    const { options, connected } = this.parts;
    if (!options.enabled) return;
    await connected(signal);
    if (signal.aborted) return;
    const run = new BenchmarkRun({ ...this.parts, inlet });
    await Promise.all(options.hardware.map((each) => this.follow(each, run, signal)));
  }

  private async follow(hardware: string, run: BenchmarkRun, signal: AbortSignal): Promise<void> {
    const { options, clock, schedule } = this.parts;
    const retryAfterMs = options.retry_after / 1000;
    let dueMs = options.at_start ? clock.nowMs() : this.next(clock.nowMs());
    let retryMs = NEVER;
    let failed: readonly string[] = [];
    for (;;) {
      const isRetry = retryMs < dueMs;
      await clock.until(Math.min(dueMs, retryMs), signal);
      if (signal.aborted) return;
      const beganMs = clock.nowMs();
      if (beganMs < Math.min(dueMs, retryMs)) {
        // The clock was set back: what was far off by the old time must not be so by the new one.
        dueMs = Math.min(dueMs, this.next(beganMs));
        retryMs = Math.min(retryMs, failed.length > 0 ? beganMs + retryAfterMs : NEVER);
        continue;
      }
      const models = isRetry ? failed : options.models;
      const { outcomes, missed } = await runAll(models, (model) =>
        run.run(model, hardware, signal),
      );
      if (signal.aborted) return;
      const nowMs = clock.nowMs();
      schedule.ended(hardware, outcomes, nowMs - beganMs);
      failed = [...outcomes.filter(isFailure).map(({ model }) => model), ...missed];
      retryMs = failed.length > 0 ? nowMs + retryAfterMs : NEVER;
      // A time that came during a retry is due now; one that came during its own runs is over.
      if (!isRetry) {
        const times = this.timesWithin(beganMs, nowMs);
        if (times > 0) schedule.skipped(hardware, times);
        dueMs = this.next(nowMs);
      }
      if (retryMs < dueMs) schedule.retrying(hardware, failed, retryMs);
    }
  }

  private next(afterMs: number): number {
    return nextRun(this.parts.options.cron, afterMs) ?? NEVER;
  }

  /** Scheduled times in between; counting stops where it says enough. */
  private timesWithin(beganMs: number, nowMs: number): number {
    let times = 0;
    for (let at = this.next(beganMs); at <= nowMs && times < TIMES_MAX; at = this.next(at)) times++;
    return times;
  }
}

const NEVER = Number.POSITIVE_INFINITY;
/** Skipped times that are counted at once. */
const TIMES_MAX = 1000;

interface Round {
  readonly outcomes: readonly RunOutcome[];
  /** Models that were not run because the executor, or NATS, went away meanwhile. */
  readonly missed: readonly string[];
}

/** Runs models one after the other, as long as there is somebody to run them. */
async function runAll(
  models: readonly string[],
  runOne: (model: string) => Promise<RunOutcome | undefined>,
): Promise<Round> {
  const outcomes: RunOutcome[] = [];
  for (const [i, model] of models.entries()) {
    const outcome = await runOne(model);
    // Where nobody was there from the start, nothing was missed: that is how it is.
    if (outcome === undefined) return { outcomes, missed: i === 0 ? [] : models.slice(i) };
    outcomes.push(outcome);
    if (outcome.outcome === 'unreachable') return { outcomes, missed: models.slice(i + 1) };
  }
  return { outcomes, missed: [] };
}

function isFailure({ outcome }: RunOutcome): boolean {
  return outcome !== 'ok' && outcome !== 'unsupported';
}
