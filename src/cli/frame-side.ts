import { createHash } from 'node:crypto';
import type { DeadMessage, InboundMessage } from '../component/message.ts';
import type { AnyPipeline } from '../component/pipeline.ts';
import { type LogSink, NO_SINKS, type RecordSinks } from '../component/record-sinks.ts';
import type { FrameWatch, Inlet } from '../component/source.ts';
import { FRAME_LIMITS, type FrameLimits } from '../frames/limits.ts';
import type { ChipMonitor } from '../sources/chip-monitor.ts';
import type { ChipPings } from '../sources/chip-pings.ts';
import type { Log } from '../telemetry/log.ts';
import { startTopology, type Topology } from '../topology/topology.ts';
import { arrivalWatches } from './arrival-watches.ts';
import type { Config } from './config/schema.ts';
import { createMonitor } from './health-parts.ts';
import type { OwnTelemetry } from './own-telemetry.ts';

/** All that is done with frames: of all chips, or of one part of them. */
export interface FrameSide {
  readonly topology: Topology;
  readonly monitor: ChipMonitor;
  /** Chips may be asked for their health: the service serves, and knows what they said before. */
  start(): void;
  /** Once a second: what the clock finds goes into the stream. */
  tick(isSourceThere: boolean): void;
  /** Where what the clock finds goes. */
  readonly found: Inlet;
  close(): void;
}

export interface FrameSideParts {
  readonly config: Config;
  readonly telemetry: OwnTelemetry;
  readonly pipelines: readonly AnyPipeline[];
  readonly dead: (dead: DeadMessage) => void;
  /** Where records go beside the metrics and the log. */
  readonly sinks: Omit<RecordSinks, 'log'>;
  /** What looks at arrivals, beside what a service always has. */
  readonly watches: readonly FrameWatch[];
  /** Asks chips for their health; undefined where there is nobody to ask. */
  readonly pings: ChipPings | undefined;
  /** Undefined where frames come as they are sent, and only then. */
  readonly stream?: FrameStream | undefined;
  /** Other sinks beside these, such as the page. */
  readonly beside: (sinks: RecordSinks) => RecordSinks;
  /** The frames are those of some chips only. */
  readonly isPart?: boolean;
  /** Chips that are asked though they were never seen. */
  readonly chips: Config['health']['chips'];
}

/** What is different where frames come from a stream that is read again after a restart. */
export interface FrameStream {
  /** Where what the service itself finds goes: into the stream. */
  readonly own: Inlet;
  readonly isHealth: (answer: InboundMessage) => boolean;
  /** Reprocessing has not come to where it was: metrics are held back, nothing is watched. */
  readonly isBehind: () => boolean;
  /** What is derived now was derived and told before the restart. */
  readonly isAgain: () => boolean;
}

export function createFrameSide(parts: FrameSideParts): FrameSide {
  const { config, telemetry, stream } = parts;
  const watches = arrivalWatches(config, telemetry.own);
  const monitor = createMonitor({ ...parts, isHealth: stream?.isHealth });
  const watched = [...parts.watches, ...watches.all, monitor];
  const topology = topologyOf(parts, parts.beside(sinksOf(parts)), watched);
  for (const watch of watches.all) topology.states.slot(`watch/${watch.stateName}`).hold(watch);
  topology.states.slot('watch/chips').hold(monitor);
  const found = stream?.own ?? topology.inlet;
  const isBehind = (): boolean => stream?.isBehind() === true;
  let isServing = false;
  let isWatching = false;
  const watchChips = (): void => {
    if (!isServing || isWatching || isBehind()) return;
    monitor.start(found);
    isWatching = true;
  };
  return {
    topology,
    monitor,
    found,
    start: () => {
      isServing = true;
      watchChips();
    },
    tick: (isSourceThere) => {
      watchChips();
      if (!isBehind()) watches.check(found, isSourceThere);
    },
    close: () => {
      monitor.stop();
      topology.close();
    },
  };
}

function topologyOf(
  { config, telemetry, pipelines, dead, isPart = false }: FrameSideParts,
  sinks: RecordSinks,
  watches: readonly FrameWatch[],
): Topology {
  const { log, own, store } = telemetry;
  return startTopology({
    prefix: config.prefix,
    limits: limitsOf(config),
    pipelines,
    pipelineOptions: new Map(Object.entries(config.pipelines)),
    configHash: configHash(config),
    isPart,
    define: store,
    own,
    sinks,
    watches,
    heard: (deviceType, chipId) => store.heard(deviceType, chipId),
    dead,
    onFailure: (pipeline, error) => log.error(`pipeline ${pipeline} ended`, { error }),
  });
}

function sinksOf({ sinks, stream, telemetry }: FrameSideParts): RecordSinks {
  const { log } = telemetry;
  return { ...NO_SINKS, ...sinks, log: stream === undefined ? log : once(log, stream) };
}

/** Log lines of what was derived before are not written again. */
function once(log: Log, { isAgain }: FrameStream): LogSink {
  return {
    isEnabled: (level) => log.isEnabled(level),
    write: (event) => {
      if (!isAgain()) log.write(event);
    },
  };
}

/** Tells two configurations apart by which the same frames would give other numbers. */
export function configHash({ pipelines, limits, conversions, runs, silence }: Config): string {
  const text = JSON.stringify({ pipelines, limits, conversions, runs, silence });
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The frame limits of a configuration. */
export function limitsOf(config: Config): FrameLimits {
  const { limits } = config;
  return {
    ...FRAME_LIMITS,
    payloadBytesMax: limits.payload_bytes_max,
    stringCharsMax: limits.string_chars_max,
    textCharsMax: limits.text_chars_max,
    nestingMax: limits.nesting_max,
    samplesMax: limits.samples_max,
    spanUsMax: limits.span_us_max,
    neuronCountMax: limits.neuron_count_max,
  };
}
