import type { ChipCores, CoreResult } from '../../analysis/pictures/core-tallies.ts';
import { figure, figures, note } from '../blocks.ts';
import { element, fragment, type Markup } from '../markup.ts';
import { coreMap, scaleLegend } from '../plots/core-map.ts';
import { shown } from '../values.ts';
import type { Detail, ReportInput } from './report-input.ts';

/** Undefined where nothing is known of cores. */
export function coresSection({ pictures }: ReportInput, detail: Detail): Markup | undefined {
  const chips = (pictures?.cores ?? []).filter(({ cores }) => cores.length > 0);
  if (pictures === undefined || chips.length === 0) return undefined;
  let room = detail.cores;
  let left = pictures.coreSamplesLeftOut > 0;
  const maps: Markup[] = [];
  for (const chip of chips) {
    for (const map of mapsOf(chip)) {
      if (map.cores > room) {
        left = true;
        continue;
      }
      room -= map.cores;
      maps.push(map.draw());
    }
  }
  return fragment(figures(maps), left && note('There are more cores and counters than are drawn.'));
}

interface Drawable {
  readonly cores: number;
  readonly draw: () => Markup;
}

function mapsOf({ chip, counters, cores }: ChipCores): Drawable[] {
  const hasPercent = cores.some(({ meanPercent }) => meanPercent !== undefined);
  const maps = hasPercent ? [utilizationMap(chip, cores)] : [];
  for (const [i, counter] of counters.entries()) maps.push(counterMap(chip, counter, i, cores));
  return maps;
}

function utilizationMap(chip: string, cores: readonly CoreResult[]): Drawable {
  const draw = (): Markup => {
    const values = cores.map(({ id, meanPercent, maxPercent, layerName }) => ({
      id,
      value: meanPercent,
      about: `, at most ${shown(maxPercent)} %${layerText(layerName)}`,
    }));
    const known = cores.flatMap(({ meanPercent }) => meanPercent ?? []);
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
    const text = `${cores.length} cores, mean ${shown(mean)} %.`;
    // A scale to 100 would show a chip that is hardly busy in one colour.
    const max = niceMax(Math.max(...known), 100);
    return mapFigure(`${chip}: utilization, mean over time`, text, values, max, ' %');
  };
  return { cores: cores.length, draw };
}

function counterMap(
  chip: string,
  counter: string,
  at: number,
  cores: readonly CoreResult[],
): Drawable {
  const draw = (): Markup => {
    const values = cores.map(({ id, sums, layerName }) => ({
      id,
      value: sums[at] as number,
      about: layerText(layerName),
    }));
    const sum = values.reduce((all, { value }) => all + value, 0);
    const max = Math.max(1, ...values.map(({ value }) => value));
    const text = `${cores.length} cores, ${shown(sum)} in all.`;
    return mapFigure(`${chip}: ${counter}, sum over the recording`, text, values, max, '');
  };
  return { cores: cores.length, draw };
}

function mapFigure(
  title: string,
  text: string,
  cores: Parameters<typeof coreMap>[0]['cores'],
  max: number,
  unit: string,
): Markup {
  const label = `${title}. ${text} ${highest(cores, unit)}`;
  return figure(
    element('bdi', {}, title),
    fragment(coreMap({ label, unit, max, cores }), scaleLegend(max, unit)),
    `${text} ${highest(cores, unit)}`,
  );
}

function highest(cores: Parameters<typeof coreMap>[0]['cores'], unit: string): string {
  const known = cores.filter(({ value }) => value !== undefined);
  const first = known.toSorted((a, b) => (b.value as number) - (a.value as number))[0];
  if (first === undefined) return '';
  return `Highest: core ${first.id} with ${shown(first.value as number)}${unit}.`;
}

function layerText(name: string): string {
  return name === '' ? '' : `, layer ${name}`;
}

function niceMax(value: number, most: number): number {
  return [0.1, 0.5, 1, 2, 5, 10, 20, 50].find((bound) => value <= bound) ?? most;
}
