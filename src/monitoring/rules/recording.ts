import { type RecordingRule, type RuleContext, SCRAPED } from '../rule.ts';

const KIND = `spikescope_frames_total{kind="spikes",${SCRAPED}}`;

/** What dashboards and alerts ask for again and again. */
export function recordingRules({ t }: RuleContext): RecordingRule[] {
  const range = t(300);
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
    {
      record: 'layer_name:spike_rate_hz:mean5m',
      expr:
        `sum by (layer_name) (rate(spike_rate_hz_sum[${range}])) / ` +
        `sum by (layer_name) (rate(spike_rate_hz_count[${range}]))`,
      labels: ['layer_name'],
      test: {
        input: [
          [`spike_rate_hz_sum{layer_name="l0",neuron_type="lif",${SCRAPED}}`, '0+600x60'],
          [`spike_rate_hz_count{layer_name="l0",neuron_type="lif",${SCRAPED}}`, '0+100x60'],
        ],
        atS: 600,
        gives: { '{layer_name="l0"}': 6 },
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
