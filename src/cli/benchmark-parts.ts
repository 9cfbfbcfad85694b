import type { Inlet } from '../component/source.ts';
import { askOverNats } from '../sources/ask-executor.ts';
import type { RunEvents, RunOutcome } from '../sources/benchmark-run.ts';
import {
  BenchmarkSchedule,
  type ScheduleEvents,
  WALL_CLOCK,
} from '../sources/benchmark-schedule.ts';
import { AnswerReader } from '../sources/executor-answer.ts';
import type { NatsLink } from '../sources/nats-link.ts';
import type { Log } from '../telemetry/log.ts';
import type { OwnMetrics } from '../telemetry/own-metrics.ts';
import type { Config } from './config/schema.ts';
import { limitsOf } from './frame-side.ts';

export interface BenchmarkParts {
  readonly config: Config;
  readonly link: NatsLink;
  readonly log: Log;
  readonly own: OwnMetrics;
  /** Arrival times. */
  readonly clock: { nowUs(): number };
}

/**
 * Runs the schedule of benchmarks, wired to NATS, to the log and to the metrics, until the signal.
 * Never rejects: without benchmarks the service is still worth having.
 */
export async function runBenchmarks(
  parts: BenchmarkParts,
  inlet: Inlet,
  signal: AbortSignal,
): Promise<void> {
  try {
    await scheduleOf(parts).run(inlet, signal);
  } catch (error) {
    parts.log.error('benchmarks ended with an error', { error });
  }
}

function scheduleOf(parts: BenchmarkParts): BenchmarkSchedule {
  const { config, link, clock } = parts;
  return new BenchmarkSchedule({
    prefix: config.prefix,
    options: config.benchmarks,
    connected: async (signal) => {
      await link.open(signal).catch(() => {});
    },
    ask: askOverNats(() => (link.isConnected ? link.connection : undefined)),
    answers: new AnswerReader(config.prefix, limitsOf(config)),
    clock: WALL_CLOCK,
    arrivals: clock,
    events: runEvents(parts),
    schedule: scheduleEvents(parts),
  });
}

function runEvents({ own, log }: BenchmarkParts): RunEvents {
  const known = new Map<string, boolean>();
  const unsupported = new Set<string>();
  return {
    available: (hardware, isAvailable) => {
      own.benchmarkExecutor.series(hardware).set(isAvailable ? 1 : 0);
      if (known.get(hardware) === isAvailable) return;
      known.set(hardware, isAvailable);
      if (isAvailable) log.info(`an executor runs benchmarks on ${hardware}`);
      else log.info(`no executor for benchmarks on ${hardware}; asked again when next due`);
    },
    ended: ({ model, hardware }, outcome, detail, tookMs) => {
      own.benchmarkRuns.series(hardware, outcome).add(1);
      if (outcome === 'ok') return;
      const what = `benchmark of ${model} on ${hardware}`;
      const fields = {
        model_id: model,
        hardware_type: hardware,
        outcome,
        duration_seconds: tookMs / 1000,
      };
      if (outcome !== 'unsupported') log.warn(`${what} gave no result: ${detail}`, fields);
      else if (!unsupported.has(what)) {
        unsupported.add(what);
        log.info(`${what}: its executor does not run this model`, fields);
      }
    },
    broke: (error) => log.error('the answer of a benchmark executor could not be taken', { error }),
  };
}

function scheduleEvents({ own, log }: BenchmarkParts): ScheduleEvents {
  return {
    skipped: (hardware, times) => {
      own.benchmarkRuns.series(hardware, 'skipped').add(times);
      log.warn(`benchmarks on ${hardware} ran past their next time, which was left out`, { times });
    },
    ended: (hardware, outcomes, tookMs) => {
      if (outcomes.length === 0) return;
      const seconds = tookMs / 1000;
      log.info(`benchmarks on ${hardware} took ${seconds} s: ${tallyOf(outcomes)}`, {
        hardware_type: hardware,
        duration_seconds: seconds,
      });
    },
    retrying: (hardware, models, atMs) => {
      const at = new Date(atMs).toISOString();
      log.info(`benchmarks on ${hardware} again at ${at}: ${models.join(', ')}`);
    },
  };
}

/** `4 ok, 1 timeout` */
function tallyOf(outcomes: readonly RunOutcome[]): string {
  const counts = new Map<string, number>();
  for (const { outcome } of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
}
