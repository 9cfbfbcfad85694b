import type { Subscription } from 'rxjs';
import type { MetricDefiner } from '../component/metric.ts';
import type { CountEvent } from '../component/operator-event.ts';
import { type AnyPipeline, kindsRead } from '../component/pipeline.ts';
import type { RecordSinks } from '../component/record-sinks.ts';
import { canBeQuiet, type QuietState, type StateSlot } from '../component/state.ts';
import { type Frame, frameCount } from '../frames/frame.ts';
import { FRAME_KINDS } from '../frames/header.ts';
import type { SpikesFrame } from '../frames/spikes.ts';
import { FrameFan } from './frame-fan.ts';
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
  /**
   * Called for each record that a pipeline derives; the record is valid during the call. Where
   * frames were joined it stands for as many.
   */
  readonly onRecord: (pipeline: string, record: unknown, frames: number) => void;
  /** A pipeline threw: it is a bug, and that pipeline has ended. The others go on. */
  readonly onFailure: (pipeline: string, error: unknown) => void;
}

/**
 * All pipelines, subscribed to one stream a kind: a frame is decoded once, however many read it,
 * and a kind that nobody reads costs nothing.
 */
export class PipelineRun {
  private readonly frames = new FrameFan();
  private readonly subscriptions: Subscription[] = [];
  private readonly metricNames = new Map<string, string[]>();
  /** By pipeline that reads spikes: the states to ask, or that nobody knows. */
  private readonly quiet = new Map<string, readonly QuietState[] | 'never'>();
  /** Frames in the one that is on its way. */
  private framesNow = 1;

  constructor(options: PipelineRunOptions) {
    for (const pipeline of options.pipelines) this.start(pipeline, options);
  }

  private start(pipeline: AnyPipeline, run: PipelineRunOptions): void {
    const { name } = pipeline;
    const options = run.options.get(name);
    const names: string[] = [];
    this.metricNames.set(name, names);
    const define = namedBy(run.define, names);
    const projections = projectionsOf(pipeline, options, { ...run, define });
    const kinds = kindsRead(pipeline);
    if (kinds.includes('spikes'))
      this.quiet.set(name, pipeline.takesJoined === true ? [] : 'never');
    const through = pipeline.through({
      options,
      configHash: run.configHash,
      isPart: run.isPart === true,
      state: (state) => this.noted(name, run.states.slot(`${name}/${state}`)),
      count: run.count,
    });
    const unknown = kinds.find((kind) => !FRAME_KINDS.includes(kind));
    if (unknown !== undefined) throw new Error(`${name} reads ${unknown}, which is no kind`);
    const fail = (error: unknown): void => {
      this.quiet.delete(name);
      run.onFailure(name, error);
    };
    const subscription = this.frames
      .of(kinds)
      .pipe(through)
      .subscribe({
        next: (record) => {
          // What a subscriber throws would surface as an uncaught exception: it is this pipeline's.
          try {
            for (const project of projections) project(record);
            run.onRecord(name, record, this.framesNow);
          } catch (error) {
            subscription.unsubscribe();
            fail(error);
          }
        },
        error: fail,
      });
    this.subscriptions.push(subscription);
  }

  /** The same slot, and keeps at hand what is held there. */
  private noted(name: string, slot: StateSlot): StateSlot {
    return {
      hold: (held) => {
        slot.hold(held);
        const others = this.quiet.get(name);
        if (others === undefined || others === 'never') return;
        this.quiet.set(name, canBeQuiet(held) ? [...others, held] : 'never');
      },
    };
  }

  next(frame: Frame): void {
    this.framesNow = frameCount(frame);
    this.frames.next(frame);
  }

  /** Up to when the frames that follow this one may be joined: as `QuietState` has it, for all. */
  quietUntilUs(frame: SpikesFrame): number {
    let untilUs = Number.POSITIVE_INFINITY;
    for (const states of this.quiet.values()) {
      if (states === 'never') return 0;
      for (const state of states) untilUs = Math.min(untilUs, state.quietUntilUs(frame));
    }
    return untilUs;
  }

  /** The metrics that a pipeline has defined. */
  metricsOf(pipeline: string): readonly string[] {
    return this.metricNames.get(pipeline) ?? [];
  }

  /** The input has ended: operators flush what they hold. */
  complete(): void {
    this.framesNow = 1;
    this.frames.complete();
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
