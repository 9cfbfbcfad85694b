import { context, propagation, type Tracer, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { UndiciInstrumentation, type UndiciRequest } from '@opentelemetry/instrumentation-undici';
import { TracerProvider, type TracerProviderOptions } from '@opentelemetry/sdk-trace';
import { scrubText } from '../component/scrub.ts';

export interface OwnTracing {
  readonly tracer: Tracer;
  close(): void;
}

/**
 * Traces what the program does itself. The provider is the process's: libraries that make spans
 * through the API find it, the Elasticsearch client among them. `fetch` and other undici clients
 * are instrumented, and their requests carry `traceparent`.
 */
export function startOwnTracing(options: TracerProviderOptions, version: string): OwnTracing {
  const provider = new TracerProvider(options);
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const http = new UndiciInstrumentation({ startSpanHook: withoutSecrets });
  http.setTracerProvider(provider);
  http.enable();
  return {
    tracer: provider.getTracer('spikescope', version),
    close: () => {
      http.disable();
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}

/** An address may hold a token. */
function withoutSecrets({ origin, path }: UndiciRequest): Record<string, string> {
  const url = new URL(path, origin);
  return { 'url.full': scrubText(url.href), 'url.query': scrubText(url.search) };
}
