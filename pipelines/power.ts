import { z } from 'zod';
import { definePipeline } from '../src/component/pipeline.ts';
import { integratePower } from '../src/operators/integrate-power.ts';

export default definePipeline({
  name: 'power',
  summary: 'Power of each chip and rail, and its energy.',
  reads: 'power',
  options: z.strictObject({
    rails_max: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(16_384)
      .describe('Rails (chips times rails times components) that are remembered.'),
  }),
  through: ({ options, state, count }) =>
    integratePower({ railsMax: options.rails_max }, state('rails'), count),
  metrics: (define) => {
    const watts = define.gauge({
      name: 'neuromorphic_power_watts',
      help: 'Power of a chip: rail and component total, of the best origin seen.',
      labels: ['device_type', 'chip_id'],
      expires: 'chip',
    });
    const railWatts = define.gauge({
      name: 'neuromorphic_rail_power_watts',
      help: 'Power of the rails and components of a chip.',
      labels: ['device_type', 'chip_id', 'rail', 'component'],
      expires: 'chip',
    });
    const energy = define.counter({
      name: 'neuromorphic_energy_joules_total',
      help: 'Energy of a chip: stated joules, else the trapezoid between its power samples.',
      labels: ['device_type', 'chip_id'],
      expires: 'series',
    });
    return (power) => {
      const { deviceType, chipId, rail, component } = power;
      if (rail === 'total' && component === 'total') {
        watts.series(deviceType, chipId).set(power.watts);
        energy.series(deviceType, chipId).total(power.energyJoules);
      } else {
        railWatts.series(deviceType, chipId, rail, component).set(power.watts);
      }
    };
  },
  derived: (power) => ({
    record: 'power',
    key: [power.deviceType, power.chipId, power.rail, power.component],
    t0Us: power.t0Us,
    spanUs: power.spanUs,
    fields: {
      device_type: power.deviceType,
      chip_id: power.chipId,
      rail: power.rail,
      component: power.component,
      watts: power.watts,
      energy_joules: power.energyJoules,
      run_id: power.runId,
    },
  }),
});
