import { randomBytes } from 'node:crypto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { SpanRecord } from '../../src/component/span.ts';
import { readOtelSettings } from '../../src/sinks/traces/otel-settings.ts';
import { TraceSink } from '../../src/sinks/traces/trace-sink.ts';

export const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

export function record(more: Partial<SpanRecord> = {}): SpanRecord {
  return {
    name: 'n',
    traceId: hex(16),
    spanId: hex(8),
    parentSpanId: undefined,
    traceState: undefined,
    sampled: undefined,
    startUs: 1_795_000_000_000_000,
    endUs: 1_795_000_000_000_001,
    attributes: {},
    error: undefined,
    ...more,
  };
}

export function records(count: number): SpanRecord[] {
  return Array.from({ length: count }, () => record());
}

export interface Sink {
  readonly sink: TraceSink;
  readonly drops: Map<string, number>;
  /** `failing: reason` and `recovered`, in order. */
  readonly said: string[];
}

export interface SinkOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly endpoint: string;
  /** For how long the exporter tries. */
  readonly timeoutMillis?: number;
}

/** A sink that exports at once. */
export function startSink(options: SinkOptions): Sink {
  const patient = { OTEL_BSP_EXPORT_TIMEOUT: '60000' };
  const env = { OTEL_BSP_SCHEDULE_DELAY: '5', ...patient, ...options.env };
  const drops = new Map<string, number>();
  const said: string[] = [];
  const { endpoint, timeoutMillis = 60_000 } = options;
  const sink = new TraceSink({
    version: '1.2.3',
    settings: readOtelSettings(env, (text) => said.push(text)),
    warn: (text) => said.push(text),
    exporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, timeoutMillis }),
    dropped: (reason, spans) => drops.set(reason, (drops.get(reason) ?? 0) + spans),
    failing: (reason) => said.push(`failing: ${reason}`),
    recovered: () => said.push('recovered'),
  });
  return { sink, drops, said };
}
