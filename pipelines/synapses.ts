import { map } from 'rxjs';
import { z } from 'zod';
import { definePipeline } from '../src/component/pipeline.ts';
import type { SynapsesFrame } from '../src/frames/synapses.ts';

export default definePipeline({
  name: 'synapses',
  summary: 'Weight updates by synapse type and, on Loihi 2, by learning rule.',
  reads: 'synapses',
  options: z.strictObject({}),
  through: () => map((frame: SynapsesFrame) => frame),
  metrics: (define) => {
    const byType = define.counter({
      name: 'synaptic_updates_total',
      help: 'Synaptic weight updates.',
      labels: ['synapse_type'],
      expires: 'series',
    });
    const byRule = define.counter({
      name: 'loihi2_synapse_updates_total',
      help: 'Synaptic weight updates on Loihi 2, by learning rule.',
      labels: ['learning_rule'],
      expires: 'series',
    });
    return ({ deviceType, updates }) => {
      for (const { synapseType, learningRule, count } of updates) {
        byType.series(synapseType).add(count);
        if (deviceType === 'loihi2') byRule.series(learningRule).add(count);
      }
    };
  },
});
