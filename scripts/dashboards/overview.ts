import { seriesPanel, statPanel } from './panel.ts';

const TARGET = 'hardware_target';
const FAILED = `sum(increase(spikeformer_conversion_errors_total[1h]))`;
const DONE = `sum(increase(spikeformer_conversions_total[1h]))`;

/** Models: how they are converted, and what they save. */
export const OVERVIEW = [
  statPanel({
    title: 'Conversion rate',
    description: 'Successful conversions a second.',
    unit: 'ops',
    width: 5,
    queries: [['sum(rate(spikeformer_conversions_total[5m]))', 'conversions']],
  }),
  statPanel({
    title: 'Active conversions',
    description: 'Started and not finished.',
    unit: 'none',
    width: 4,
    queries: [['sum(spikeformer_active_conversions)', 'active']],
  }),
  statPanel({
    title: 'Failed conversions, share of the last hour',
    description: 'Failed / finished.',
    unit: 'percentunit',
    width: 5,
    queries: [
      [
        `(${FAILED} or vector(0)) / clamp_min((${FAILED} or vector(0)) + (${DONE} or ` +
          'vector(0)), 1)',
        'failed',
      ],
    ],
    thresholds: [
      [null, 'green'],
      [0.05, 'yellow'],
      [0.2, 'red'],
    ],
  }),
  statPanel({
    title: 'Hardware status',
    description: 'Whether every known chip of a kind is connected.',
    unit: 'none',
    width: 10,
    queries: [
      ['min(loihi2_health_status)', 'Loihi 2'],
      ['min(spinnaker_health_status)', 'SpiNNaker'],
    ],
    thresholds: [
      [null, 'red'],
      [1, 'green'],
    ],
    words: { 0: 'disconnected', 1: 'connected' },
  }),
  seriesPanel({
    title: 'Energy efficiency',
    description: 'Energy of the named baseline / measured energy of an inference.',
    unit: 'none',
    width: 12,
    min: 0,
    queries: [
      [
        'min by (model_name, hardware, baseline_name) (energy_efficiency_ratio ' +
          '* on (job, instance, model_name, hardware) ' +
          'group_left (baseline_name) energy_efficiency_baseline_info)',
        '{{model_name}} on {{hardware}} against {{baseline_name}}',
      ],
    ],
  }),
  seriesPanel({
    title: 'Energy of an inference',
    description: 'Measured joules / inferences of the last frame.',
    unit: 'joule',
    width: 12,
    queries: [
      [
        'avg by (model_name, hardware) (neuromorphic_energy_per_inference_joules)',
        '{{model_name}} on {{hardware}}',
      ],
    ],
  }),
  seriesPanel({
    title: 'Conversions by target',
    description: 'Successful ones, and failed ones by their error.',
    unit: 'ops',
    width: 12,
    stacked: true,
    queries: [
      [
        `sum by (${TARGET}) (rate(spikeformer_conversions_total[$__rate_interval]))`,
        '{{hardware_target}}',
      ],
      [
        `sum by (error_type, ${TARGET}) ` +
          '(rate(spikeformer_conversion_errors_total[$__rate_interval]))',
        '{{hardware_target}}: {{error_type}}',
      ],
    ],
  }),
  seriesPanel({
    title: 'Duration of a conversion',
    description: 'Median and 95 % quantile over 1 h, by the size of the model.',
    unit: 's',
    width: 12,
    queries: [0.5, 0.95].map((quantile) => [
      `histogram_quantile(${quantile}, sum by (le, model_size) ` +
        '(rate(spikeformer_conversion_duration_seconds_bucket[1h])))',
      `{{model_size}} ${quantile * 100} %`,
    ]),
  }),
  seriesPanel({
    title: 'Inference latency',
    description: 'Median and 95 % quantile.',
    unit: 's',
    width: 12,
    queries: [0.5, 0.95].map((quantile) => [
      `histogram_quantile(${quantile}, sum by (le, model_name, hardware) ` +
        '(rate(neuromorphic_inference_latency_seconds_bucket[$__rate_interval])))',
      `{{model_name}} on {{hardware}} ${quantile * 100} %`,
    ]),
  }),
  seriesPanel({
    title: 'Benchmarks',
    description: 'Latency of an inference at the last run.',
    unit: 's',
    width: 12,
    queries: [
      [
        'avg by (model, hardware) (spikeformer_benchmark_latency_seconds)',
        '{{model}} on {{hardware}}',
      ],
    ],
  }),
];
