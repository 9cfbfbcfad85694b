import { NO_SINKS } from '../../component/record-sinks.ts';
import { isAtLeast } from '../../frames/log.ts';
import { ArrivalClock } from '../../sources/arrival-clock.ts';
import { JoinRun, joinedRecords } from '../../topology/join-run.ts';
import { runBenchmarks } from '../benchmark-parts.ts';
import { configHash } from '../frame-side.ts';
import { type FrameWorkParts, whileHeld } from './frame-work.ts';
import type { PartHost, PartWork, PartWorking } from './part-work.ts';

export interface JoinWorkParts extends FrameWorkParts {
  /** Name of the derived stream. */
  readonly derived: string;
}

/**
 * What joins chips: over what all parts have derived, with one owner. It has what else is to be
 * done once for all as well.
 */
export function joinWork(parts: JoinWorkParts): PartWork {
  const { config, derived, pipelines } = parts;
  const { prefix } = config;
  const joining = pipelines.filter(({ join }) => join !== undefined);
  return {
    key: 'join',
    input: {
      stream: derived,
      isThinned: true,
      filters: joinedRecords(joining).map((record) => `${prefix}.derived.${record}.>`),
      subjectOf: (stored) => stored,
    },
    pipelines: joining.map((pipeline) => ({
      ...pipeline,
      stateVersion: pipeline.join?.stateVersion ?? 1,
    })),
    // Ids of what is derived from frames are of the stream of frames.
    idMark: 'j',
    begin: (host) => beginJoin(parts, host),
  };
}

function beginJoin(parts: JoinWorkParts, host: PartHost): PartWorking {
  const { config, link, live, own: found } = parts;
  const { log, own, store } = host.telemetry;
  const sinks = live.beside({
    ...NO_SINKS,
    derived: host.derived,
    derivedLog: (level) => isAtLeast(level, config.derived.log_level),
    log: {
      isEnabled: (level) => log.isEnabled(level),
      write: (event) => {
        if (!host.isAgain()) log.write(event);
      },
    },
  });
  const run = new JoinRun({
    pipelines: parts.pipelines,
    configHash: configHash(config),
    define: store,
    count: (event, count) => own.operatorEvents[event].add(count),
    sinks,
    onRecord: (pipeline) => own.records.series(pipeline).add(1),
    onFailure: (pipeline, error) => {
      own.pipelineFailures.series(pipeline).add(1);
      log.error(`the join of pipeline ${pipeline} ended`, { error });
    },
  });
  return {
    topology: { inlet: run, states: run.states, metricsOf: (name) => run.metricsOf(name) },
    monitor: undefined,
    around: (inlet) => inlet,
    start: (signal) => {
      const clock = new ArrivalClock();
      // A schedule is run once, however many workers there are.
      void runBenchmarks({ config, link, log, own, clock }, whileHeld(found, host.isHeld), signal);
    },
    tick: () => {},
    close: () => {
      run.close();
      return Promise.resolve();
    },
  };
}
