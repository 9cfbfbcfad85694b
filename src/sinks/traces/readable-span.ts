import {
  type Attributes,
  createTraceState,
  type HrTime,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { hrTimeDuration } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import { type ReadableSpan, type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace';
import type { SpanRecord } from '../../component/span.ts';

export interface RecordedSpanParts {
  readonly resource: Resource;
  readonly scope: { readonly name: string; readonly version: string };
  /** Undefined for no limit. */
  readonly attributeCharsMax: number | undefined;
}

/**
 * Whether a record is sampled. What the sender decided is as a parent's decision; where there was
 * no sender, the decision is made from the trace's id, so that it is one for all of the trace.
 */
export function isSampled(record: SpanRecord, sampler: Sampler): boolean {
  const { traceId, spanId, parentSpanId, sampled, name } = record;
  const sender = {
    traceId,
    spanId: parentSpanId ?? spanId,
    traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
  };
  const context = sampled === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, sender);
  const { decision } = sampler.shouldSample(context, traceId, name, SpanKind.INTERNAL, {}, []);
  return decision === SamplingDecision.RECORD_AND_SAMPLED;
}

/** A record as the exporter takes it: its ids, times and attributes as they are. */
export function readableSpan(record: SpanRecord, parts: RecordedSpanParts): ReadableSpan {
  const startTime = hrTimeOf(record.startUs);
  const endTime = hrTimeOf(Math.max(record.startUs, record.endUs));
  const context = contextOf(record, record.spanId);
  const { error, parentSpanId } = record;
  return {
    name: record.name,
    kind: SpanKind.INTERNAL,
    spanContext: () => context,
    ...(parentSpanId !== undefined && { parentSpanContext: contextOf(record, parentSpanId) }),
    startTime,
    endTime,
    duration: hrTimeDuration(startTime, endTime),
    ended: true,
    status:
      error === undefined
        ? { code: SpanStatusCode.UNSET }
        : { code: SpanStatusCode.ERROR, message: error },
    attributes: attributesOf(record, parts.attributeCharsMax ?? Number.POSITIVE_INFINITY),
    links: [],
    events: [],
    resource: parts.resource,
    instrumentationScope: parts.scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Seconds and nanoseconds: one number would be exact to some 256 ns only. */
export function hrTimeOf(timeUs: number): HrTime {
  // Before the epoch there is no time in OTLP; recordings may start at 0.
  const us = Math.max(0, timeUs);
  const seconds = Math.floor(us / 1e6);
  const nanos = Math.round((us - seconds * 1e6) * 1000);
  return nanos < 1e9 ? [seconds, nanos] : [seconds + 1, 0];
}

function contextOf({ traceId, traceState }: SpanRecord, spanId: string): SpanContext {
  return {
    traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
    ...(traceState !== undefined && { traceState: createTraceState(traceState) }),
  };
}

function attributesOf({ attributes }: SpanRecord, charsMax: number): Attributes {
  const isShort = (value: unknown) => typeof value !== 'string' || value.length <= charsMax;
  if (Object.values(attributes).every(isShort)) return attributes;
  const entries = Object.entries(attributes).map(([key, value]) => {
    return [key, typeof value === 'string' ? value.slice(0, charsMax) : value] as const;
  });
  return Object.fromEntries(entries);
}
