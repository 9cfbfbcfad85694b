import { z } from 'zod';

/** What notebooks ask for, in the shape and the units (ms) that Insite's users know. */
const text = z.string();
const number = z.number();
const whole = z.int();

export const populationSchema = z.object({
  name: text.describe('`<device_type>/<chip_id>/<layer_name>`, as /api/spikes takes it.'),
  device_type: text,
  chip_id: text,
  layer_name: text,
  neuron_type: text,
  size: whole.describe('Neurons of this layer on this chip.'),
  first_id: whole.describe('What is added to ids: 0, where the layer is on one chip.'),
  from: number.describe('Event time of its first spikes frame, ms.'),
  to: number.describe('End of its newest spikes frame, ms.'),
});

export const populationsSchema = z.object({ populations: z.array(populationSchema) });

export const spikesSchema = z.object({
  population: text,
  from: number.describe('ms'),
  to: number.describe('ms'),
  nodeIds: z.array(whole).describe('Neuron of each spike, from 0 within the population.'),
  simulationTimes: z.array(number).describe('Event time of each spike, ms, ascending.'),
  lastFrame: z.boolean().describe('False: there are more; ask again from the last time on.'),
  complete: z
    .boolean()
    .describe('All spikes received of this stretch are here: none left out, none forgotten.'),
});

export type SpikesAnswer = z.output<typeof spikesSchema>;
export type PopulationsAnswer = z.output<typeof populationsSchema>;
