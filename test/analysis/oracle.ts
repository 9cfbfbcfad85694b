import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Analysis, LayerResult, WindowResult } from '../../src/analysis/result.ts';

/** What an oracle.json holds of a layer, as far as it is compared. */
interface OracleLayer {
  readonly n: number;
  readonly total_spikes: number;
  readonly mean_rate_hz: number;
  readonly rate_std_hz: number;
  readonly rate_min_hz: number;
  readonly rate_max_hz: number;
  readonly active_neurons: number;
  readonly rate_quantiles_hz: Readonly<Record<string, number>>;
  readonly rate_histogram_full: Readonly<Record<string, number>>;
  readonly windows: Readonly<Record<string, readonly OracleWindow[]>>;
  readonly isi: Readonly<Record<string, number | undefined>>;
  readonly fano_factor_counts_across_neurons: number | null;
  readonly fano_factor_population_counts: Readonly<Record<string, number>>;
  readonly synchrony: { readonly neurons: readonly number[]; readonly pyspike_spike_sync?: number };
  readonly bursts_maxinterval: {
    readonly bursts: number;
    readonly neurons_bursting: number;
    readonly share_of_spikes: number | null;
  };
  readonly vm?: OracleMembrane;
}

interface OracleWindow {
  readonly t0_ms: number;
  readonly t1_ms: number;
  readonly spikes: number;
  readonly mean_rate_hz: number;
  readonly histogram: readonly number[];
}

interface OracleMembrane {
  readonly unit: string;
  readonly samples: number;
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
  readonly quantiles: Readonly<Record<string, number>>;
  readonly histogram: Readonly<Record<string, number>>;
}

export interface Oracle {
  readonly duration_ms: number | null;
  readonly total_spikes?: number;
  readonly layers: Readonly<Record<string, Partial<OracleLayer>>>;
  readonly power?: readonly Readonly<Record<string, unknown>>[];
}

/** Of all reals; of interval, Fano and synchrony statistics. */
const REAL = 1e-9;
const STATISTIC = 1e-6;

export const oracleOf = (folder: string): Oracle =>
  JSON.parse(readFileSync(join(folder, 'oracle.json'), 'utf8')) as Oracle;

/** Collects where a result is not the oracle's; each entry names the value. */
class Differences {
  readonly found: string[] = [];
  compared = 0;

  same(name: string, got: unknown, wanted: unknown): void {
    this.compared++;
    if (JSON.stringify(got) === JSON.stringify(wanted)) return;
    this.found.push(`${name}: ${JSON.stringify(got)} is not ${JSON.stringify(wanted)}`);
  }

  near(name: string, got: number | null, wanted: number | null | undefined, within: number): void {
    this.compared++;
    if (got === null || wanted === null || wanted === undefined) {
      if (got !== (wanted ?? null)) this.found.push(`${name}: ${got} is not ${wanted}`);
      return;
    }
    if (Math.abs(got - wanted) <= within * Math.abs(wanted) + 1e-14) return;
    this.found.push(`${name}: ${got} is not ${wanted} within ${within}`);
  }
}

/**
 * Compares a result with windows of `windowMs` with an oracle.
 * @returns what differs, and how many values were compared
 */
export function compareWithOracle(
  analysis: Analysis,
  oracle: Oracle,
  windowMs: number,
): { found: string[]; compared: number } {
  const differences = new Differences();
  differences.same(
    'duration_us',
    analysis.duration_us,
    Math.round((oracle.duration_ms ?? 0) * 1e3),
  );
  differences.same('total_spikes', analysis.total_spikes, oracle.total_spikes ?? 0);
  differences.same('layers', Object.keys(analysis.layers), Object.keys(oracle.layers));
  for (const [name, wanted] of Object.entries(oracle.layers)) {
    const layer = analysis.layers[name];
    if (layer === undefined) continue;
    if (wanted.n !== undefined)
      compareSpikes(differences, name, layer, wanted as OracleLayer, windowMs);
    compareMembrane(differences, name, layer, wanted.vm);
  }
  comparePower(differences, analysis, oracle);
  return differences;
}

