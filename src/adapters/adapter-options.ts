import { z } from 'zod';
import { duration } from '../component/duration.ts';
import { FRAME_LIMITS } from '../frames/limits.ts';
import { MEMBRANE_UNIT_DEFAULT } from '../frames/membrane.ts';
import { NEURON_TYPE_DEFAULT } from '../frames/spikes.ts';
import { isToken } from '../frames/subject.ts';
import { patternsOverlap, patternTokens } from './subject-pattern.ts';

/** Adapters of a configuration, patterns of one, and layers that one lists. */
const ADAPTERS_MAX = 32;
const SUBJECTS_MAX = 32;
const LAYERS_MAX = 4096;
const SPAN_US_MAX = FRAME_LIMITS.spanUsMax;

const name = z.string().min(1).max(FRAME_LIMITS.stringCharsMax);
const neurons = z.int().min(1).max(FRAME_LIMITS.neuronCountMax);

/** A token of the subject, counted from 1, as `{3}`. */
const SUBJECT_TOKEN = /^\{([1-9]\d?)\}$/;

const place = (what: string) =>
  z
    .string()
    .refine(
      (text) => isToken(text) || SUBJECT_TOKEN.test(text),
      'needs 1 to 64 characters of A-Z a-z 0-9 _ -, or {n} for the nth token of the subject',
    )
    .describe(`${what}, or \`{n}\` for the nth token of the subject, counted from 1.`);

/** Which token of the subject stands for a name; undefined where it is the name itself. */
export function subjectTokenOf(text: string): number | undefined {
  const match = SUBJECT_TOKEN.exec(text);
  return match === null ? undefined : Number(match[1]);
}

const fields = z
  .strictObject({
    layer: name.describe('Of the layer: a string or a whole number.'),
    neuron: name.describe('Of the neuron: a whole number.'),
    time: name.describe('Of the time of the spike, since the Unix epoch, in `time_unit`.'),
    membrane: name.optional().describe('Of the membrane potential at the spike; may be absent.'),
  })
  .refine((all) => new Set(Object.values(all)).size === Object.values(all).length, {
    message: 'needs a name of its own for each',
  });

const layer = z.strictObject({
  name: name.describe('As objects say it.'),
  neuron_count: neurons.describe('Neurons of the layer on a chip, silent ones too.'),
  neuron_type: name.optional().describe('Label of its rates; that of the adapter by default.'),
  first_neuron: z
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER - FRAME_LIMITS.neuronCountMax)
    .default(0)
    .describe('What objects call its first neuron, where ids count on from layer to layer.'),
});

const adapter = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, 'needs 1 to 64 characters of A-Z a-z 0-9 _ -')
      .describe('What errors call it.'),
    subjects: z
      .array(
        z.string().refine((text) => patternTokens(text) !== undefined && !/^[*>]/.test(text), {
          message: 'needs a subject of NATS, * and > allowed but not in front',
        }),
      )
      .min(1)
      .max(SUBJECTS_MAX)
      .describe('Subjects, with `*` and `>` as in NATS, outside of `<prefix>.>`.'),
    format: z
      .enum(['json-objects', 'ndjson'])
      .describe('An array of objects, or one object; or an object a line.'),
    device_type: place('Kind of hardware'),
    chip_id: place('The chip'),
    fields: fields.describe('Names that the fields have in the objects.'),
    time_unit: z.enum(['s', 'ms', 'us', 'ns']).default('us').describe('Unit of the times.'),
    membrane_unit: name.default(MEMBRANE_UNIT_DEFAULT).describe('Unit of the potentials.'),
    membrane_step: duration(1, SPAN_US_MAX)
      .prefault('10ms')
      .describe('Potentials of a layer within so much time are told as of one time.'),
    neuron_count: neurons.optional().describe('Neurons of each layer that is not listed.'),
    neuron_type: name.default(NEURON_TYPE_DEFAULT).describe('Label of the rates.'),
    layers: z
      .array(layer)
      .max(LAYERS_MAX)
      .default([])
      .describe('Layers; without `neuron_count` there are no others.'),
    span: z
      .union([z.literal('message'), duration(1, SPAN_US_MAX)])
      .default('message')
      .describe(
        'The time that a message covers: from its first spike to its last, or all of the pieces \
of this length in which it has spikes.',
      ),
    silent_layers: z
      .enum(['covered', 'unknown'])
      .default('covered')
      .describe('Whether a message says that listed layers without a spike in it were silent.'),
  })
  .superRefine((options, context) => {
    const { layers, neuron_count, subjects } = options;
    if (layers.length === 0 && neuron_count === undefined) {
      context.addIssue('needs layers, or neuron_count for those that are not listed');
    }
    const names = layers.map((each) => each.name);
    const twice = names.find((each, i) => names.indexOf(each) !== i);
    if (twice !== undefined) context.addIssue(`layers has ${twice} twice`);
    for (const [key, text] of Object.entries({
      device_type: options.device_type,
      chip_id: options.chip_id,
    })) {
      const token = subjectTokenOf(text);
      const short = subjects.find((subject) => token !== undefined && !hasToken(subject, token));
      if (short !== undefined) {
        context.addIssue(`${key} is ${text}, and ${short} has no such token`);
      }
    }
  });

/** `>` stands for any number of tokens: the first of them is always there. */
function hasToken(subject: string, token: number): boolean {
  return subject.split('.').length >= token;
}

export type AdapterOptions = z.output<typeof adapter>;

/** The section `adapters` of the configuration: messages of others that are read as frames. */
export const adapterOptions = z
  .array(adapter)
  .max(ADAPTERS_MAX)
  .default([])
  .describe('Messages of others that are read as frames (adapters.md).')
  .superRefine((adapters, context) => {
    const names = adapters.map((each) => each.name);
    const twice = names.find((each, i) => names.indexOf(each) !== i);
    if (twice !== undefined) context.addIssue(`has ${twice} twice`);
    const all = adapters.flatMap((each) => each.subjects.map((text) => ({ text, of: each.name })));
    for (const [i, a] of all.entries()) {
      for (const b of all.slice(i + 1)) {
        if (!patternsOverlap(a.text, b.text)) continue;
        context.addIssue(`${a.text} of ${a.of} and ${b.text} of ${b.of} have subjects in common`);
      }
    }
  });

/** What an adapter asks for beyond what the rest of the configuration allows. */
export interface AdapterIssue {
  readonly path: (string | number)[];
  readonly message: string;
}

export interface AdapterBounds {
  readonly prefix: string;
  readonly neuronCountMax: number;
  readonly spanUsMax: number;
}

export function adapterIssues(
  adapters: readonly AdapterOptions[],
  { prefix, neuronCountMax, spanUsMax }: AdapterBounds,
): AdapterIssue[] {
  const issues: AdapterIssue[] = [];
  for (const [i, { subjects, layers, neuron_count = 0, span }] of adapters.entries()) {
    const add = (key: string, message: string): void => {
      issues.push({ path: ['adapters', i, key], message });
    };
    const taken = subjects.find((subject) => patternsOverlap(subject, `${prefix}.>`));
    if (taken !== undefined) add('subjects', `${taken} has subjects below the prefix ${prefix}`);
    const most = Math.max(neuron_count, ...layers.map((each) => each.neuron_count));
    if (most > neuronCountMax) {
      const key = most === neuron_count ? 'neuron_count' : 'layers';
      add(key, `${most} neurons are more than limits.neuron_count_max ${neuronCountMax}`);
    }
    if (span !== 'message' && span > spanUsMax) {
      add('span', `is longer than limits.span_us_max ${spanUsMax}`);
    }
  }
  return issues;
}
