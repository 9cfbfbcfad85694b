/** What a column holds, read from its name. */

const UNIT_US: Readonly<Record<string, number>> = {
  ns: 1e-3,
  us: 1,
  µs: 1,
  μs: 1,
  ms: 1e3,
  s: 1e6,
  sec: 1e6,
  seconds: 1e6,
};

const TIME =
  /^(?:spike[ _]?)?(?:times?|t|timestamps?)(?:[ _]?[([]?(ns|us|µs|μs|ms|s|sec|seconds)[)\]]?)?$/;
const STEP = /^(?:time[ _]?)?steps?$/;
const NEURON =
  /^(?:neuron|neuron[ _]?ids?|neuron[ _]?index|senders?|ids?|gid|node[ _]?ids?|i|unit)$/;
const LAYER = /^(?:layer|layer[ _]?name|population|pop|group)$/;
const VALUE = /^(?:v|v_m|vm|v_mv|vm_mv|membrane|membrane_potential|potential|voltage|value)$/i;

export interface TimeColumn {
  /** µs of a unit; undefined where the name gives none. */
  readonly unitUs: number | undefined;
  readonly isStep: boolean;
}

function plain(name: string): string {
  return name
    .trim()
    .replace(/^["']|["']$/g, '')
    .toLowerCase();
}

export function timeColumn(name: string): TimeColumn | undefined {
  const text = plain(name);
  if (STEP.test(text)) return { unitUs: undefined, isStep: true };
  const match = TIME.exec(text);
  if (match === null) return undefined;
  return { unitUs: match[1] === undefined ? undefined : UNIT_US[match[1]], isStep: false };
}

export function isNeuronColumn(name: string): boolean {
  return NEURON.test(plain(name));
}

export function isLayerColumn(name: string): boolean {
  return LAYER.test(plain(name));
}

export function isValueColumn(name: string): boolean {
  return VALUE.test(plain(name));
}

/** `l1.7` or `neuron l1.7`: one neuron's column in a wide table. */
export function neuronOfColumn(name: string): { layer: string; neuron: number } | undefined {
  const match = /^(?:neuron )?(.+)\.(\d{1,9})$/.exec(name.trim().replace(/^["']|["']$/g, ''));
  if (match === null) return undefined;
  return { layer: match[1] as string, neuron: Number(match[2]) };
}

/** Units of time as people write them in flags. */
export const TIME_UNITS: readonly string[] = ['ns', 'us', 'ms', 's'];

/** µs of a unit of time as meta.json writes it (`ms`, `us`, `s`, with or without more words). */
export function timeUnitUs(text: string | undefined): number | undefined {
  const word = /^[a-zµμ]+/.exec(text?.trim().toLowerCase() ?? '')?.[0];
  return word === undefined ? undefined : UNIT_US[word];
}

/**
 * Factor to the base unit by the last part of a column's name: `energy_nj`, `power_w`, `step_us`.
 */
export function unitFactor(column: string, base: 'j' | 'w' | 's'): number {
  const match = new RegExp(`[_ (\\[](n|u|µ|m|k)?${base}[)\\]]?$`).exec(plain(column));
  const factors: Readonly<Record<string, number>> = { n: 1e-9, u: 1e-6, µ: 1e-6, m: 1e-3, k: 1e3 };
  return match?.[1] === undefined ? 1 : (factors[match[1]] as number);
}
