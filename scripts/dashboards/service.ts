import { WITHOUT_OWNER } from '../../src/monitoring/rules/partitions.ts';
import { type Query, seriesPanel, statPanel } from './panel.ts';

const rate = (metric: string, by: string): Query => [
  `sum by (${by}) (rate(${metric}[$__rate_interval]))`,
  `{{${by}}}`,
];

const UP = {
  thresholds: [
    [null, 'red'],
    [1, 'green'],
  ],
  words: { 0: 'down', 1: 'up' },
} as const;

/** The service itself; what depends on what it is built with is there where it is. */
export function servicePanels(has: (metric: string) => boolean) {
  return [...stats(), ...flows(), ...outputs(), ...stream(), ...workers(), ...optional(has)];
}

function stats() {
  return [
    statPanel({
      title: 'Up',
      description: 'Whether Prometheus could read /metrics, and what it is connected to.',
      unit: 'none',
      width: 9,
      queries: [
        ['up{job="spikescope"}', '{{instance}}'],
        ['spikescope_nats_connected', 'NATS of {{instance}}'],
        ['spikescope_document_store_up', 'documents of {{instance}}'],
      ],
      ...UP,
    }),
    statPanel({
      title: 'Frames lost',
      description: 'Share of the last 10 minutes, by gaps in their numbers.',
      unit: 'percentunit',
      width: 5,
      queries: [['instance:spikescope_frames_missing:ratio10m', '{{instance}}']],
      thresholds: [
        [null, 'green'],
        [0.001, 'red'],
      ],
    }),
    statPanel({
      title: 'Firing alerts',
      description: 'But the watchdog.',
      unit: 'none',
      width: 5,
      queries: [['count(ALERTS{alertstate="firing",severity!="none"}) or vector(0)', 'alerts']],
      thresholds: [
        [null, 'green'],
        [1, 'red'],
      ],
    }),
    statPanel({
      title: 'Version',
      description: 'What runs, and how many of them.',
      unit: 'none',
      width: 5,
      queries: [
        [
          'count by (version, node_version) (spikescope_build_info)',
          '{{version}} on Node {{node_version}}',
        ],
      ],
    }),
  ];
}

function flows() {
  return [
    seriesPanel({
      title: 'Frames',
      description: 'That counted, a second.',
      unit: 'cps',
      width: 12,
      stacked: true,
      queries: [rate('spikescope_frames_total', 'kind')],
    }),
    seriesPanel({
      title: 'Samples',
      description: 'In frames that counted, a second.',
      unit: 'cps',
      width: 12,
      stacked: true,
      queries: [rate('spikescope_samples_total', 'kind')],
    }),
    seriesPanel({
      title: 'Lag',
      description: "Arrival of a chip's last frame less its end.",
      unit: 's',
      width: 12,
      queries: [
        [
          'max by (device_type, chip_id) (spikescope_event_lag_seconds)',
          '{{device_type}}/{{chip_id}}',
        ],
      ],
    }),
    seriesPanel({
      title: 'Frames missing, invalid, repeated',
      description: 'A second; each is counted with a reason.',
      unit: 'cps',
      width: 12,
      queries: [
        ['sum(rate(spikescope_frames_missing_total[$__rate_interval]))', 'missing'],
        ['sum(rate(spikescope_frames_recovered_total[$__rate_interval]))', 'recovered'],
        ['sum(rate(spikescope_frames_repeated_total[$__rate_interval]))', 'repeated'],
        [
          'sum by (reason) (rate(spikescope_frames_invalid_total[$__rate_interval]))',
          'invalid: {{reason}}',
        ],
      ],
    }),
    seriesPanel({
      title: 'Late and incomplete',
      description: 'Samples of closed windows, windows that frames covered in part.',
      unit: 'cps',
      width: 12,
      queries: [
        ['sum(rate(spikescope_samples_late_total[$__rate_interval]))', 'late samples'],
        ['sum(rate(spikescope_windows_incomplete_total[$__rate_interval]))', 'incomplete windows'],
        ['sum(rate(spikescope_time_jumps_total[$__rate_interval]))', 'time jumps'],
      ],
    }),
    seriesPanel({
      title: 'Records derived',
      description: 'A second, by pipeline.',
      unit: 'cps',
      width: 12,
      queries: [rate('spikescope_records_total', 'pipeline')],
    }),
  ];
}

