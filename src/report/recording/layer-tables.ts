import type { Analysis, LayerResult } from '../../analysis/result.ts';
import { note } from '../blocks.ts';
import { type Child, element, fragment, type Markup } from '../markup.ts';
import { table } from '../table.ts';
import { exact } from '../values.ts';
import type { Detail } from './report-input.ts';

type Column = readonly [title: string, value: (layer: LayerResult) => number | null];

const RATES: readonly Column[] = [
  ['neurons', (layer) => layer.neuron_count],
  ['active', (layer) => layer.active_neurons],
  ['spikes', (layer) => layer.spikes],
  ['mean Hz', (layer) => layer.mean_rate_hz],
  ['sd', (layer) => layer.rate_sd_hz],
  ['min', (layer) => layer.rate_min_hz],
  ['median', (layer) => layer.rate_quantiles_hz['0.5']],
  ['95 %', (layer) => layer.rate_quantiles_hz['0.95']],
  ['99 %', (layer) => layer.rate_quantiles_hz['0.99']],
  ['max', (layer) => layer.rate_max_hz],
];

const INTERVALS: readonly Column[] = [
  ['intervals', (layer) => layer.isi.count],
  ['mean ms', (layer) => layer.isi.mean_ms],
  ['min', (layer) => layer.isi.min_ms],
  ['max', (layer) => layer.isi.max_ms],
  ['CV', (layer) => layer.isi.cv_mean],
  ['CV2', (layer) => layer.isi.cv2_mean],
  ['LV', (layer) => layer.isi.lv_mean],
  ['LvR', (layer) => layer.isi.lvr_mean],
];

const TOGETHER: readonly Column[] = [
  ['Fano, neurons', (layer) => layer.fano_factor_neurons],
  ['Fano, windows', (layer) => layer.fano_factor_windows],
  ['bursts', (layer) => layer.bursts.count],
  ['bursting neurons', (layer) => layer.bursts.neurons],
  ['share of spikes', (layer) => layer.bursts.share_of_spikes],
  ['synchrony', (layer) => layer.synchrony.spike_synchronization],
  ['neurons compared', (layer) => layer.synchrony.neurons],
];

/** Every number of the layers' spikes, as `analyze --json` has it. */
export function layerTables({ layers }: Analysis, detail: Detail): Markup {
  const entries = Object.entries(layers);
  if (entries.length === 0) return note('The recording names no layers.');
  const rows = entries.slice(0, detail.rows);
  const left = entries.length - rows.length;
  return fragment(
    columnsTable('Rates of the neurons over the whole recording', rows, RATES, true),
    columnsTable('Intervals between spikes', rows, INTERVALS),
    columnsTable('Variability, bursts and synchrony', rows, TOGETHER),
    left > 0 && note(`${left} more layers are left out here; analyze --json lists them all.`),
  );
}

function columnsTable(
  caption: string,
  entries: readonly (readonly [string, LayerResult])[],
  columns: readonly Column[],
  hasType = false,
): Markup {
  const rows = entries.map(([name, layer]): Child[] => [
    element('bdi', {}, name),
    ...(hasType ? [layer.neuron_type ?? '–'] : []),
    ...columns.map(([, value]) => exact(value(layer))),
  ]);
  const titles = ['layer', ...(hasType ? ['type'] : []), ...columns.map(([title]) => title)];
  return table({ caption, titles, rows, textColumns: hasType ? [1] : [] });
}

/** Every number of the layers' potentials but for the histograms, which are drawn. */
export function membraneTable({ layers }: Analysis, detail: Detail): Markup {
  const rows = Object.entries(layers).flatMap(([name, { membrane }]): Child[][] => {
    if (membrane === null) return [];
    const { unit, samples, mean, sd, min, max, quantiles } = membrane;
    const numbers = [samples, mean, sd, min, ...Object.values(quantiles), max];
    return [[element('bdi', {}, name), unit, ...numbers.map((value) => exact(value))]];
  });
  const quantiles = ['1 %', '5 %', 'median', '95 %', '99 %'];
  return table({
    caption: 'Membrane potentials of all samples',
    titles: ['layer', 'unit', 'samples', 'mean', 'sd', 'min', ...quantiles, 'max'],
    rows: rows.slice(0, detail.rows),
    textColumns: [1],
  });
}
