import { type RecordingRule, type RuleContext, SCRAPED, SCRAPED_2 } from '../rule.ts';

const KIND = `spikescope_frames_total{kind="spikes",${SCRAPED}}`;

/** What dashboards and alerts ask for again and again. */
export function recordingRules(context: RuleContext): RecordingRule[] {
  return [...ofService(context), ...ofWorkers(), ...ofChips(context)];
}

function ofService({ t }: RuleContext): RecordingRule[] {
  const long = t(600);
  const missing =
    `increase(spikescope_frames_missing_total[${long}]) - ` +
    `increase(spikescope_frames_recovered_total[${long}])`;
  return [
    {
      record: 'instance:spikescope_frames_missing:ratio10m',
      // Against what came and what did not; 0 where more was recovered than lost within the range.
      expr:
        `clamp_min(sum by (job, instance) (${missing}), 0) / ` +
        `sum by (job, instance) (increase(spikescope_frames_total[${long}]) ` +
        `or increase(spikescope_frames_missing_total[${long}]))`,
      labels: ['job', 'instance'],
      test: {
        input: [
          [KIND, '0+99x60'],
          [`spikescope_frames_missing_total{${SCRAPED}}`, '0+1x60'],
          [`spikescope_frames_recovered_total{${SCRAPED}}`, '0x60'],
        ],
        atS: 780,
        gives: { [`{${SCRAPED}}`]: 0.01 },
      },
    },
  ];
}

function ofWorkers(): RecordingRule[] {
  return [
    {
      record: 'job:spikescope_stream_lag_messages:sum',
      // Each worker says what waits of its partitions.
      expr: 'sum by (job) (spikescope_stream_lag_messages)',
      labels: ['job'],
      test: {
        input: [
          [`spikescope_stream_lag_messages{${SCRAPED}}`, '6000x60'],
          [`spikescope_stream_lag_messages{${SCRAPED_2}}`, '500x60'],
        ],
        atS: 600,
        gives: { '{job="spikescope"}': 6500 },
      },
    },
    {
      record: 'partition:spikescope_partition_epoch:max',
      expr: 'max by (job, partition) (spikescope_partition_epoch)',
      labels: ['job', 'partition'],
      test: {
        // It changed hands: the series of the owner before ends.
        input: [
          [`spikescope_partition_epoch{partition="3",${SCRAPED}}`, '7x20 stale _x40'],
          [`spikescope_partition_epoch{partition="3",${SCRAPED_2}}`, '_x22 8x40'],
        ],
        atS: 600,
        gives: { '{job="spikescope",partition="3"}': 8 },
      },
    },
  ];
}

function ofChips({ t }: RuleContext): RecordingRule[] {
  const range = t(300);
  return [
    {
      record: 'layer_name:spike_rate_hz:mean5m',
      expr:
        `sum by (layer_name) (rate(spike_rate_hz_sum[${range}])) / ` +
        `sum by (layer_name) (rate(spike_rate_hz_count[${range}]))`,
      labels: ['layer_name'],
      test: {
        // A layer over two chips, of two workers: the mean of all its neurons.
        input: [
          [`spike_rate_hz_sum{layer_name="l0",neuron_type="lif",${SCRAPED}}`, '0+600x60'],
          [`spike_rate_hz_count{layer_name="l0",neuron_type="lif",${SCRAPED}}`, '0+150x60'],
          [`spike_rate_hz_sum{layer_name="l0",neuron_type="lif",${SCRAPED_2}}`, '0+3600x60'],
          [`spike_rate_hz_count{layer_name="l0",neuron_type="lif",${SCRAPED_2}}`, '0+150x60'],
        ],
        atS: 600,
        gives: { '{layer_name="l0"}': 14 },
      },
    },
    {
      record: 'device_type_chip_id:neuromorphic_energy_joules:rate5m',
      expr: `sum by (device_type, chip_id) (rate(neuromorphic_energy_joules_total[${range}]))`,
      labels: ['device_type', 'chip_id'],
      test: {
        input: [
          [
            `neuromorphic_energy_joules_total{device_type="loihi2",chip_id="c0",${SCRAPED}}`,
            '0+30x60',
          ],
        ],
        atS: 600,
        gives: { '{device_type="loihi2",chip_id="c0"}': 2 },
      },
    },
  ];
}
