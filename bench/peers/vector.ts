import { join } from 'node:path';
import { fromPath } from './from-path.ts';
import { BUCKETS_MV, type Peer, type PeerTask } from './peer.ts';

const VERSION = '0.58.0';

/** Vector: no registry has it, so it is taken where somebody has put it. */
export const VECTOR: Peer = {
  name: 'Vector',
  version: VERSION,
  kind: 'product',
  service: fromPath('vector', VERSION, { args: ['--version'], prints: `vector ${VERSION}` }),
  formOf: (isBatched) => (isBatched ? 'lines' : 'json'),
  metricsPath: '/metrics',
  printsAddress: false,
  series: /^spikes_total\{/,
  canWriteDocuments: true,
  command: (task, port, folder) => ({
    args: ['-qq', '--config', join(folder, 'vector.yaml')],
    files: { 'vector.yaml': configuration(task, port, folder) },
  }),
};

function configuration(task: PeerTask, port: number, folder: string): string {
  const source = {
    type: 'nats',
    url: task.natsUrl,
    connection_name: 'vector',
    subject: task.subject,
    ...(task.stream === undefined
      ? {}
      : { jetstream: { stream: task.stream, consumer: 'vector', batch_config: { batch: 5000 } } }),
    ...(task.isBatched ? { framing: { method: 'newline_delimited' } } : {}),
    decoding: { codec: 'json' },
  };
  const tags = { layer: '{{layer}}' };
  const documents = {
    type: 'elasticsearch',
    inputs: ['spikes'],
    endpoints: [task.elasticsearchUrl],
    bulk: { index: 'vector' },
    healthcheck: { enabled: false },
    api_version: 'v8',
  };
  // A configuration in YAML may be JSON.
  return JSON.stringify({
    data_dir: folder,
    sources: { spikes: source },
    transforms: {
      metrics: {
        type: 'log_to_metric',
        inputs: ['spikes'],
        metrics: [
          { type: 'counter', field: 'layer', name: 'spikes_total', tags },
          { type: 'histogram', field: 'mv', name: 'membrane_mv', tags },
        ],
      },
    },
    sinks: {
      prometheus: {
        type: 'prometheus_exporter',
        inputs: ['metrics'],
        address: `127.0.0.1:${port}`,
        flush_period_secs: 3600,
        suppress_timestamp: true,
        buckets: BUCKETS_MV,
      },
      ...(task.elasticsearchUrl === undefined ? {} : { documents }),
    },
  });
}
