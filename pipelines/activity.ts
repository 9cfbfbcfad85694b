import { z } from 'zod';
import { definePipeline } from '../src/component/pipeline.ts';
import { sumActivity } from '../src/operators/sum-activity.ts';

export default definePipeline({
  name: 'activity',
  summary: 'Event counters of chips, summed over their cores, and the length of a step.',
  reads: 'activity',
  options: z.strictObject({
    counters_max: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(16_384)
      .describe('Cumulative counters (chips times names) whose last values are remembered.'),
    cores_max: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(16_384)
      .describe('Cores of a chip whose last values are remembered for a cumulative counter.'),
  }),
  through: ({ options, state, count }) =>
    sumActivity(
      { countersMax: options.counters_max, coresMax: options.cores_max },
      state('last'),
      count,
    ),
  metrics: (define) => {
    const total = define.counter({
      name: 'neuromorphic_activity_total',
      help: 'Events counted by the chip, summed over its cores.',
      labels: ['device_type', 'chip_id', 'counter'],
      expires: 'series',
    });
    const step = define.gauge({
      name: 'neuromorphic_step_seconds',
      help: 'Length of a step of the hardware.',
      labels: ['device_type', 'chip_id'],
      expires: 'chip',
    });
    return ({ deviceType, chipId, growth, stepUs }) => {
      for (const [counter, grown] of growth) {
        total.series(deviceType, chipId, counter).add(grown);
      }
      if (stepUs !== undefined) step.series(deviceType, chipId).set(stepUs / 1e6);
    };
  },
  derived: ({ deviceType, chipId, t0Us, spanUs, growth, stepUs }) => ({
    record: 'activity',
    key: [deviceType, chipId],
    t0Us,
    spanUs,
    fields: {
      device_type: deviceType,
      chip_id: chipId,
      counters: Object.fromEntries(growth),
      step_us: stepUs,
    },
  }),
});
