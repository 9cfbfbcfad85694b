import type { TraceContext } from '../frames/header.ts';
import type { ParentSpan } from './conversion-state.ts';

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
const TRACESTATE_CHARS_MAX = 512;

/**
 * The sender's span as `traceparent` names it (W3C Trace Context, level 1; versions to come are
 * read as far as they are alike). What is not valid names none.
 */
export function parentSpanOf(trace: TraceContext | undefined): ParentSpan | null {
  const match = TRACEPARENT.exec(trace?.traceparent.trim() ?? '');
  if (match === null) return null;
  const [, version, traceId = '', spanId = '', flags = '', more] = match;
  if (version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (traceId === NO_TRACE || spanId === NO_SPAN) return null;
  const state = trace?.tracestate;
  const traceState = state !== undefined && state.length <= TRACESTATE_CHARS_MAX ? state : null;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1, traceState };
}
