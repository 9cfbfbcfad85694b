import { RATE_LE_HZ } from '../../numerics/rate-buckets.ts';
import type { StoredDocument } from '../../sinks/documents/document.ts';
import type { LayerSamples, Subject } from './comparison.ts';
import { bucketSample } from './recording-subject.ts';

/** Layers and chips that are told apart. */
const PARTS_MAX = 4096;

interface RatePart {
  readonly layer: string;
  readonly neurons: number;
  windows: number;
  spikes: number;
  lengthUs: number;
  readonly buckets: number[];
}

interface PowerPart {
  samples: number;
  sum: number;
  min: number;
  max: number;
  energy: number | null;
  /** The counter of energy in the document before. */
  before: number | undefined;
}

interface Totals {
  records: number;
  frames: number;
  spikes: number;
  energy: number;
  lost: number;
  hasEnergy: boolean;
  isCounted: boolean;
  firstUs: number;
  lastUs: number;
}

/**
 * A run as the documents of a store tell it: `spikeformer-runs`, the rates of its windows, its
 * power; one after the other, each index by time. No neuron's own rate is in a store: the mean
 * histogram of the windows stands for them.
 */
export class StoredRun {
  private readonly runId: string;
  private readonly rates = new Map<string, RatePart>();
  private readonly power = new Map<string, PowerPart>();
  private readonly totals: Totals = {
    ...{ records: 0, frames: 0, spikes: 0, energy: 0, lost: 0, hasEnergy: false, isCounted: true },
    ...{ firstUs: Number.POSITIVE_INFINITY, lastUs: Number.NEGATIVE_INFINITY },
  };

  constructor(runId: string) {
    this.runId = runId;
  }

  /** The next document of the index `runs`, `rates` or `power`; others say nothing here. */
  add({ index, fields }: StoredDocument): void {
    if (index === 'runs') addTotals(this.totals, fields);
    else if (index === 'rates') addRates(this.rates, fields);
    else if (index === 'power') addPower(this.power, fields);
  }

  /** Undefined where no document was of the run. */
  subject(): Subject | undefined {
    const { runId, totals, rates, power } = this;
    if (totals.records + rates.size + power.size === 0) return undefined;
    const numbers = new Map<string, number | null>();
    if (totals.records > 0) totalNumbers(totals, numbers);
    const samples = new Map<string, LayerSamples>();
    for (const [name, parts] of Map.groupBy(rates.values(), ({ layer }) => layer)) {
      layerNumbers(name, parts, numbers);
      samples.set(name, { window_rate_bucket: Float64Array.from(parts.flatMap(sampleOf)).sort() });
    }
    for (const [chip, part] of power) powerNumbers(chip, part, numbers);
    const remarks = remarksOf(runId, totals.records);
    return { side: { name: runId, kind: 'run' }, numbers, samples, remarks };
  }
}

function remarksOf(runId: string, records: number): string[] {
  if (records === 1) return [];
  return records === 0
    ? [`Run ${runId} has no document of its end: it may still go on.`]
    : [`Run ${runId} has ${records} records: it went on after its end; they are added up.`];
}

function powerNumbers(chip: string, part: PowerPart, numbers: Map<string, number | null>): void {
  const prefix = `power.${chip}`;
  numbers.set(`${prefix}.samples`, part.samples);
  numbers.set(`${prefix}.mean_watts`, part.sum / part.samples);
  numbers.set(`${prefix}.max_watts`, part.max);
  numbers.set(`${prefix}.min_watts`, part.min);
  numbers.set(`${prefix}.energy_joules`, part.energy);
}

function sampleOf({ buckets, windows }: RatePart): number[] {
  return [...bucketSample(buckets, windows)];
}

