import { z } from 'zod';
import { duration } from '../src/component/duration.ts';
import { definePipeline } from '../src/component/pipeline.ts';
import { RATE_LE_HZ } from '../src/numerics/rate-buckets.ts';
import { measureSpikeRate } from '../src/operators/measure-spike-rate.ts';

export default definePipeline({
  name: 'spike-rate',
  summary: 'Firing rate of every neuron, by layer and window of event time.',
  reads: 'spikes',
  options: z.strictObject({
    window: duration(1000, 60_000_000)
      .prefault('1s')
      .describe('Length W of the tumbling windows [k·W, (k+1)·W).'),
    lateness: duration(0, 60_000_000)
      .prefault('200ms')
      .describe('How far frames may lag behind the newest of their layer and chip.'),
    parts_max: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(4096)
      .describe('Layers on chips that are remembered; the rest get totals but no rates.'),
    neurons_max: z
      .int()
      .min(1)
      .max(2 ** 30)
      .default(2 ** 25)
      .describe('Neurons of those layers in all, 4 bytes each an open window; the rest likewise.'),
  }),
  through: ({ options, state, count }) =>
    measureSpikeRate(
      {
        windowUs: options.window,
        latenessUs: options.lateness,
        partsMax: options.parts_max,
        neuronsMax: options.neurons_max,
        windowsOpenMax: 16,
      },
      state('parts'),
      count,
    ),
  metrics: (define, options) => {
    const rates = define.histogram({
      name: 'spike_rate_hz',
      help: 'Firing rates: one observation a neuron (silent ones too) and observed window.',
      labels: ['layer_name', 'neuron_type'],
      expires: 'series',
      le: RATE_LE_HZ,
      // The sum counts spikes, which are integers: no order of windows changes it.
      sumScale: 1e6 / options.window,
    });
    return (rate) => {
      rates.series(rate.layerName, rate.neuronType).add(rate.rateHistogram, rate.spikes);
    };
  },
});
