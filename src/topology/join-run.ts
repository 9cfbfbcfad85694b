import { Subject, type Subscription } from 'rxjs';
import type { InboundMessage } from '../component/message.ts';
import type { MetricDefiner } from '../component/metric.ts';
import type { CountEvent } from '../component/operator-event.ts';
import type { AnyPipeline, JoinedRecord } from '../component/pipeline.ts';
import type { RecordSinks } from '../component/record-sinks.ts';
import type { Inlet } from '../component/source.ts';
import { FRAME_LIMITS } from '../frames/limits.ts';
import { MsgpackReader } from '../frames/msgpack-read.ts';
import { projectionsOf } from './pipeline-run.ts';
import { StateRegistry } from './state-registry.ts';

export interface JoinRunOptions {
  readonly pipelines: readonly AnyPipeline[];
  readonly configHash: string;
  readonly define: MetricDefiner;
  readonly count: CountEvent;
  readonly sinks: RecordSinks;
  readonly onRecord: (pipeline: string) => void;
  /** A join threw: it is a bug, and that join has ended. The others go on. */
  readonly onFailure: (pipeline: string, error: unknown) => void;
}

/** Names of the derived records that are joined. */
export function joinedRecords(pipelines: readonly AnyPipeline[]): string[] {
  return [...new Set(pipelines.flatMap(({ join }) => join?.records ?? []))];
}

/** Records are our own, and hold texts. */
const RECORD_LIMITS = { ...FRAME_LIMITS, payloadBytesMax: 64 * 1024 * 1024, nestingMax: 16 };

/** All joins of pipelines, over the derived records of all parts of the frames. */
export class JoinRun implements Inlet {
  readonly states = new StateRegistry();
  private readonly reader = new MsgpackReader({
    ...RECORD_LIMITS,
    stringCharsMax: 1024 * 1024,
    textCharsMax: 1024 * 1024,
  });
  private readonly streams = new Map<string, Subject<JoinedRecord>[]>();
  private readonly subscriptions: Subscription[] = [];
  private readonly metricNames = new Map<string, string[]>();

  constructor(options: JoinRunOptions) {
    for (const pipeline of options.pipelines) this.start(pipeline, options);
  }

  metricsOf(pipeline: string): readonly string[] {
    return this.metricNames.get(pipeline) ?? [];
  }

  message({ data }: InboundMessage): void {
    const record = this.recordOf(data);
    for (const stream of this.streams.get(record?.record ?? '') ?? []) {
      stream.next(record as JoinedRecord);
    }
  }

  frame(): void {
    throw new Error('a join reads derived records, and no frames');
  }

  close(): void {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
  }

  private start({ name, join }: AnyPipeline, options: JoinRunOptions): void {
    if (join === undefined) return;
    const names: string[] = [];
    this.metricNames.set(name, names);
    const define: MetricDefiner = {
      counter: (spec) => options.define.counter(noted(names, spec)),
      gauge: (spec) => options.define.gauge(noted(names, spec)),
      histogram: (spec) => options.define.histogram(noted(names, spec)),
    };
    const { sinks, configHash, count, onRecord, onFailure } = options;
    const projections = projectionsOf(join, undefined, { define, sinks });
    const state = (of: string) => this.states.slot(`${name}/${of}`);
    const stream = new Subject<JoinedRecord>();
    for (const record of join.records) {
      this.streams.set(record, [...(this.streams.get(record) ?? []), stream]);
    }
    const through = join.through({ configHash, state, count });
    const fail = (error: unknown): void => onFailure(name, error);
    const subscription = stream.pipe(through).subscribe({
      next: (record: unknown) => {
        try {
          for (const project of projections) project(record);
          onRecord(name);
        } catch (error) {
          subscription.unsubscribe();
          fail(error);
        }
      },
      error: fail,
    });
    this.subscriptions.push(subscription);
  }

  /** Undefined for what is no record: nobody else writes there, and nothing is lost by it. */
  private recordOf(data: Uint8Array): JoinedRecord | undefined {
    try {
      // The client's memory is written over by its next read, and a bin is a view on it.
      const read = this.reader.readMap(new Uint8Array(data));
      const { v: _v, record, t0, span_us, ...fields } = read;
      if (typeof record !== 'string') return undefined;
      return { record, t0Us: Number(t0), spanUs: Number(span_us), fields };
    } catch {
      return undefined;
    }
  }
}

function noted<Spec extends { readonly name: string }>(names: string[], spec: Spec): Spec {
  names.push(spec.name);
  return spec;
}