function compareSpikes(
  differences: Differences,
  name: string,
  layer: LayerResult,
  wanted: OracleLayer,
  windowMs: number,
): void {
  const at = (key: string) => `${name}.${key}`;
  const same = (key: string, got: unknown, value: unknown) => differences.same(at(key), got, value);
  const near = (
    key: string,
    got: number | null,
    value: number | null | undefined,
    within: number,
  ) => differences.near(at(key), got, value, within);
  same('neuron_count', layer.neuron_count, wanted.n);
  same('spikes', layer.spikes, wanted.total_spikes);
  same('active_neurons', layer.active_neurons, wanted.active_neurons);
  const full = layer.rate_histogram.le.map((le) => wanted.rate_histogram_full[String(le)]);
  same('rate_histogram', layer.rate_histogram.count, full);
  near('mean_rate_hz', layer.mean_rate_hz, wanted.mean_rate_hz, REAL);
  near('rate_sd_hz', layer.rate_sd_hz, wanted.rate_std_hz, REAL);
  near('rate_min_hz', layer.rate_min_hz, wanted.rate_min_hz, REAL);
  near('rate_max_hz', layer.rate_max_hz, wanted.rate_max_hz, REAL);
  for (const [q, value] of Object.entries(wanted.rate_quantiles_hz)) {
    near(`quantile ${q}`, layer.rate_quantiles_hz[q as '0.5'], value, REAL);
  }
  same('isi.count', layer.isi.count, wanted.isi['n']);
  for (const key of ['mean_ms', 'min_ms', 'max_ms', 'cv_mean', 'cv2_mean', 'lv_mean', 'lvr_mean']) {
    near(`isi.${key}`, layer.isi[key as 'cv_mean'], wanted.isi[key], STATISTIC);
  }
  const { fano_factor_population_counts: fano, bursts_maxinterval: bursts } = wanted;
  near(
    'fano_neurons',
    layer.fano_factor_neurons,
    wanted.fano_factor_counts_across_neurons,
    STATISTIC,
  );
  near('fano_windows', layer.fano_factor_windows, fano[windowMs], STATISTIC);
  same('bursts.count', layer.bursts.count, bursts.bursts);
  same('bursts.neurons', layer.bursts.neurons, bursts.neurons_bursting);
  near('bursts.share', layer.bursts.share_of_spikes, bursts.share_of_spikes, REAL);
  same('synchrony.neurons', layer.synchrony.neurons, wanted.synchrony.neurons.length);
  near(
    'synchrony',
    layer.synchrony.spike_synchronization,
    wanted.synchrony.pyspike_spike_sync,
    STATISTIC,
  );
  compareWindows(
    differences,
    name,
    layer.windows ?? [],
    wanted.windows[`tumbling_${windowMs}ms`] ?? [],
  );
}

function compareWindows(
  differences: Differences,
  name: string,
  rows: readonly WindowResult[],
  wanted: readonly OracleWindow[],
): void {
  const times = rows.map((row) => [row.t0_us, row.t1_us]);
  const wantedTimes = wanted.map((row) => [row.t0_ms * 1000, row.t1_ms * 1000]);
  differences.same(`${name}.windows`, times, wantedTimes);
  for (const [i, row] of rows.entries()) {
    const from = `${name}.window ${i}`;
    differences.same(`${from}.spikes`, row.spikes, wanted[i]?.spikes);
    differences.same(`${from}.histogram`, row.histogram, wanted[i]?.histogram);
    differences.near(`${from}.rate`, row.mean_rate_hz, wanted[i]?.mean_rate_hz, REAL);
  }
}

function compareMembrane(
  differences: Differences,
  name: string,
  { membrane }: LayerResult,
  wanted: OracleMembrane | undefined,
): void {
  differences.same(`${name}.membrane`, membrane !== null, wanted !== undefined);
  if (membrane === null || wanted === undefined) return;
  differences.same(`${name}.unit`, membrane.unit, wanted.unit);
  differences.same(`${name}.samples`, membrane.samples, wanted.samples);
  const near = (key: string, got: number | null, value: number | undefined) =>
    differences.near(`${name}.membrane.${key}`, got, value, REAL);
  near('mean', membrane.mean, wanted.mean);
  near('sd', membrane.sd, wanted.std);
  near('min', membrane.min, wanted.min);
  near('max', membrane.max, wanted.max);
  for (const [q, value] of Object.entries(wanted.quantiles)) {
    near(q, membrane.quantiles[q as '0.5'], value);
  }
  // The oracle chooses bounds by the data; what both have must agree.
  for (const [i, le] of membrane.histogram.le.entries()) {
    const count = wanted.histogram[String(le)];
    if (count !== undefined) {
      differences.same(`${name}.membrane ≤ ${le}`, membrane.histogram.count[i], count);
    }
  }
}

function comparePower(differences: Differences, analysis: Analysis, oracle: Oracle): void {
  const wanted = oracle.power?.find((entry) => entry['energy_sum_j'] !== undefined);
  const chips = Object.values(analysis.power);
  differences.same('power', chips.length, wanted === undefined ? 0 : 1);
  const [chip] = chips;
  if (chip === undefined || wanted === undefined) return;
  const value = (key: string) => wanted[key] as number;
  differences.same('power.samples', chip.samples, value('samples'));
  differences.near('energy', chip.energy_joules, value('energy_sum_j'), REAL);
  differences.near('mean_watts', chip.mean_watts, value('mean_power_w'), REAL);
  differences.near('max_watts', chip.max_watts, value('max_power_w'), REAL);
  differences.near('min_watts', chip.min_watts, value('min_power_w'), REAL);
}
