import { join } from 'node:path';
import { buildGoModule } from '../../scripts/services/go-module.ts';
import { BUCKETS_MV, type Peer, type PeerTask } from './peer.ts';

const VERSION = '1.39.1';
/** Only the plugins that take part, as its own documentation says a small one is built. */
const PLUGINS = [
  'custom',
  'inputs.nats_consumer',
  'aggregators.histogram',
  'outputs.prometheus_client',
  'outputs.elasticsearch',
  'parsers.influx',
];

/** Telegraf: line protocol in, its own parser; the histogram's last bucket counts every spike. */
export const TELEGRAF: Peer = {
  name: 'Telegraf',
  version: VERSION,
  kind: 'product',
  service: {
    name: 'peer-telegraf',
    version: VERSION,
    binary: 'telegraf',
    check: { args: ['--version'], prints: 'Telegraf' },
    fetch: (into) =>
      buildGoModule(
        {
          module: `github.com/influxdata/telegraf@v${VERSION}`,
          programs: { telegraf: './cmd/telegraf' },
          tags: PLUGINS,
        },
        into,
      ),
  },
  formOf: () => 'influx',
  metricsPath: '/metrics',
  printsAddress: false,
  series: /^spike_mv_bucket\{.*le="\+Inf"/,
  canWriteDocuments: true,
  command: (task, port, folder) => ({
    args: ['--config', join(folder, 'telegraf.conf')],
    files: { 'telegraf.conf': configuration(task, port) },
  }),
};

function configuration(task: PeerTask, port: number): string {
  const [core, stream] = task.stream === undefined ? [task.subject, ''] : ['', task.subject];
  const list = (subject: string) => (subject === '' ? '[]' : `["${subject}"]`);
  return `
[agent]
  interval = "1s"
  flush_interval = "250ms"
  flush_jitter = "0s"
  metric_batch_size = 5000
  metric_buffer_limit = 100000
  omit_hostname = true
  quiet = true
  round_interval = false
[[inputs.nats_consumer]]
  servers = ["${task.natsUrl}"]
  subjects = ${list(core)}
  jetstream_subjects = ${list(stream)}
  queue_group = "telegraf"
  max_undelivered_messages = 10000
  data_format = "influx"
  influx_parser_type = "internal"
  influx_timestamp_precision = "1us"
  tagexclude = ["subject"]
[[aggregators.histogram]]
  period = "250ms"
  grace = "87600h"
  drop_original = true
  reset = false
  cumulative = true
  taginclude = ["layer"]
  [[aggregators.histogram.config]]
    measurement_name = "spike"
    fields = ["mv"]
    buckets = [${BUCKETS_MV.map((le) => le.toFixed(1)).join(', ')}]
[[outputs.prometheus_client]]
  listen = "127.0.0.1:${port}"
  expiration_interval = "0s"
  metric_version = 1
  collectors_exclude = ["gocollector", "process"]
${task.elasticsearchUrl === undefined ? '' : documents(task.elasticsearchUrl)}`;
}

function documents(url: string): string {
  return `
[[outputs.elasticsearch]]
  urls = ["${url}"]
  index_name = "telegraf"
  enable_sniffer = false
  health_check_interval = "0s"
  manage_template = false
`;
}
