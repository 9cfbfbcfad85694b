import { heatmapPanel, labelVariable, seriesPanel, statesPanel } from './panel.ts';

const CHIP = 'device_type=~"$device",chip_id=~"$chip"';

export const HARDWARE_VARIABLES = [
  labelVariable('device', 'device_type', 'spikescope_event_lag_seconds'),
  labelVariable('chip', 'chip_id', 'spikescope_event_lag_seconds{device_type=~"$device"}'),
  labelVariable('layer', 'layer_name', 'spike_rate_hz_count'),
];

/** Chips: what they do and what it takes. */
export const HARDWARE = [
  statesPanel({
    title: 'Chips',
    description: 'Connected or not, each chip.',
    unit: 'none',
    width: 24,
    queries: [
      [
        `max by (device_type, chip_id) (neuromorphic_chip_health_status{${CHIP}})`,
        '{{device_type}}/{{chip_id}}',
      ],
    ],
    thresholds: [
      [null, 'red'],
      [1, 'green'],
    ],
    words: { 0: 'disconnected', 1: 'connected' },
  }),
  heatmapPanel({
    title: 'Core utilization',
    description: 'One row for each core.',
    unit: 'percent',
    width: 12,
    buckets: false,
    queries: [
      [
        'max by (chip_id, core_id) (loihi2_core_utilization_percent{chip_id=~"$chip"})',
        'loihi2/{{chip_id}} {{core_id}}',
      ],
      [
        'max by (device_type, chip_id, core_id) ' +
          `(neuromorphic_core_utilization_percent{${CHIP}})`,
        '{{device_type}}/{{chip_id}} {{core_id}}',
      ],
    ],
  }),
  seriesPanel({
    title: 'Power',
    description: 'Total of a chip: its last sample.',
    unit: 'watt',
    width: 12,
    queries: [
      [
        `max by (device_type, chip_id) (neuromorphic_power_watts{${CHIP}})`,
        '{{device_type}}/{{chip_id}}',
      ],
    ],
  }),
  heatmapPanel({
    title: 'Spike rates of $layer',
    description: 'Neurons by their rate in a window of 1 s; silent ones are in the lowest row.',
    unit: 'hertz',
    width: 24,
    buckets: true,
    repeat: 'layer',
    queries: [
      [
        'sum by (le) (increase(spike_rate_hz_bucket{layer_name=~"$layer"}[$__rate_interval]))',
        '{{le}}',
      ],
    ],
  }),
  seriesPanel({
    title: 'Mean spike rate',
    description: 'By layer, over 5 minutes.',
    unit: 'hertz',
    width: 12,
    queries: [['layer_name:spike_rate_hz:mean5m{layer_name=~"$layer"}', '{{layer_name}}']],
  }),
  seriesPanel({
    title: 'Spikes',
    description: 'Received a second, by layer.',
    unit: 'cps',
    width: 12,
    stacked: true,
    queries: [
      [
        'sum by (layer) (rate(neural_spikes_total{layer=~"$layer"}[$__rate_interval]))',
        '{{layer}}',
      ],
    ],
  }),
  seriesPanel({
    title: 'Power by rail',
    description: 'Rails and components other than the total.',
    unit: 'watt',
    width: 12,
    queries: [
      [
        'max by (device_type, chip_id, rail, component) ' +
          `(neuromorphic_rail_power_watts{${CHIP}})`,
        '{{device_type}}/{{chip_id}} {{rail}} {{component}}',
      ],
    ],
  }),
  seriesPanel({
    title: 'Mean power from energy',
    description: 'Energy a second over 5 minutes: what the battery or the bill sees.',
    unit: 'watt',
    width: 12,
    queries: [
      [
        `device_type_chip_id:neuromorphic_energy_joules:rate5m{${CHIP}}`,
        '{{device_type}}/{{chip_id}}',
      ],
    ],
  }),
  seriesPanel({
    title: 'Activity',
    description: 'Counters of the chip a second: synaptic operations, packets, overruns.',
    unit: 'cps',
    width: 12,
    queries: [
      [
        'sum by (device_type, chip_id, counter) ' +
          `(rate(neuromorphic_activity_total{${CHIP}}[$__rate_interval]))`,
        '{{device_type}}/{{chip_id}} {{counter}}',
      ],
    ],
  }),
  seriesPanel({
    title: 'Learning',
    description: 'Synaptic updates a second.',
    unit: 'cps',
    width: 12,
    queries: [
      [
        'sum by (synapse_type) (rate(synaptic_updates_total[$__rate_interval]))',
        '{{synapse_type}}',
      ],
      [
        'sum by (learning_rule) (rate(loihi2_synapse_updates_total[$__rate_interval]))',
        'Loihi 2: {{learning_rule}}',
      ],
    ],
  }),
  seriesPanel({
    title: 'Membrane potential',
    description: 'Median over the watched neurons of a layer.',
    unit: 'mvolt',
    width: 12,
    queries: [
      [
        'histogram_quantile(0.5, sum by (le, layer_name) ' +
          '(rate(membrane_potential_bucket{layer_name=~"$layer"}[$__rate_interval])))',
        '{{layer_name}}',
      ],
    ],
  }),
  seriesPanel({
    title: 'Temperature',
    description: 'As chips say it in their health frames.',
    unit: 'celsius',
    width: 12,
    queries: [
      [
        `max by (device_type, chip_id) (neuromorphic_chip_temperature_celsius{${CHIP}})`,
        '{{device_type}}/{{chip_id}}',
      ],
    ],
  }),
];
