import { z } from 'zod';

const address = z
  .string()
  .regex(/^[A-Za-z0-9.-]+:\d{1,5}$/, 'needs host:port, such as spikescope:9464');
const targets = z.array(address).min(1);
const url = z.url({ protocol: /^https?$/ });
const mail = z.string().regex(/^[^\s@,]+@[^\s@,]+$/, 'needs an address such as team@example.org');
const folder = z.string().min(1);

const thresholds = z.strictObject({
  conversion_errors_per_second: z
    .number()
    .positive()
    .default(0.1)
    .describe(
      'Failed conversions a second, over 5 min, above which HighConversionErrorRate fires.',
    ),
  node_memory_ratio: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.9)
    .describe('Share of the memory of a machine in use above which HighMemoryUsage fires.'),
  energy_efficiency_ratio: z
    .number()
    .positive()
    .default(5)
    .describe(
      'Energy of the baseline / measured energy below which EnergyEfficiencyDegraded fires.',
    ),
  frames_missing_ratio: z
    .number()
    .min(0)
    .lt(1)
    .default(0.001)
    .describe('Share of frames lost, over 10 min, above which FramesMissing fires.'),
  event_lag_seconds: z
    .number()
    .positive()
    .default(30)
    .describe('Age of frames at their arrival above which EventLagHigh fires.'),
  recording_lag_seconds: z
    .number()
    .positive()
    .default(604_800)
    .describe('Frames that are older are of a recording, and no reason for an alert.'),
  documents_oldest_seconds: z
    .number()
    .positive()
    .default(300)
    .describe('How long a document may wait before DocumentStoreSlow fires.'),
  stream_lag_messages: z
    .number()
    .positive()
    .default(10_000)
    .describe('Messages of the stream that may wait for 10 min before StreamLagHigh fires.'),
  checkpoint_age_seconds: z
    .number()
    .positive()
    .default(120)
    .describe('Age of the last checkpoint above which CheckpointOld fires.'),
});

const email = z.strictObject({
  smarthost: address.default('smtp.example.org:587').describe('SMTP server.'),
  from: mail.default('spikescope@example.org').describe('Sender.'),
  username: z
    .string()
    .min(1)
    .optional()
    .describe('User of the SMTP server; its password is the file smtp_password.'),
  require_tls: z.boolean().default(true).describe('Refuse to send without TLS.'),
  team: mail.default('team@example.org').describe('Who gets warnings.'),
  critical: mail.default('oncall@example.org').describe('Who gets what is critical.'),
  hardware: mail.default('hardware@example.org').describe('Who gets what is about chips.'),
});

/** What `spikescope monitoring generate --values FILE` reads; every key has a default. */
export const monitoringSettings = z.strictObject({
  time_scale: z
    .number()
    .min(0.001)
    .max(10)
    .default(1)
    .describe('Factor of every time: intervals, ranges, how long alerts wait. For trying out.'),
  thresholds: thresholds.prefault({}),
  runbooks_url: z
    .string()
    .min(1)
    .default('docs/runbooks')
    .describe('Where your copy of docs/runbooks/ is; the name of a page is added.'),
  grafana_url: url.default('http://127.0.0.1:3000').describe('Grafana, as people reach it.'),
  secrets: folder
    .default('/run/secrets')
    .describe('Folder of the secrets, one file each, where Prometheus and Alertmanager run.'),
  prometheus: z
    .strictObject({
      spikescope: targets.default(['spikescope:9464']).describe('Spikescope, host:port.'),
      spikescope_token: z
        .boolean()
        .default(true)
        .describe('Whether it needs the token of the file spikescope_token.'),
      alertmanager: targets.default(['alertmanager:9093']).describe('Alertmanager, host:port.'),
      node: targets.default(['node-exporter:9100']).describe('node_exporter, host:port.'),
      self: targets.default(['127.0.0.1:9090']).describe('Prometheus, as it sees itself.'),
    })
    .prefault({}),
  grafana: z
    .strictObject({
      prometheus_url: url.default('http://prometheus:9090').describe('As Grafana reaches it.'),
      elasticsearch_url: url.default('http://elasticsearch:9200').describe('The same.'),
      jaeger_url: url.default('http://jaeger:16686').describe('The same.'),
      dashboards: folder
        .default('/etc/grafana/dashboards')
        .describe('Folder of the dashboards where Grafana runs.'),
    })
    .prefault({}),
  alertmanager: z
    .strictObject({
      spikescope_url: url
        .default('http://spikescope:9464')
        .describe('Spikescope, as Alertmanager reaches it: for the way of alerts into NATS.'),
      slack_channel: z.string().min(1).default('#spikescope').describe('Of critical alerts.'),
      email: email.prefault({}),
    })
    .prefault({}),
});

export type MonitoringSettings = z.output<typeof monitoringSettings>;
