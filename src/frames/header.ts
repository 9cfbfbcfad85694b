import { type Fields, integerField, optionalIntegerField, optionalNameField } from './fields.ts';
import { FrameError } from './frame-error.ts';
import type { FrameLimits } from './limits.ts';

/** The kinds of the wire, version 1. */
export const FRAME_KINDS = [
  'spikes',
  'membrane',
  'power',
  'cores',
  'activity',
  'synapses',
  'health',
  'conversion',
  'inference',
  'benchmark',
  'log',
] as const;

export type FrameKind = (typeof FRAME_KINDS)[number];

/** The headers of W3C Trace Context, as they came. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate: string | undefined;
}

/** What every frame says of itself, and what its reception adds. */
export interface FrameHeader {
  readonly deviceType: string;
  readonly chipId: string;
  /** µs since the Unix epoch; recordings may start at 0. The frame covers [t0Us, t0Us + spanUs). */
  readonly t0Us: number;
  readonly spanUs: number;
  /** Number of the frame on its subject, +1 each; undefined when the emitter does not count. */
  readonly seq: number | undefined;
  readonly runId: string | undefined;
  readonly emitter: string | undefined;
  /** Arrival in µs since the epoch as the source saw it; NaN where no clock is involved. */
  arrivedUs: number;
  /** The sender's span, where the message named one. */
  trace?: TraceContext | undefined;
  /** How often the emitter of this frame's subject has started anew; a change restarts parts. */
  restarts: number;
}

/** The emitter name of frames that Spikescope's own sources put in: they restart nothing. */
export const OWN_EMITTER = 'spikescope';

/** Kinds whose columns lie in time, so that a span of 0 could hold no sample. */
const TIMED: ReadonlySet<FrameKind> = new Set(['spikes', 'membrane', 'power']);

export function readHeader(
  fields: Fields,
  kind: FrameKind,
  deviceType: string,
  chipId: string,
  limits: FrameLimits,
): FrameHeader {
  const t0Us = integerField(fields, 't0', 0, Number.MAX_SAFE_INTEGER);
  const spanUs = integerField(fields, 'span_us', TIMED.has(kind) ? 1 : 0, limits.spanUsMax);
  if (t0Us + spanUs > Number.MAX_SAFE_INTEGER) {
    throw new FrameError('out_of_range', 't0', `t0 + span_us = ${t0Us + spanUs} exceeds 2^53 - 1`);
  }
  return {
    deviceType,
    chipId,
    t0Us,
    spanUs,
    seq: optionalIntegerField(fields, 'seq', 0, Number.MAX_SAFE_INTEGER),
    runId: optionalNameField(fields, 'run_id', limits),
    emitter: optionalNameField(fields, 'emitter', limits),
    arrivedUs: Number.NaN,
    trace: undefined,
    restarts: 0,
  };
}

/** The header as wire fields, in the order of the wire document. */
export function headerFields(kind: FrameKind, header: FrameHeader): Fields {
  const fields: Fields = {
    v: 1,
    kind,
    device_type: header.deviceType,
    chip_id: header.chipId,
    t0: header.t0Us,
    span_us: header.spanUs,
  };
  if (header.seq !== undefined) fields['seq'] = header.seq;
  if (header.runId !== undefined) fields['run_id'] = header.runId;
  if (header.emitter !== undefined) fields['emitter'] = header.emitter;
  return fields;
}