function outputs() {
  return [
    seriesPanel({
      title: 'Queues',
      description: 'Entries that wait.',
      unit: 'none',
      width: 12,
      queries: [['sum by (queue) (spikescope_queue_depth)', '{{queue}}']],
    }),
    seriesPanel({
      title: 'Documents',
      description: 'That the store has answered for, a second.',
      unit: 'cps',
      width: 12,
      queries: [
        [
          'sum by (index, outcome) (rate(spikescope_documents_total[$__rate_interval]))',
          '{{index}} {{outcome}}',
        ],
      ],
    }),
    seriesPanel({
      title: 'Dropped and refused',
      description: 'What no sink got, and series beyond the cap of a metric.',
      unit: 'cps',
      width: 12,
      queries: [
        [
          'sum by (sink, reason) (rate(spikescope_dropped_total[$__rate_interval])) or vector(0)',
          '{{sink}} {{reason}}',
        ],
        [
          'sum by (metric) (rate(spikescope_series_refused_total[$__rate_interval])) or vector(0)',
          'series of {{metric}}',
        ],
      ],
    }),
    seriesPanel({
      title: 'Scrape',
      description: 'How long reading /metrics takes.',
      unit: 's',
      width: 12,
      queries: [['scrape_duration_seconds{job="spikescope"}', '{{instance}}']],
    }),
  ];
}

/** Delivery by JetStream. */
function stream() {
  return [
    seriesPanel({
      title: 'Stream',
      description: 'Messages of the stream that wait, and those that were gone before their turn.',
      unit: 'none',
      width: 12,
      queries: [
        ['sum(spikescope_stream_lag_messages)', 'waiting'],
        ['sum(increase(spikescope_stream_messages_lost_total[$__rate_interval]))', 'lost'],
        [
          'sum(rate(spikescope_commit_failures_total[$__rate_interval]))',
          'commits that failed, a second',
        ],
      ],
    }),
    seriesPanel({
      title: 'Checkpoint',
      description: 'Age of the last one, and whether the stream is still being caught up with.',
      unit: 's',
      width: 12,
      queries: [
        ['spikescope_checkpoint_age_seconds', '{{instance}}'],
        ['spikescope_catching_up', '{{instance}} catching up: 1'],
      ],
    }),
  ];
}

/** Workers that share the frames; of one process there is nothing to show. */
function workers() {
  return [
    seriesPanel({
      title: 'Partitions',
      description: 'Of each worker, and those that nobody has.',
      unit: 'none',
      width: 12,
      stacked: true,
      min: 0,
      queries: [
        ['sum by (instance) (spikescope_partitions_owned) or vector(0)', '{{instance}}'],
        [`clamp_min(${WITHOUT_OWNER}, 0) or vector(0)`, 'nobody'],
      ],
    }),
    seriesPanel({
      title: 'Partitions that change hands',
      description: 'Taken, given back; fenced: a worker that was away found that another had it.',
      unit: 'none',
      width: 12,
      queries: [
        [
          'sum by (change) (increase(spikescope_partition_changes_total[$__rate_interval])) ' +
            'or vector(0)',
          '{{change}}',
        ],
      ],
    }),
    seriesPanel({
      title: 'Lag by partition',
      description: 'Messages that wait, of the ten partitions with the most.',
      unit: 'none',
      width: 12,
      queries: [
        [
          'topk(10, max by (partition) (spikescope_partition_lag_messages)) or vector(0)',
          'partition {{partition}}',
        ],
      ],
    }),
    seriesPanel({
      title: 'Age of leases',
      description: 'The oldest of each worker: at workers.ttl others take the partition.',
      unit: 's',
      width: 12,
      queries: [
        ['max by (instance) (spikescope_partition_lease_age_seconds) or vector(0)', '{{instance}}'],
      ],
    }),
  ];
}

function optional(has: (metric: string) => boolean) {
  const panels: ReturnType<typeof seriesPanel>[] = [];
  if (has('neuromorphic_anomalies_total')) {
    panels.push(
      seriesPanel({
        title: 'Anomalies',
        description: 'Incidents opened, by detector and severity.',
        unit: 'none',
        width: 12,
        queries: [
          [
            'sum by (detector, severity) ' +
              '(increase(neuromorphic_anomalies_total[$__rate_interval]))',
            '{{detector}} {{severity}}',
          ],
        ],
      }),
    );
  }
  return panels;
}
