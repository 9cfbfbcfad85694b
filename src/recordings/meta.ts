import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FRAME_LIMITS } from '../frames/limits.ts';
import { RecordingError } from './recording-error.ts';

export const META_FILE = 'meta.json';
const META_BYTES_MAX = 16 * 2 ** 20;
const LAYERS_MAX = 4096;
const FILES_MAX = 4096;

const name = z.string().min(1).max(FRAME_LIMITS.stringCharsMax);
const token = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'takes 1 to 64 of A-Z a-z 0-9 _ -');
const id = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);
const count = z.int().min(1).max(FRAME_LIMITS.neuronCountMax);
const milliseconds = z
  .number()
  .min(0)
  .max(2 ** 43);

const layerSchema = z
  .looseObject({
    name: name.describe('Name of the population, as metrics and pages show it.'),
    first_id: id.optional().describe('First neuron id, as in the files; 0 by default.'),
    last_id: id.optional().describe('Last neuron id, inclusive.'),
    n: count.optional().describe('Neurons; last_id - first_id + 1.'),
    type: name.optional().describe('Becomes neuron_type: excitatory, inhibitory, input, …'),
    first_core: z.int().min(0).optional().describe('First core that holds neurons of it.'),
    n_cores: z.int().min(1).optional().describe('How many cores do.'),
    device_type: token.optional().describe('Device of this layer, where layers differ.'),
    chip_id: token.optional().describe('Chip of this layer, where layers differ.'),
  })
  .refine((layer) => layer.last_id !== undefined || layer.n !== undefined, {
    error: 'needs last_id or n',
  })
  .refine(({ first_id = 0, last_id }) => last_id === undefined || last_id >= first_id, {
    error: 'last_id is below first_id',
  })
  .refine(({ first_id = 0, last_id, n }) => !(last_id && n) || last_id - first_id + 1 === n, {
    error: 'n is not last_id - first_id + 1',
  })
  .refine(({ first_id = 0, last_id = 0 }) => last_id - first_id < FRAME_LIMITS.neuronCountMax, {
    error: `more than ${FRAME_LIMITS.neuronCountMax} neurons`,
  });

const file = {
  path: z
    .string()
    .min(1)
    .max(1024)
    .refine((path) => !/^([\\/]|[A-Za-z]:)|(^|[\\/])\.\.([\\/]|$)/.test(path), {
      error: 'must lie in the folder of meta.json',
    })
    .describe('Path of the file, from the folder of meta.json.'),
  format: name.describe('Format of the file, as in the reference of recordings.'),
  alternative: z.boolean().optional().describe('The same again in another format: not read.'),
};

const samplesSchema = z.looseObject({
  ...file,
  layer: name.nullish().describe('The one layer that all ids of the file belong to.'),
  columns: z.array(name).optional().describe('Columns in order, for a table without a header.'),
  column: name.optional().describe('Column of the potentials, where there are several.'),
  unit: name.optional().describe('Unit of the potentials; mV by default.'),
  time_unit: name.optional().describe('Unit of the time, where the file does not say: us, ms, s.'),
});

const powerSchema = z.looseObject({
  ...file,
  time: name.optional().describe('Column of the time; rows with a column timestep go by that.'),
  step: name.optional().describe('Column of the hardware time a row took.'),
  energy: name.optional().describe('Column of the energy since the row before.'),
  power: name.optional().describe('Column of the power.'),
  rail: name.optional(),
  component: z.enum(['total', 'static', 'dynamic']).optional(),
  origin: z.enum(['measured', 'estimated', 'simulated']).optional(),
});

/** meta.json of a recording's folder; its JSON schema is published. */
export const metaSchema = z.looseObject({
  name: name.optional(),
  description: z.string().optional(),
  duration_ms: milliseconds.nullish().describe('Length of the recording; else that of the data.'),
  t_start_ms: milliseconds.nullish().describe('Time at which it starts; 0 by default.'),
  dt_ms: z.number().positive().nullish().describe('Length of a timestep.'),
  source: z.looseObject({ simulator: z.string().optional() }).optional(),
  units: z.record(z.string(), z.string()).optional().describe('Units by quantity: time, vm.'),
  device_type: token.optional().describe('Instead of what follows from the simulator.'),
  chip_id: token.optional().describe('Instead of 0.'),
  layers: z.array(layerSchema).max(LAYERS_MAX).optional(),
  spikes: z.array(samplesSchema).max(FILES_MAX).optional(),
  events: z.array(samplesSchema).max(FILES_MAX).optional().describe("Event cameras' spikes."),
  vm: z.array(samplesSchema).max(FILES_MAX).optional().describe('Membrane potentials.'),
  power: z.array(powerSchema).max(FILES_MAX).optional(),
  perf: z.array(z.looseObject(file)).max(FILES_MAX).optional().describe("SANA-FE's perf.csv."),
  core_activity: z.array(z.looseObject(file)).max(FILES_MAX).optional(),
  telemetry: z
    .array(z.looseObject(file))
    .max(FILES_MAX)
    .optional()
    .describe('What a run left behind: spinnaker-provenance-sqlite.'),
  files: z
    .record(z.string(), z.looseObject({ bytes: z.int().min(0).optional() }))
    .optional()
    .describe('Sizes, by which a file that was cut off is found.'),
});

export type Meta = z.infer<typeof metaSchema>;
export type MetaLayer = z.infer<typeof layerSchema>;
export type MetaSamples = z.infer<typeof samplesSchema>;
export type MetaPower = z.infer<typeof powerSchema>;

/** Reads a folder's meta.json; undefined where there is none. */
export async function readMeta(folder: string): Promise<Meta | undefined> {
  const path = join(folder, META_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new RecordingError('meta', `${path} cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
  return parseMeta(text, path);
}

export function parseMeta(text: string, path: string): Meta {
  if (text.length > META_BYTES_MAX) {
    throw new RecordingError('meta', `${path} has more than ${META_BYTES_MAX} bytes.`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new RecordingError('meta', `${path} is no JSON: ${(cause as Error).message}`, { cause });
  }
  const result = metaSchema.safeParse(json);
  if (!result.success) {
    const lines = result.error.issues.slice(0, 5).map((issue) => {
      return `  ${issue.path.join('.') || '(whole file)'}: ${issue.message}`;
    });
    throw new RecordingError('meta', `${path} is not as its schema asks:\n${lines.join('\n')}`);
  }
  const names = (result.data.layers ?? []).map((layer) => layer.name);
  const twice = names.find((layer, i) => names.indexOf(layer) !== i);
  if (twice !== undefined) {
    throw new RecordingError('meta', `${path}: two layers are named ${JSON.stringify(twice)}.`);
  }
  return result.data;
}
