import { partitionFilter, partitionOf, publishedSubjects } from '../../component/partition.ts';
import type { AnyPipeline } from '../../component/pipeline.ts';
import { NO_SINKS } from '../../component/record-sinks.ts';
import type { Inlet } from '../../component/source.ts';
import { isAtLeast } from '../../frames/log.ts';
import type { AlertParts } from '../alert-parts.ts';
import type { Config } from '../config/schema.ts';
import { createFrameSide, type FrameStream } from '../frame-side.ts';
import { natsPings } from '../health-parts.ts';
import type { LiveParts } from '../live-parts.ts';
import { fanOut, type Serving } from '../serving.ts';
import type { PartHost, PartWork, PartWorking } from './part-work.ts';

export interface FrameWorkParts extends Pick<Serving, 'config' | 'link' | 'pipelines' | 'traces'> {
  readonly alerts: Pick<AlertParts, 'ofPart'>;
  readonly live: LiveParts;
  /** Name of the stream of frames. */
  readonly stream: string;
  /** Into that stream. */
  readonly own: Inlet;
  readonly isHealth: FrameStream['isHealth'];
}

/** The frames of one partition: all that one process does with all of them. */
export function frameWork(parts: FrameWorkParts, partition: number): PartWork {
  const { config, pipelines, stream } = parts;
  const { prefix } = config;
  return {
    key: `p${partition}`,
    input: {
      stream,
      isThinned: false,
      filters: [partitionFilter(prefix, partition)],
      subjectOf: publishedSubjects(partition),
    },
    pipelines: pipelines as readonly AnyPipeline[],
    idMark: '',
    begin: (host) => beginFrames(parts, partition, host),
  };
}

function beginFrames(parts: FrameWorkParts, partition: number, host: PartHost): PartWorking {
  const { config, link, pipelines, traces, live } = parts;
  const alerts = parts.alerts.ofPart();
  const side = createFrameSide({
    ...{ config, pipelines, telemetry: host.telemetry, dead: host.dead, isPart: true },
    sinks: {
      ...NO_SINKS,
      derived: fanOut(host.derived, alerts.take),
      derivedLog: (level) => isAtLeast(level, config.derived.log_level),
      spans: traces.take,
    },
    watches: [live.watch],
    pings: natsPings(config, link),
    stream: {
      own: whileHeld(parts.own, host.isHeld),
      isHealth: parts.isHealth,
      isBehind: host.isBehind,
      isAgain: host.isAgain,
    },
    beside: (sinks) => live.beside(sinks),
    chips: chipsOf(config, partition),
  });
  // Alertmanager knows an alert again by its labels; and yet only its owner tells of it.
  const isSilent = () => host.isBehind() || host.isAgain() || !host.isHeld();
  alerts.useStream(side.topology.states, isSilent);
  return {
    topology: side.topology,
    monitor: side.monitor,
    around: (inlet) => traces.around(inlet),
    start: () => {
      alerts.start();
      side.start();
    },
    tick: (isSourceThere) => side.tick(isSourceThere),
    close: async (signal) => {
      side.close();
      await alerts.close(signal);
    },
  };
}

/** Configured chips are known to the part that would have their frames, and to no other. */
function chipsOf({ health, streams }: Config, partition: number): Config['health']['chips'] {
  return health.chips.filter(({ device_type, chip_id }) => {
    return partitionOf(device_type, chip_id, streams.partitions) === partition;
  });
}

/** What a worker finds by its clock: a pause may have been so long that it knows nothing. */
export function whileHeld(inlet: Inlet, isHeld: () => boolean): Inlet {
  return {
    frame: (frame) => {
      if (isHeld()) inlet.frame(frame);
    },
    message: (message) => {
      if (isHeld()) inlet.message(message);
    },
  };
}