function layerNumbers(
  name: string,
  parts: readonly RatePart[],
  numbers: Map<string, number | null>,
): void {
  const neurons = parts.reduce((sum, part) => sum + part.neurons, 0);
  const prefix = `layers.${name}`;
  numbers.set(`${prefix}.neuron_count`, neurons);
  const rate = parts.reduce((sum, { spikes, lengthUs }) => sum + (spikes * 1e6) / lengthUs, 0);
  numbers.set(`${prefix}.mean_rate_hz`, neurons === 0 ? null : rate / neurons);
  numbers.set(`${prefix}.windows`, Math.max(...parts.map(({ windows }) => windows)));
}

function addTotals(totals: Totals, fields: Fields): void {
  totals.records++;
  totals.frames += numberOf(fields, 'frames') ?? 0;
  totals.spikes += numberOf(fields, 'spikes') ?? 0;
  totals.energy += numberOf(fields, 'energy_joules') ?? 0;
  totals.lost += numberOf(fields, 'frames_lost') ?? 0;
  totals.hasEnergy ||= numberOf(fields, 'energy_joules') !== undefined;
  totals.isCounted &&= numberOf(fields, 'frames_lost') !== undefined;
  const t0Us = numberOf(fields, 't0_us') ?? 0;
  totals.firstUs = Math.min(totals.firstUs, t0Us);
  totals.lastUs = Math.max(totals.lastUs, t0Us + (numberOf(fields, 'span_us') ?? 0));
}

function totalNumbers(totals: Totals, numbers: Map<string, number | null>): void {
  numbers.set('duration_us', totals.lastUs - totals.firstUs);
  numbers.set('total_spikes', totals.spikes);
  numbers.set('run.frames', totals.frames);
  numbers.set('run.energy_joules', totals.hasEnergy ? totals.energy : null);
  numbers.set('completeness.frames_lost', totals.isCounted ? totals.lost : null);
}

function addRates(parts: Map<string, RatePart>, fields: Fields): void {
  const { layer_name, device_type, chip_id, neuron_count, rate_histogram } = fields;
  const key = JSON.stringify([device_type, chip_id, layer_name, neuron_count]);
  let part = parts.get(key);
  if (part === undefined) {
    if (parts.size >= PARTS_MAX) return;
    const buckets = new Array<number>(RATE_LE_HZ.length + 1).fill(0);
    const neurons = numberOf(fields, 'neuron_count') ?? 0;
    part = { layer: String(layer_name), neurons, windows: 0, spikes: 0, lengthUs: 0, buckets };
    parts.set(key, part);
  }
  part.windows++;
  part.spikes += numberOf(fields, 'spikes') ?? 0;
  part.lengthUs += numberOf(fields, 'span_us') ?? 0;
  const counts = Array.isArray(rate_histogram) ? rate_histogram : [];
  for (let i = 0; i < part.buckets.length; i++) {
    part.buckets[i] = (part.buckets[i] as number) + (Number(counts[i]) || 0);
  }
}

function addPower(parts: Map<string, PowerPart>, fields: Fields): void {
  const watts = numberOf(fields, 'watts');
  const { rail, component, device_type, chip_id } = fields;
  if (rail !== 'total' || component !== 'total' || watts === undefined) return;
  const key = `${device_type}/${chip_id}`;
  let part = parts.get(key);
  if (part === undefined) {
    if (parts.size >= PARTS_MAX) return;
    part = { samples: 0, sum: 0, min: watts, max: watts, energy: null, before: undefined };
    parts.set(key, part);
  }
  part.samples++;
  part.sum += watts;
  part.min = Math.min(part.min, watts);
  part.max = Math.max(part.max, watts);
  // A counter of the chip's whole life: what it grew by is the run's.
  const total = numberOf(fields, 'energy_joules');
  if (total === undefined) return;
  const grown = part.before === undefined ? 0 : Math.max(0, total - part.before);
  part.energy = (part.energy ?? 0) + grown;
  part.before = total;
}

type Fields = StoredDocument['fields'];

function numberOf(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  return typeof value === 'number' ? value : undefined;
}
