import { z } from 'zod';
import type { HistogramSeries, MetricFamily } from '../src/component/metric.ts';
import { definePipeline } from '../src/component/pipeline.ts';
import { membraneBoundsOf } from '../src/numerics/membrane-buckets.ts';
import { binMembrane } from '../src/operators/bin-membrane.ts';

export default definePipeline({
  name: 'membrane',
  summary: 'Membrane potentials as histograms by layer and neuron, counted on arrival.',
  reads: 'membrane',
  options: z.strictObject({
    layers_max: z
      .int()
      .min(1)
      .max(100_000)
      .default(1024)
      .describe('Layers (times units) that are remembered; samples of the rest are not binned.'),
  }),
  through: ({ options, state, count }) =>
    binMembrane(
      {
        boundsOf: membraneBoundsOf,
        layersMax: options.layers_max,
      },
      state('layers'),
      count,
    ),
  metrics: (define) => {
    const millivolts = define.histogram({
      name: 'membrane_potential',
      help: 'Membrane potentials in mV; the 32 neurons of a layer seen first by name.',
      labels: ['layer_name', 'neuron_id'],
      expires: 'series',
      le: [...membraneBoundsOf('mV')],
    });
    const raw = define.histogram({
      name: 'neuromorphic_membrane_raw',
      help: 'Membrane potentials in other units than mV, such as fixed-point numbers of a chip.',
      labels: ['layer_name', 'neuron_id', 'unit'],
      expires: 'series',
      le: [...membraneBoundsOf('1')],
    });
    return (layer) => {
      for (const slot of layer.touched) {
        const neuron = layer.neurons[slot] as string;
        const series =
          layer.unit === 'mV'
            ? seriesOf(millivolts, layer.layerName, neuron)
            : seriesOf(raw, layer.layerName, neuron, layer.unit);
        series.total(layer.counts, slot * layer.buckets, layer.sums[slot] as number);
      }
    };
  },
});

function seriesOf(family: MetricFamily<HistogramSeries>, ...labels: string[]): HistogramSeries {
  return family.series(...labels);
}
