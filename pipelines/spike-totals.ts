import { z } from 'zod';
import { definePipeline } from '../src/component/pipeline.ts';
import { tallySpikes } from '../src/operators/tally-spikes.ts';

export default definePipeline({
  name: 'spike-totals',
  summary: 'Every spike received, by layer and timestep, counted when it arrives.',
  reads: 'spikes',
  takesJoined: true,
  options: z.strictObject({}),
  through: () => tallySpikes(),
  metrics: (define) => {
    const total = define.counter({
      name: 'neural_spikes_total',
      help: 'Spikes received, by layer and timestep (its number below 64, else other; none).',
      labels: ['layer', 'timestep'],
      expires: 'series',
    });
    return (tally) => {
      for (const { timestep, spikes } of tally.tallies) {
        total.series(tally.layerName, timestep).add(spikes);
      }
    };
  },
});
