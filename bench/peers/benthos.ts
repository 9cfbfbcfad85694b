import { join } from 'node:path';
import type { EventForm } from './events.ts';
import { ANY, fromPath } from './from-path.ts';
import { goProgram } from './own-service.ts';
import { BUCKETS_MV, type Peer, type PeerTask } from './peer.ts';

const SHARED = {
  kind: 'product',
  formOf: (): EventForm => 'json',
  metricsPath: '/metrics',
  printsAddress: false,
  series: /^spikes_total\{/,
  canWriteDocuments: true,
} as const;

/** Its own NATS inputs and metrics. No registry serves it, so it is taken where it is there. */
export const CONNECT: Peer = {
  ...SHARED,
  name: 'Redpanda Connect',
  version: '',
  service: fromPath('redpanda-connect', ANY, { args: ['--version'], prints: 'ersion' }),
  command: (task, port, folder) => ({
    args: ['run', join(folder, 'connect.yaml')],
    files: { 'connect.yaml': configuration(task, port, connectInput(task), CONNECT_METRICS) },
  }),
};

/** The engine of Redpanda Connect, with a NATS input and metrics that do what Connect's own do. */
export const BENTHOS: Peer = {
  ...SHARED,
  name: 'Benthos, engine of Redpanda Connect',
  version: '4.60.0',
  service: goProgram('benthos', 'benthos', { args: ['list', 'inputs'], prints: 'nats' }),
  command: (task, port, folder) => ({
    args: ['run', join(folder, 'benthos.yaml')],
    files: { 'benthos.yaml': configuration(task, port, benthosInput(task), BENTHOS_METRICS) },
  }),
};

/**
 * Its histograms take whole nanoseconds that are not negative, and show seconds: so millivolts are
 * shifted by 200 and taken for milliseconds.
 */
const BUCKETS = BUCKETS_MV.map((le) => (le + 200) / 1000).join(', ');
const BENTHOS_METRICS = `{ buckets: [${BUCKETS}] }`;
const CONNECT_METRICS = `{ use_histogram_timing: true, histogram_buckets: [${BUCKETS}] }`;

function benthosInput({ natsUrl, subject, stream = '' }: PeerTask): string {
  return `nats: { url: "${natsUrl}", subject: "${subject}", stream: "${stream}" }`;
}

function connectInput({ natsUrl, subject, stream }: PeerTask): string {
  if (stream === undefined) {
    return `nats: { urls: ["${natsUrl}"], subject: "${subject}", send_ack: false }`;
  }
  const from = `subject: "${subject}", stream: "${stream}", deliver: all, max_ack_pending: 10000`;
  return `nats_jetstream: { urls: ["${natsUrl}"], ${from} }`;
}

function configuration(task: PeerTask, port: number, input: string, metrics: string): string {
  return `
http: { address: "127.0.0.1:${port}", enabled: true }
logger: { level: ERROR }
input:
  ${input}
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
  prometheus: ${metrics}
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
