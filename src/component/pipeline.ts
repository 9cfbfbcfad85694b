import type { OperatorFunction } from 'rxjs';
import type { z } from 'zod';
import type { FrameOfKind } from '../frames/frame.ts';
import type { FrameKind } from '../frames/header.ts';
import type { DerivedRecord } from './derived-record.ts';
import type { LogProjection } from './log-event.ts';
import type { MetricDefiner } from './metric.ts';
import type { CountEvent } from './operator-event.ts';
import type { SpanRecord } from './span.ts';
import type { DeclareState } from './state.ts';

/** What a pipeline gets to build its operators with. */
export interface PipelineContext<Options> {
  readonly options: Options;
  /** Of the configuration that the service runs with; undefined outside of a service. */
  readonly configHash: string | undefined;
  /** The frames are those of some chips only: there are others, of which others know. */
  readonly isPart: boolean;
  readonly state: DeclareState;
  readonly count: CountEvent;
}

/**
 * One pipeline: what it reads, its operators, and what its records mean to each sink. Operators are
 * synchronous and know event time only. Frames they get are valid during the call.
 */
export interface PipelineDefinition<Kind extends FrameKind, Options, Record> {
  /** The name of its file. */
  readonly name: string;
  readonly summary: string;
  /**
   * Short frames of spikes that follow each other may come as one (`framesJoined`), where its
   * operators say that they derive nothing of them (`quietUntilUs` of their states), or derive one
   * record of each. Where one that reads spikes does not say so, all come one by one.
   */
  readonly takesJoined?: true;
  /** The kind of frames that it reads, or a list of kinds: those come in the order of arrival. */
  readonly reads: Kind | readonly Kind[];
  /**
   * The form of its state, 1 where it does not say: who changes that form or its meaning counts it
   * up, so that a checkpoint of the old one is not restored into the new.
   */
  readonly stateVersion?: number;
  /** Schema of its options: the only source of their types, defaults, checks and reference. */
  readonly options: z.ZodType<Options>;
  readonly through: (
    context: PipelineContext<Options>,
  ) => OperatorFunction<FrameOfKind[Kind], Record>;
  /** Declares its metrics and gives the function that puts a record into them. */
  readonly metrics?: (define: MetricDefiner, options: Options) => (record: Record) => void;
  /** What a record is on NATS; undefined for one that is not published. */
  readonly derived?: (record: Record) => DerivedRecord | undefined;
  /** What a record is in the log. */
  readonly log?: LogProjection<Record>;
  /** The spans that a record finishes. */
  readonly spans?: (record: Record) => readonly SpanRecord[];
  /** What is made of its derived records where several workers share the chips. */
  readonly join?: AnyJoin;
}

/** A derived record as the derived stream has it. */
export type JoinedRecord = Pick<DerivedRecord, 'record' | 't0Us' | 'spanUs' | 'fields'>;

/**
 * What joins chips, in one place for all parts of the frames: it reads what their pipelines have
 * derived, in the order of the derived stream.
 */
export interface JoinDefinition<Record> {
  /** Names of the derived records that it reads. */
  readonly records: readonly string[];
  /**
   * The pipeline's records tell of all chips: those of a part are named `<record>-part`, and are
   * in no log; the join makes the records and the log lines of them.
   */
  readonly replaces: boolean;
  readonly stateVersion?: number;
  readonly through: (
    context: Pick<PipelineContext<unknown>, 'configHash' | 'state' | 'count'>,
  ) => OperatorFunction<JoinedRecord, Record>;
  readonly metrics?: (define: MetricDefiner) => (record: Record) => void;
  readonly derived?: (record: Record) => DerivedRecord | undefined;
  readonly log?: LogProjection<Record>;
}

// biome-ignore lint/suspicious/noExplicitAny: a list of joins holds every record type
export type AnyJoin = JoinDefinition<any>;

// biome-ignore lint/suspicious/noExplicitAny: a list of pipelines holds every kind and record type
export type AnyPipeline = PipelineDefinition<any, any, any>;

/** The kinds of frames that a pipeline reads. */
export function kindsRead({ reads }: AnyPipeline): readonly FrameKind[] {
  return [reads].flat() as FrameKind[];
}

/** Declares a pipeline; types flow from `reads` through the operators to the sinks. */
export function definePipeline<Kind extends FrameKind, Options, Record>(
  definition: PipelineDefinition<Kind, Options, Record>,
): PipelineDefinition<Kind, Options, Record> {
  return definition;
}
