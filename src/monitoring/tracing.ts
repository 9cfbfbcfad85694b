import { yaml } from './rule-files.ts';

/** Spans wait here while Jaeger is away, and go there in batches. */
export function collectorConfig(): string {
  return yaml({
    receivers: {
      otlp: {
        protocols: { http: { endpoint: '0.0.0.0:4318' }, grpc: { endpoint: '0.0.0.0:4317' } },
      },
    },
    processors: {
      memory_limiter: { check_interval: '1s', limit_mib: 200, spike_limit_mib: 50 },
      batch: { timeout: '1s', send_batch_size: 512, send_batch_max_size: 2048 },
    },
    exporters: {
      'otlp_http/jaeger': {
        endpoint: 'http://jaeger:4318',
        sending_queue: { queue_size: 1000 },
        retry_on_failure: { max_elapsed_time: '300s' },
      },
    },
    service: {
      pipelines: {
        traces: {
          receivers: ['otlp'],
          processors: ['memory_limiter', 'batch'],
          exporters: ['otlp_http/jaeger'],
        },
      },
    },
  });
}

/** Jaeger 2: a collector of its own that keeps spans in memory, bounded, and shows them. */
export function jaegerConfig(): string {
  return yaml({
    service: {
      extensions: ['jaeger_storage', 'jaeger_query', 'healthcheckv2'],
      pipelines: {
        traces: {
          receivers: ['otlp'],
          processors: ['batch'],
          exporters: ['jaeger_storage_exporter'],
        },
      },
    },
    extensions: {
      healthcheckv2: { use_v2: true, http: { endpoint: '0.0.0.0:13133' } },
      jaeger_query: {
        storage: { traces: 'spikescope' },
        http: { endpoint: '0.0.0.0:16686' },
        grpc: { endpoint: '0.0.0.0:16685' },
      },
      jaeger_storage: { backends: { spikescope: { memory: { max_traces: 50000 } } } },
    },
    receivers: {
      otlp: {
        protocols: { http: { endpoint: '0.0.0.0:4318' }, grpc: { endpoint: '0.0.0.0:4317' } },
      },
    },
    processors: { batch: {} },
    exporters: { jaeger_storage_exporter: { trace_storage: 'spikescope' } },
  });
}
