import {
  type AlertRule,
  grewAnywhere,
  JOB_LABELS,
  movedOver,
  type RuleContext,
  SCRAPED,
  SCRAPED_2,
  SCRAPED_LABELS,
} from '../rule.ts';

/** Spikescope itself, and those it is watched with. */
export function serviceAlerts(context: RuleContext): AlertRule[] {
  return [
    spikescopeDown(),
    natsDisconnected(),
    pipelineFailed(context),
    monitorStalled(),
    seriesRefused(context),
    stateRefused(context),
    targetDown(),
    watchdog(),
  ];
}

function spikescopeDown(): AlertRule {
  return {
    alert: 'SpikescopeDown',
    expr: 'max by (job) (up{job="spikescope"}) == 0 or absent(up{job="spikescope"})',
    forS: 60,
    severity: 'critical',
    team: 'platform',
    summary: 'Spikescope does not answer',
    description:
      'Prometheus has not been able to read /metrics of any Spikescope for a minute. No chip is ' +
      'watched, and no other alert about chips can be believed.',
    dashboard: 'spikescope',
    runbook: {
      means:
        'The process is gone or stuck, or Prometheus asks in the wrong place. With JetStream ' +
        'nothing ' +
        'is lost: the stream is processed from the last checkpoint on.',
      look: [
        'Prometheus, Status, Targets: the error. 401 is the token, 421 is `http.allowed_hosts`.',
        'The log of Spikescope: exit code 78 is bad configuration, and names the key.',
      ],
      mend: ['Start it again. `spikescope run --check` says what is wrong with the configuration.'],
    },
    fires: {
      input: [
        [`up{${SCRAPED}}`, '1x4 0x20'],
        [`up{${SCRAPED_2}}`, '0x24'],
      ],
      atS: 180,
      labels: { job: 'spikescope' },
    },
    quiet: {
      input: [
        [`up{${SCRAPED}}`, '1x4 0x20'],
        [`up{${SCRAPED_2}}`, '1x24'],
      ],
      atS: 180,
    },
  };
}

function natsDisconnected(): AlertRule {
  const series = `spikescope_nats_connected{${SCRAPED}}`;
  return {
    alert: 'NatsDisconnected',
    expr: 'spikescope_nats_connected == 0',
    forS: 60,
    severity: 'critical',
    team: 'platform',
    summary: '{{ $labels.instance }} is not connected to NATS',
    description:
      '{{ $labels.instance }} has had no connection to NATS for a minute. No frame arrives; that ' +
      'chips are silent says nothing about them.',
    dashboard: 'spikescope',
    runbook: {
      means:
        'With core NATS what is published meanwhile is lost; with JetStream it waits in the ' +
        'stream.',
      look: [
        'The log of Spikescope: which servers it waits for, and what they answer.',
        '`nats server check connection` from the same machine.',
      ],
      mend: ['Bring NATS back; Spikescope reconnects by itself, for ever.'],
    },
    fires: { input: [[series, '1x2 0x20']], atS: 180, labels: SCRAPED_LABELS },
    quiet: { input: [[series, '0x2 1x20']], atS: 180 },
  };
}

function pipelineFailed({ t }: RuleContext): AlertRule {
  const total = 'spikescope_pipeline_failures_total';
  const of = (scraped: string) => `${total}{pipeline="power",${scraped}}`;
  return {
    alert: 'PipelineFailed',
    expr: grewAnywhere(total, t, 3600),
    forS: 0,
    severity: 'critical',
    team: 'platform',
    summary: 'The pipeline {{ $labels.pipeline }} has ended',
    description:
      'The pipeline {{ $labels.pipeline }} ended with an error: a fault of Spikescope. The ' +
      'others go on; what it derives stands still until a restart.',
    dashboard: 'spikescope',
    runbook: {
      means: 'An operator threw, which none may. The log line `pipeline … ended` has the stack.',
      look: ['The log, and which frames came just before: `spikescope record` keeps them.'],
      mend: ['Restart Spikescope, and report the stack with the recording.'],
    },
    fires: {
      input: [[of(`partition="3",${SCRAPED}`), '_x10 1x10']],
      atS: 180,
      labels: { pipeline: 'power', ...JOB_LABELS },
    },
    quiet: { input: movedOver(of, 1), atS: 4500 },
  };
}

function monitorStalled(): AlertRule {
  const series = `spikescope_health_check_age_seconds{${SCRAPED}}`;
  return {
    alert: 'HealthMonitorStalled',
    expr: 'spikescope_health_check_age_seconds > 30',
    forS: 60,
    severity: 'warning',
    team: 'platform',
    summary: 'Chips are not being looked at',
    description:
      'The last round of the health monitor of {{ $labels.instance }} was ' +
      '{{ $value | humanizeDuration }} ' +
      'ago; a round a second is usual. The status of chips is not to be believed.',
    dashboard: 'spikescope',
    runbook: {
      means: 'The process is overloaded, was stopped, or its monitor fails.',
      look: ['`spikescope_health_monitor_failures_total`, the log, the load of the machine.'],
      mend: ['Give the process CPU. A monitor that fails is a fault: restart, and report the log.'],
    },
    fires: { input: [[series, '90x60']], atS: 300, labels: SCRAPED_LABELS, value: '1m 30s' },
    quiet: { input: [[series, '1x60']], atS: 300 },
  };
}

