import { ALERTS_PATH } from '../sinks/alerts/alert-options.ts';
import { yaml } from './rule-files.ts';
import type { MonitoringSettings } from './settings.ts';
import type { WriteTime } from './times.ts';

const GROUP_S = 10;
const REPEAT_S = 3600;
const RESOLVE_S = 300;

export const RECEIVERS = {
  nats: 'spikescope-nats',
  nobody: 'nobody',
  critical: 'critical',
  hardware: 'hardware-team',
  team: 'team',
} as const;

const TITLE =
  '[{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ .Alerts.Firing | len }}{{ end }}] ' +
  '{{ .CommonLabels.alertname }}{{ with .CommonLabels.chip_id }} ' +
  '{{ $.CommonLabels.device_type }}/{{ . }}{{ end }}';

const TEXT =
  '{{ range .Alerts }}{{ .Status | toUpper }} ({{ .Labels.severity }}): ' +
  '{{ .Annotations.summary }}\n{{ .Annotations.description }}\n' +
  '{{ with .Annotations.dashboard_url }}Dashboard: {{ . }}\n{{ end }}' +
  '{{ with .Annotations.runbook_url }}Runbook: {{ . }}\n{{ end }}' +
  'Since {{ .StartsAt.UTC.Format "2006-01-02 15:04:05 UTC" }}' +
  '{{ if eq .Status "resolved" }}, until {{ .EndsAt.UTC.Format "15:04:05 UTC" }}{{ end }}\n\n' +
  '{{ end }}';

/** Who is told of what, how often, and what is not worth telling. */
export function alertmanagerConfig(settings: MonitoringSettings, t: WriteTime): string {
  return yaml({
    global: globals(settings, t),
    route: route(t),
    inhibit_rules: inhibitions(),
    receivers: receivers(settings),
  });
}

function globals({ alertmanager: { email }, secrets }: MonitoringSettings, t: WriteTime): object {
  const login = {
    smtp_auth_username: email.username,
    smtp_auth_password_file: `${secrets}/smtp_password`,
  };
  return {
    smtp_smarthost: email.smarthost,
    smtp_from: email.from,
    smtp_require_tls: email.require_tls,
    ...(email.username === undefined ? {} : login),
    slack_api_url_file: `${secrets}/slack_webhook_url`,
    resolve_timeout: t(RESOLVE_S),
  };
}

function route(t: WriteTime): object {
  return {
    receiver: RECEIVERS.team,
    group_by: ['alertname', 'device_type', 'chip_id'],
    group_wait: t(GROUP_S),
    group_interval: t(GROUP_S),
    repeat_interval: t(REPEAT_S),
    routes: [
      // All of it goes to NATS, the watchdog too.
      { receiver: RECEIVERS.nats, continue: true },
      { receiver: RECEIVERS.nobody, matchers: ['severity="none"'] },
      { receiver: RECEIVERS.critical, matchers: ['severity="critical"'], continue: true },
      { receiver: RECEIVERS.hardware, matchers: ['team="hardware"'] },
      // Named once more: what a route above has taken no longer falls to the root.
      { receiver: RECEIVERS.team },
    ],
  };
}

/** Labels that are missing on both sides count as equal. */
function inhibitions(): object[] {
  return [
    {
      source_matchers: ['severity="critical"'],
      target_matchers: ['severity="warning"'],
      equal: [
        'alertname',
        'instance',
        'detector',
        'series',
        'device_type',
        'chip_id',
        'layer_name',
        'core_id',
      ],
    },
    {
      source_matchers: ['alertname="HardwareDisconnected"'],
      target_matchers: ['alertname=~"EmitterSilent|ChipForgotten"'],
      equal: ['device_type', 'chip_id'],
    },
    {
      source_matchers: ['alertname="HardwareDisconnected"'],
      target_matchers: ['alertname="SpikescopeAnomaly"', 'series="frames"'],
      equal: ['device_type', 'chip_id'],
    },
    {
      // Nobody watches the chips of a partition that nobody has.
      source_matchers: ['alertname="PartitionWithoutOwner"'],
      target_matchers: ['alertname=~"HardwareDisconnected|EmitterSilent|ChipForgotten"'],
      equal: [],
    },
    {
      source_matchers: ['alertname="NatsDisconnected"'],
      target_matchers: ['alertname="HardwareDisconnected"'],
      equal: ['job'],
    },
  ];
}

function receivers({ alertmanager, secrets }: MonitoringSettings): object[] {
  const mail = (to: string) => ({
    to,
    send_resolved: true,
    headers: { Subject: TITLE },
    text: TEXT,
  });
  const { email, slack_channel, spikescope_url } = alertmanager;
  return [
    { name: RECEIVERS.nobody },
    {
      name: RECEIVERS.nats,
      webhook_configs: [
        {
          url: `${spikescope_url.replace(/\/+$/, '')}${ALERTS_PATH}`,
          send_resolved: true,
          http_config: {
            authorization: { type: 'Bearer', credentials_file: `${secrets}/alert_webhook_token` },
          },
        },
      ],
    },
    {
      name: RECEIVERS.critical,
      email_configs: [mail(email.critical)],
      slack_configs: [
        {
          channel: slack_channel,
          send_resolved: true,
          title: TITLE,
          title_link: '{{ (index .Alerts 0).Annotations.dashboard_url }}',
          text: TEXT,
        },
      ],
    },
    { name: RECEIVERS.hardware, email_configs: [mail(email.hardware)] },
    { name: RECEIVERS.team, email_configs: [mail(email.team)] },
  ];
}
