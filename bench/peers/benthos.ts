import { join } from 'node:path';
import { goProgram } from './own-service.ts';
import { BUCKETS_MV, type Peer, type PeerTask } from './peer.ts';

/**
 * The engine of Redpanda Connect. Connect itself is no module that the registry serves, so the
 * engine is built with a NATS input and Prometheus metrics that do what Connect's own do.
 */
export const BENTHOS: Peer = {
  name: 'Benthos, engine of Redpanda Connect',
  version: '4.60.0',
  kind: 'product',
  service: goProgram('benthos', 'benthos', { args: ['list', 'inputs'], prints: 'nats' }),
  formOf: () => 'json',
  metricsPath: '/metrics',
  printsAddress: false,
  series: /^spikes_total\{/,
  canWriteDocuments: true,
  command: (task, port, folder) => ({
    args: ['run', join(folder, 'benthos.yaml')],
    files: { 'benthos.yaml': configuration(task, port) },
  }),
};

/**
 * Its histograms take whole nanoseconds that are not negative, and show seconds: so millivolts are
 * shifted by 200 and taken for milliseconds.
 */
function configuration(task: PeerTask, port: number): string {
  const buckets = BUCKETS_MV.map((le) => (le + 200) / 1000);
  return `
http: { address: "127.0.0.1:${port}", enabled: true }
logger: { level: ERROR }
input:
  nats: { url: "${task.natsUrl}", subject: "${task.subject}", stream: "${task.stream ?? ''}" }
pipeline:
  threads: -1
  processors:
${task.isBatched ? '    - unarchive: { format: json_array }' : ''}
    - metric:
        type: counter
        name: spikes_total
        labels: { layer: '\${! json("layer") }' }
    - metric:
        type: timing
        name: membrane_shifted
        labels: { layer: '\${! json("layer") }' }
        value: '\${! ((json("mv") + 200) * 1000000).round() }'
output:
${task.elasticsearchUrl === undefined ? '  drop: {}' : documents(task.elasticsearchUrl)}
metrics:
  prometheus: { buckets: [${buckets.join(', ')}] }
`;
}

/** Each event is a document: the engine aggregates nothing. */
function documents(url: string): string {
  return `  http_client:
    url: "${url}/benthos/_bulk"
    verb: POST
    headers: { Content-Type: application/x-ndjson }
    batch_as_multipart: false
    max_in_flight: 4
    batching:
      count: 1000
      period: 250ms
      processors:
        - mapping: 'root = "{\\"index\\":{}}\\n" + content().string()'
        - archive: { format: lines }
        - mapping: 'root = content().string() + "\\n"'
`;
}
