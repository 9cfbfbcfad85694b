import { z } from 'zod';
import { duration } from '../src/component/duration.ts';
import { definePipeline } from '../src/component/pipeline.ts';
import { RATE_LE_HZ } from '../src/numerics/rate-buckets.ts';
import { measureSpikeRate } from '../src/operators/measure-spike-rate.ts';

export default definePipeline({
  name: 'spike-rate',
  summary: 'Firing rate of every neuron, by layer and window of event time.',
  reads: 'spikes',
  takesJoined: true,
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
  derived: (rate) => ({
    record: 'spike-rate',
    key: [rate.deviceType, rate.chipId, rate.layerName],
    t0Us: rate.t0Us,
    spanUs: rate.t1Us - rate.t0Us,
    fields: {
      device_type: rate.deviceType,
      chip_id: rate.chipId,
      layer_name: rate.layerName,
      neuron_type: rate.neuronType,
      neuron_count: rate.neuronCount,
      spikes: rate.spikes,
      mean_rate_hz: rate.meanRateHz,
      rate_histogram: rate.rateHistogram,
      timestep: rate.timestep,
      run_id: rate.runId,
    },
  }),
  log: {
    levelMax: 'DEBUG',
    write: (rate, log) =>
      log({
        level: 'DEBUG',
        logger: 'spikeformer.neuromorphic',
        timeUs: rate.t1Us,
        eventType: 'spike_activity',
        message: `${rate.spikes} spikes in ${rate.layerName}`,
        fields: {
          hardware_type: rate.deviceType,
          chip_id: rate.chipId,
          run_id: rate.runId,
          layer_name: rate.layerName,
          spike_count: rate.spikes,
          timestep: rate.timestep,
          // The kit's word for spikes by step; the rate in Hz stands beside it.
          spike_rate: rate.timestep === 0 ? 0 : rate.spikes / rate.timestep,
          spike_rate_hz: rate.meanRateHz,
        },
      }),
  },
});