function seriesRefused({ t }: RuleContext): AlertRule {
  const total = 'spikescope_series_refused_total';
  const of = (scraped: string) => `${total}{metric="neural_spikes_total",${scraped}}`;
  return {
    alert: 'SeriesRefused',
    expr: grewAnywhere(total, t, 600),
    forS: 30,
    severity: 'warning',
    team: 'platform',
    summary: '{{ $labels.metric }} has too many series',
    description:
      '{{ $labels.metric }} has as many sets of labels as it may. Further ones are folded into ' +
      'the ' +
      'series `other` (counters, histograms) or left out (gauges).',
    dashboard: 'spikescope',
    runbook: {
      means: 'Totals stay right; single layers, cores or chips can no longer be told apart.',
      look: ['`count({__name__="…"})` by each label: which one grows?'],
      mend: [
        'Names that change with each run do not belong into `layer_name` or `chip_id`: use ' +
          '`run_id`.',
        'As many as there really are: raise `metrics.series_max`.',
      ],
    },
    fires: {
      input: [[of(SCRAPED), '0+5x60']],
      atS: 600,
      labels: { metric: 'neural_spikes_total', ...JOB_LABELS },
    },
    quiet: { input: movedOver(of, 5), atS: 750 },
  };
}

function stateRefused({ t }: RuleContext): AlertRule {
  const total = 'spikescope_state_refused_total';
  const of = (scraped: string) => `${total}{bound="parts",${scraped}}`;
  return {
    alert: 'StateRefused',
    expr: grewAnywhere(total, t, 600),
    forS: 30,
    severity: 'warning',
    team: 'platform',
    summary: 'More {{ $labels.bound }} than are remembered',
    description:
      'Frames came for more {{ $labels.bound }} than operators remember; those beyond give no ' +
      'rates, energy or durations.',
    dashboard: 'spikescope',
    runbook: {
      means:
        'A bound of an operator is reached: `parts_max` and the like in docs/configuration.md.',
      look: ['Is it as many as there really are, or do names change with each run?'],
      mend: ['Keep names, or raise the bound of the pipeline; memory grows with it.'],
    },
    fires: {
      input: [[of(SCRAPED), '_x10 3x30']],
      atS: 300,
      labels: { bound: 'parts', ...JOB_LABELS },
    },
    quiet: { input: movedOver(of, 3), atS: 750 },
  };
}

function targetDown(): AlertRule {
  const node = 'job="node",instance="node-exporter:9100"';
  return {
    alert: 'TargetDown',
    expr: 'up{job!="spikescope"} == 0',
    forS: 120,
    severity: 'warning',
    team: 'platform',
    summary: '{{ $labels.job }} at {{ $labels.instance }} does not answer',
    description:
      'Prometheus has not been able to read {{ $labels.job }} at {{ $labels.instance }} for 2 ' +
      'minutes. Alerts that need it are blind.',
    dashboard: 'spikescope',
    runbook: {
      means: 'What watches is itself not there: `node` for memory, `alertmanager` for messages.',
      look: ['Prometheus, Status, Targets: the error.'],
      mend: ['Start it, or take it out of the values of `spikescope monitoring generate`.'],
    },
    fires: {
      input: [[`up{${node}}`, '1x2 0x30']],
      atS: 300,
      labels: { job: 'node', instance: 'node-exporter:9100' },
    },
    quiet: { input: [[`up{${node}}`, '0x2 1x30']], atS: 300 },
  };
}

function watchdog(): AlertRule {
  return {
    alert: 'Watchdog',
    expr: 'vector(1)',
    // Not of a Prometheus that starts over and over.
    forS: 60,
    severity: 'none',
    team: 'platform',
    summary: 'Alerting works',
    description:
      'Always there. Where it stops coming on `<prefix>.alert.firing.Watchdog`, the way from ' +
      'Prometheus over Alertmanager and Spikescope to NATS is broken.',
    dashboard: 'spikescope',
    runbook: {
      means: 'A dead man’s switch: not the alert is bad news, but its end.',
      look: ['`nats sub "<prefix>.alert.firing.Watchdog"`: one each hour (`repeat_interval`).'],
      mend: [
        'Let something outside of this machine raise the alarm when none comes for two hours.',
      ],
    },
    fires: { input: [], atS: 120, labels: {} },
    quiet: { input: [], atS: 30 },
  };
}
