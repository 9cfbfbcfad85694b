import type { Adapters } from '../adapters/adapter.ts';
import type { DeadMessage } from '../component/message.ts';
import type { CounterSeries, MetricDefiner, MetricFamily } from '../component/metric.ts';
import type { AnyPipeline } from '../component/pipeline.ts';
import type { RecordSinks } from '../component/record-sinks.ts';
import type { FrameWatch, Inlet } from '../component/source.ts';
import type { FrameLimits } from '../frames/limits.ts';
import type { OwnMetrics } from '../telemetry/own-metrics.ts';
import { Ingest } from './ingest.ts';
import { PipelineRun } from './pipeline-run.ts';
import { StateRegistry } from './state-registry.ts';

export interface TopologyOptions {
  readonly prefix: string;
  readonly limits: FrameLimits;
  readonly adapters?: Adapters | undefined;
  readonly pipelines: readonly AnyPipeline[];
  /** Checked options by pipeline name. */
  readonly pipelineOptions: ReadonlyMap<string, unknown>;
  /** Of the configuration that the numbers depend on; undefined where there is none. */
  readonly configHash?: string;
  /** The frames are those of some chips only: what joins chips is made elsewhere. */
  readonly isPart?: boolean;
  readonly define: MetricDefiner;
  readonly own: OwnMetrics;
  /** Where records go beside the metrics. */
  readonly sinks: RecordSinks;
  /** What looks at arrivals. */
  readonly watches: readonly FrameWatch[];
  /** A chip's frame came; says that its gauges are alive. */
  readonly heard: (deviceType: string, chipId: string) => void;
  readonly dead: (dead: DeadMessage) => void;
  readonly onFailure: (pipeline: string, error: unknown) => void;
}

/** The whole way of a frame: door, pipelines, metrics. Sources put in, sinks read. */
export interface Topology {
  readonly inlet: Inlet;
  readonly states: StateRegistry;
  /** The metrics that a pipeline has defined. */
  metricsOf(pipeline: string): readonly string[];
  /** The input has ended: operators flush what they hold. */
  complete(): void;
  close(): void;
}

export function startTopology(options: TopologyOptions): Topology {
  const { own } = options;
  const states = new StateRegistry();
  const [frames, samplesOf] = [lookedUp(own.frames), lookedUp(own.samples)];
  const records = lookedUp(own.records);
  const run = new PipelineRun({
    pipelines: options.pipelines,
    options: options.pipelineOptions,
    configHash: options.configHash,
    isPart: options.isPart,
    define: options.define,
    states,
    sinks: options.sinks,
    count: (event, count) => own.operatorEvents[event].add(count),
    onRecord: (pipeline, _record, frames) => records(pipeline).add(frames),
    onFailure: (pipeline, error) => {
      own.pipelineFailures.series(pipeline).add(1);
      options.onFailure(pipeline, error);
    },
  });
  const inlet = new Ingest({
    prefix: options.prefix,
    limits: options.limits,
    adapters: options.adapters,
    states,
    watches: options.watches,
    next: (frame) => run.next(frame),
    quietUntilUs: (frame) => run.quietUntilUs(frame),
    dead: options.dead,
    counts: {
      received: (kind, samples, count) => {
        frames(kind).add(count);
        samplesOf(kind).add(samples);
      },
      invalid: (reason) => own.framesInvalid.series(reason).add(1),
      missing: (frames) => own.framesMissing.series().add(frames),
      repeated: () => own.framesRepeated.series().add(1),
      recovered: () => own.framesRecovered.series().add(1),
      heard: (deviceType, chipId, lagS) => {
        options.heard(deviceType, chipId);
        if (!Number.isNaN(lagS)) own.eventLag.series(deviceType, chipId).set(lagS);
      },
    },
  });
  return {
    inlet,
    states,
    metricsOf: (pipeline) => run.metricsOf(pipeline),
    complete: () => run.complete(),
    close: () => {
      run.close();
      inlet.close();
    },
  };
}

/** Series of few labels that never expire, looked up once and not with each frame. */
function lookedUp(family: MetricFamily<CounterSeries>): (label: string) => CounterSeries {
  const known = new Map<string, CounterSeries>();
  // Most frames are like the one before.
  let last: CounterSeries | undefined;
  let lastLabel = '';
  return (label) => {
    if (last !== undefined && label === lastLabel) return last;
    const series = known.get(label) ?? family.series(label);
    known.set(label, series);
    last = series;
    lastLabel = label;
    return series;
  };
}
