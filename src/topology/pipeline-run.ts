import { merge, Subject, type Subscription } from 'rxjs';
import type { MetricDefiner } from '../component/metric.ts';
import type { CountEvent } from '../component/operator-event.ts';
import { type AnyPipeline, kindsRead } from '../component/pipeline.ts';
import type { RecordSinks } from '../component/record-sinks.ts';
import type { Frame } from '../frames/frame.ts';
import { FRAME_KINDS, type FrameKind } from '../frames/header.ts';
import { logWriter, takesLog } from './log-writer.ts';
import type { StateRegistry } from './state-registry.ts';

export interface PipelineRunOptions {
  readonly pipelines: readonly AnyPipeline[];
  /** Checked options by pipeline name. */
  readonly options: ReadonlyMap<string, unknown>;
  readonly configHash?: string | undefined;
  /** The frames are those of some chips only. */
  readonly isPart?: boolean | undefined;
  readonly define: MetricDefiner;
  readonly states: StateRegistry;
  readonly count: CountEvent;
  readonly sinks: RecordSinks;
  /** Called for each record that a pipeline derives; the record is valid during the call. */
  readonly onRecord: (pipeline: string, record: unknown) => void;
  /** A pipeline threw: it is a bug, and that pipeline has ended. The others go on. */
  readonly onFailure: (pipeline: string, error: unknown) => void;
}

/**
 * All pipelines, subscribed to one stream a kind: a frame is decoded once, however many read it,
 * and a kind that nobody reads costs nothing.
 */
export class PipelineRun {
  private readonly streams = new Map<FrameKind, Subject<Frame>>();
  private readonly subscriptions: Subscription[] = [];
  private readonly metricNames = new Map<string, string[]>();

  constructor(options: PipelineRunOptions) {
    for (const kind of FRAME_KINDS) this.streams.set(kind, new Subject<Frame>());
    for (const pipeline of options.pipelines) this.start(pipeline, options);
  }

  private start(pipeline: AnyPipeline, run: PipelineRunOptions): void {
    const { name } = pipeline;
    const options = run.options.get(name);
    const names: string[] = [];
    this.metricNames.set(name, names);
    const define = namedBy(run.define, names);
    const projections = projectionsOf(pipeline, options, { ...run, define });
    const through = pipeline.through({
      options,
      configHash: run.configHash,
      isPart: run.isPart === true,
      state: (state) => run.states.slot(`${name}/${state}`),
      count: run.count,
    });
    const streams = kindsRead(pipeline).map((kind) => {
      const stream = this.streams.get(kind);
      if (stream === undefined) throw new Error(`${name} reads ${kind}, which is no kind`);
      return stream;
    });
    // Several kinds are one stream to it, which completes when the last of them has.
    const stream = streams.length === 1 ? (streams[0] as Subject<Frame>) : merge(...streams);
    const fail = (error: unknown): void => run.onFailure(name, error);
    const subscription = stream.pipe(through).subscribe({
      next: (record) => {
        // What a subscriber throws would surface as an uncaught exception: it is this pipeline's.
        try {
          for (const project of projections) project(record);
          run.onRecord(name, record);
        } catch (error) {
          subscription.unsubscribe();
          fail(error);
        }
      },
      error: fail,
    });
    this.subscriptions.push(subscription);
  }

  next(frame: Frame): void {
    (this.streams.get(frame.kind) as Subject<Frame>).next(frame);
  }

  /** The metrics that a pipeline has defined. */
  metricsOf(pipeline: string): readonly string[] {
    return this.metricNames.get(pipeline) ?? [];
  }

  /** The input has ended: operators flush what they hold. */
  complete(): void {
    for (const stream of this.streams.values()) stream.complete();
  }

  close(): void {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
  }
}

/** The same, and writes down each name. */
function namedBy(define: MetricDefiner, names: string[]): MetricDefiner {
  const noted = <Spec extends { readonly name: string }, Family>(make: (spec: Spec) => Family) => {
    return (spec: Spec): Family => {
      names.push(spec.name);
      return make(spec);
    };
  };
  return {
    counter: noted((spec) => define.counter(spec)),
    gauge: noted((spec) => define.gauge(spec)),
    histogram: noted((spec) => define.histogram(spec)),
  };
}

type Project = (record: unknown) => void;

/** What a pipeline's records become, for the sinks that are there. */
export function projectionsOf(
  pipeline: Pick<AnyPipeline, 'metrics' | 'derived' | 'log' | 'spans' | 'join'>,
  options: unknown,
  { define, sinks, isPart }: Pick<PipelineRunOptions, 'define' | 'sinks' | 'isPart'>,
): readonly Project[] {
  const projections: Project[] = [];
  const { metrics, derived, spans } = pipeline;
  // What would tell of all chips waits for who knows of all.
  const isForJoin = isPart === true && pipeline.join?.replaces === true;
  const log = isForJoin ? undefined : pipeline.log;
  if (metrics !== undefined) projections.push(metrics(define, options) as Project);
  const { derived: takeDerived, spans: takeSpans } = sinks;
  if (derived !== undefined && takeDerived !== undefined) {
    projections.push((record) => {
      const made = derived(record);
      if (made === undefined) return;
      takeDerived(isForJoin ? { ...made, record: `${made.record}-part` } : made);
    });
  }
  if (log !== undefined && takesLog(sinks, log.levelMax)) {
    const write = logWriter(sinks);
    projections.push((record) => log.write(record, write));
  }
  if (spans !== undefined && takeSpans !== undefined) {
    projections.push((record) => {
      const made = spans(record);
      if (made.length > 0) takeSpans(made);
    });
  }
  return projections;
}
