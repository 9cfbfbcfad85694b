import { createRequire } from 'node:module';
import { shown } from '../frames/frame-error.ts';

/** W3C Trace Context, as headers of a message. */
export interface TraceHeaders {
  readonly traceparent: string;
  readonly tracestate?: string | undefined;
}

/** Of @opentelemetry/api, which the host may have or not. */
interface TraceApi {
  readonly context: { active(): unknown };
  readonly trace: { getSpanContext(context: unknown): SpanContext | undefined };
  isSpanContextValid(context: SpanContext): boolean;
}

interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly traceState?: { serialize(): string };
}

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const TRACESTATE_CHARS_MAX = 512;

let api: TraceApi | undefined | null = null;

/** The API keeps its state in one place for all of its copies: any that is found will do. */
function traceApi(): TraceApi | undefined {
  if (api !== null) return api;
  try {
    api = createRequire(import.meta.url)('@opentelemetry/api') as TraceApi;
  } catch {
    api = undefined;
  }
  return api;
}

/** The host's active span; undefined where it is not traced. Never throws. */
export function activeTrace(): TraceHeaders | undefined {
  try {
    const found = traceApi();
    const span = found?.trace.getSpanContext(found.context.active());
    if (found === undefined || span === undefined || !found.isSpanContextValid(span)) {
      return undefined;
    }
    const flags = (span.traceFlags & 0xff).toString(16).padStart(2, '0');
    const traceparent = `00-${span.traceId}-${span.spanId}-${flags}`;
    return withState(traceparent, span.traceState?.serialize());
  } catch {
    return undefined;
  }
}

/** @throws TypeError where it is no traceparent */
export function givenTrace(traceparent: string, tracestate: string | undefined): TraceHeaders {
  if (!TRACEPARENT.test(traceparent)) {
    const form = '00-<32 hex digits>-<16 hex digits>-<2 hex digits>';
    throw new TypeError(`traceparent: needs ${form}, got ${shown(traceparent)}`);
  }
  return withState(traceparent, tracestate);
}

/** A state that is too long, or that would end the header's line, is left out. */
function withState(traceparent: string, tracestate: string | undefined): TraceHeaders {
  const fits = tracestate !== undefined && /^[\x20-\x7e]+$/.test(tracestate);
  if (!fits || tracestate.length > TRACESTATE_CHARS_MAX) return { traceparent };
  return { traceparent, tracestate };
}
