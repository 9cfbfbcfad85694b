import { RATE_LE_HZ } from '../../numerics/rate-buckets.ts';
import type { StoredDocument } from '../../sinks/documents/document.ts';
import type { DocumentQueries } from '../../sinks/documents/document-store.ts';
import type { IndexName } from '../../sinks/documents/indices.ts';
import type { LayerSamples, Subject } from './comparison.ts';
import { bucketSample } from './recording-subject.ts';

/** Documents asked for at once. */
const PAGE = 5000;
/** Layers and chips that are told apart. */
const PARTS_MAX = 4096;
const END_MS = 8.64e15;

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
}

/**
 * A run as the documents of a store tell it: `spikeformer-runs`, the rates of its windows, its
 * power. Undefined where the store has nothing of it. There is no neuron's own rate in a store: the
 * mean histogram of the windows stands for them.
 */
export async function runSubject(
  queries: DocumentQueries,
  runId: string,
): Promise<Subject | undefined> {
  const rates = await ratesOf(queries, runId);
  const power = await powerOf(queries, runId);
  const numbers = new Map<string, number | null>();
  const remarks = await runNumbers(queries, runId, numbers);
  if (remarks === undefined && rates.size === 0 && power.size === 0) return undefined;
  const samples = new Map<string, LayerSamples>();
  const layers = Map.groupBy(rates.values(), ({ layer }) => layer);
  for (const [name, parts] of layers) {
    layerNumbers(name, parts, numbers);
    samples.set(name, { window_rate_bucket: Float64Array.from(parts.flatMap(sampleOf)).sort() });
  }
  for (const [chip, part] of power) {
    const prefix = `power.${chip}`;
    numbers.set(`${prefix}.samples`, part.samples);
    numbers.set(`${prefix}.mean_watts`, part.sum / part.samples);
    numbers.set(`${prefix}.max_watts`, part.max);
    numbers.set(`${prefix}.min_watts`, part.min);
    numbers.set(`${prefix}.energy_joules`, part.energy);
  }
  const missing = [`Run ${runId} has no document of its end: it may still go on.`];
  return { side: { name: runId, kind: 'run' }, numbers, samples, remarks: remarks ?? missing };
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

/** What the documents of the run's end say; undefined where there is none. */
async function runNumbers(
  queries: DocumentQueries,
  runId: string,
  numbers: Map<string, number | null>,
): Promise<string[] | undefined> {
  let records = 0;
  const totals = { frames: 0, spikes: 0, energy: 0, lost: 0 };
  let hasEnergy = false;
  let isCounted = true;
  let firstUs = Number.POSITIVE_INFINITY;
  let lastUs = Number.NEGATIVE_INFINITY;
  for await (const { fields } of documentsOf(queries, 'runs', runId)) {
    records++;
    totals.frames += numberOf(fields, 'frames') ?? 0;
    totals.spikes += numberOf(fields, 'spikes') ?? 0;
    totals.energy += numberOf(fields, 'energy_joules') ?? 0;
    totals.lost += numberOf(fields, 'frames_lost') ?? 0;
    hasEnergy ||= numberOf(fields, 'energy_joules') !== undefined;
    isCounted &&= numberOf(fields, 'frames_lost') !== undefined;
    const t0Us = numberOf(fields, 't0_us') ?? 0;
    firstUs = Math.min(firstUs, t0Us);
    lastUs = Math.max(lastUs, t0Us + (numberOf(fields, 'span_us') ?? 0));
  }
  if (records === 0) return undefined;
  numbers.set('duration_us', lastUs - firstUs);
  numbers.set('total_spikes', totals.spikes);
  numbers.set('run.frames', totals.frames);
  numbers.set('run.energy_joules', hasEnergy ? totals.energy : null);
  numbers.set('completeness.frames_lost', isCounted ? totals.lost : null);
  return records === 1
    ? []
    : [`Run ${runId} has ${records} records: it went on after its end; they are added up.`];
}

async function ratesOf(queries: DocumentQueries, runId: string): Promise<Map<string, RatePart>> {
  const parts = new Map<string, RatePart>();
  for await (const { fields } of documentsOf(queries, 'rates', runId)) {
    const { layer_name, device_type, chip_id, neuron_count, rate_histogram } = fields;
    const key = JSON.stringify([device_type, chip_id, layer_name, neuron_count]);
    let part = parts.get(key);
    if (part === undefined) {
      if (parts.size >= PARTS_MAX) continue;
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
  return parts;
}

async function powerOf(queries: DocumentQueries, runId: string): Promise<Map<string, PowerPart>> {
  const parts = new Map<string, PowerPart>();
  const energyBefore = new Map<string, number>();
  for await (const { fields } of documentsOf(queries, 'power', runId)) {
    const watts = numberOf(fields, 'watts');
    const { rail, component, device_type, chip_id } = fields;
    if (rail !== 'total' || component !== 'total' || watts === undefined) continue;
    const key = `${device_type}/${chip_id}`;
    let part = parts.get(key);
    if (part === undefined) {
      if (parts.size >= PARTS_MAX) continue;
      part = { samples: 0, sum: 0, min: watts, max: watts, energy: null };
      parts.set(key, part);
    }
    part.samples++;
    part.sum += watts;
    part.min = Math.min(part.min, watts);
    part.max = Math.max(part.max, watts);
    // A counter of the chip's whole life: what it grew by is the run's.
    const total = numberOf(fields, 'energy_joules');
    if (total === undefined) continue;
    const before = energyBefore.get(key);
    energyBefore.set(key, total);
    part.energy = (part.energy ?? 0) + (before === undefined ? 0 : Math.max(0, total - before));
  }
  return parts;
}

type Fields = StoredDocument['fields'];

function numberOf(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  return typeof value === 'number' ? value : undefined;
}

/** All documents of a run in one index, by time, a page at a time. */
async function* documentsOf(
  queries: DocumentQueries,
  index: IndexName,
  runId: string,
): AsyncGenerator<StoredDocument, void, void> {
  let fromMs = 0;
  let seen = new Set<string>();
  for (;;) {
    const filter = { index, fromMs, toMs: END_MS, having: { run_id: [runId] } };
    const page = await queries.list(filter, 'oldest', PAGE);
    const fresh = page.filter(({ id }) => !seen.has(id));
    yield* fresh;
    const last = page.at(-1);
    // A page full of documents of one and the same ms would come again for ever.
    if (page.length < PAGE || last === undefined || fresh.length === 0) return;
    fromMs = Math.floor(last.timeUs / 1000);
    seen = new Set(page.filter(({ timeUs }) => timeUs >= fromMs * 1000).map(({ id }) => id));
  }
}
