import type { Analysis, LayerResult } from '../analysis/result.ts';
import { printable, section, shown } from './text-table.ts';

/** Columns of the table of layers: title, and what stands below it. */
const COLUMNS: readonly (readonly [string, (layer: LayerResult) => number | null])[] = [
  ['neurons', (layer) => layer.neuron_count],
  ['active', (layer) => layer.active_neurons],
  ['spikes', (layer) => layer.spikes],
  ['rate Hz', (layer) => layer.mean_rate_hz],
  ['sd', (layer) => layer.rate_sd_hz],
  ['max', (layer) => layer.rate_max_hz],
  ['ISI ms', (layer) => layer.isi.mean_ms],
  ['CV', (layer) => layer.isi.cv_mean],
  ['LvR', (layer) => layer.isi.lvr_mean],
  ['Fano', (layer) => layer.fano_factor_windows],
  ['bursts', (layer) => layer.bursts.count],
  ['sync', (layer) => layer.synchrony.spike_synchronization],
];

/** The result for a terminal: layers, potentials, power, what is missing. Rounded. */
export function analysisTable(analysis: Analysis): string {
  const { recording, duration_us, total_spikes } = analysis;
  const seconds = shown(duration_us / 1e6);
  return [
    `${recording}: ${seconds} s, ${total_spikes.toLocaleString('en')} spikes`,
    ...section(layerRows(analysis)),
    ...section(membraneRows(analysis)),
    ...section(powerRows(analysis)),
    ...incidentLines(analysis),
    completenessLine(analysis),
    '',
  ].join('\n');
}

function layerRows({ layers }: Analysis): string[][] {
  const entries = Object.entries(layers);
  if (entries.length === 0) return [];
  const titles = ['layer', ...COLUMNS.map(([title]) => title)];
  const rows = entries.map(([name, layer]) => [
    printable(name),
    ...COLUMNS.map(([, value]) => shown(value(layer))),
  ]);
  return [titles, ...rows];
}

function membraneRows({ layers }: Analysis): string[][] {
  const rows = Object.entries(layers).flatMap(([name, { membrane }]) => {
    if (membrane === null) return [];
    const { unit, samples, mean, sd, min, max, quantiles } = membrane;
    const numbers = [samples, mean, sd, min, quantiles['0.5'], max].map(shown);
    return [[printable(name), printable(unit), ...numbers]];
  });
  const titles = ['membrane', 'unit', 'samples', 'mean', 'sd', 'min', 'median', 'max'];
  return rows.length === 0 ? [] : [titles, ...rows];
}

function powerRows({ power }: Analysis): string[][] {
  const rows = Object.entries(power).map(([chip, result]) => {
    const { samples, mean_watts, min_watts, max_watts, energy_joules } = result;
    return [chip, ...[samples, mean_watts, min_watts, max_watts, energy_joules].map(shown)];
  });
  const titles = ['power', 'samples', 'mean W', 'min', 'max', 'energy J'];
  return rows.length === 0 ? [] : [titles, ...rows];
}

function incidentLines({ incidents }: Analysis): string[] {
  return incidents.map(({ severity, detector, text }) =>
    printable(`${severity} ${detector}: ${text}`),
  );
}

function completenessLine({ completeness }: Analysis): string {
  const { frames_lost, samples_late, samples_invalid, samples_outside, truncated } = completeness;
  const missing = [
    [frames_lost, 'frames lost'],
    [samples_late, 'samples late'],
    [samples_invalid, 'samples invalid'],
    [samples_outside, 'samples outside'],
  ]
    .filter(([count]) => count !== 0)
    .map(([count, what]) => `${count} ${what}`);
  if (truncated) missing.push('the file is cut off');
  return missing.length === 0 ? 'Complete.' : `Incomplete: ${missing.join(', ')}.`;
}
