import type { PictureData } from '../../analysis/pictures/pictures.ts';
import type { LayerRates, LayerSpectrum } from '../../analysis/pictures/population-counts.ts';
import { figure, figures, note } from '../blocks.ts';
import { type Child, element, fragment, type Markup } from '../markup.ts';
import { HALF } from '../plots/axes.ts';
import { linePlot } from '../plots/line-plot.ts';
import { fromZeroScale, linearScale, logScale } from '../plots/scale.ts';
import { shown, si } from '../values.ts';
import type { Detail, ReportInput } from './report-input.ts';
import { incidentMarks, pointTimes, timeAxis } from './time-axis.ts';

/** How a layer fires over time, and in which rhythms. */
export function ratesSection(input: ReportInput, detail: Detail): Markup | undefined {
  const { pictures } = input;
  const drawn = [...(pictures?.layers ?? [])].filter(([, { rates }]) => rates !== undefined);
  if (pictures === undefined || drawn.length === 0) return undefined;
  const shownOnes = drawn.slice(0, detail.layers);
  const left = pictures.layersLeftOut + drawn.length - shownOnes.length;
  return fragment(
    figures(
      shownOnes.flatMap(([name, { rates, spectrum }], i) => [
        rateFigure(input, pictures, name, rates as LayerRates, i),
        spectrumFigure(name, spectrum, i),
      ]),
    ),
    left > 0 && note(`${left} more layers are not drawn; their numbers are in the tables.`),
  );
}

function rateFigure(
  { analysis, startUs }: ReportInput,
  pictures: PictureData,
  name: string,
  { rates, pointUs }: LayerRates,
  series: number,
): Markup {
  const axis = timeAxis(pictures);
  const max = rates.reduce((most, rate) => (rate > most ? rate : most), 0);
  const mean = analysis.layers[name]?.mean_rate_hz ?? null;
  const plot = linePlot({
    label: `Rate of layer ${name} over time: mean ${si(mean, 'Hz')}, largest ${si(max, 'Hz')}`,
    size: HALF,
    x: axis,
    y: { title: 'Hz a neuron', scale: fromZeroScale(max) },
    lines: [{ x: pointTimes(pictures, pointUs, axis), y: rates, series }],
    marks: incidentMarks(analysis, startUs, axis, ({ layer_name }) => layer_name === name),
    reference: mean ?? undefined,
  });
  const width = si(pointUs / 1e6, 's');
  return figure(
    titleOf(name, 'rate'),
    plot,
    `Windows of ${width}; dashed: mean ${si(mean, 'Hz')}.`,
  );
}

export function titleOf(name: string, what: string): Child {
  return fragment(element('bdi', {}, name), `: ${what}`);
}

/** Less than this share of what chance gives is rounding. */
const STILL = 1e-12;

function spectrumFigure(name: string, spectrum: LayerSpectrum | undefined, series: number): Markup {
  const title = titleOf(name, 'power spectrum of the rate');
  if (spectrum === undefined) return figure(title, note('Too short or too silent for a spectrum.'));
  const { chance, segment, segments } = spectrum;
  const peak = peakOf(spectrum);
  if (peak.density < chance * STILL) return figure(title, note('The rate never changes.'));
  const { hz, density } = thinned(spectrum);
  const x = logScale(hz[0] as number, hz.at(-1) as number) ?? linearScale(0, 1);
  const floor = Math.max(density.reduce(least), chance / 1000);
  const y = logScale(floor, Math.max(chance * 2, density.reduce(most))) ?? linearScale(0, 1);
  const plot = linePlot({
    label: `Power spectrum of the rate of layer ${name}: strongest at ${shown(peak.hz)} Hz`,
    size: HALF,
    x: { title: 'frequency, Hz', scale: x },
    y: { title: 'Hz² / Hz', scale: y },
    lines: [{ x: hz, y: density, series }],
    reference: chance,
  });
  const times = shown(Number((peak.density / chance).toPrecision(3)));
  return figure(
    title,
    plot,
    `Strongest at ${shown(peak.hz)} Hz, ${times} × what firing by chance gives (dashed). Mean of \
${segments} segments of ${segment} bins${stretchText(spectrum)}.`,
  );
}

function stretchText({ fromUs, toUs, frequencyHz }: LayerSpectrum): string {
  const binUs = 5e5 / (frequencyHz.at(-1) as number);
  return ` of ${si(binUs / 1e6, 's')}, ${shown((toUs - fromUs) / 1e6)} s in all`;
}

const least = (a: number, b: number): number => (b > 0 && b < a ? b : a);
const most = (a: number, b: number): number => Math.max(a, b);

/** The strongest frequency above the lowest, of which a segment holds one turn or less. */
function peakOf({ frequencyHz, density }: LayerSpectrum): { hz: number; density: number } {
  let at = 2;
  for (let i = 3; i < density.length; i++) {
    if ((density[i] as number) > (density[at] as number)) at = i;
  }
  return { hz: frequencyHz[at] as number, density: density[at] as number };
}

/** Points on a logarithmic axis that are nearer than this are one: their mean. */
const STEP = 1.012;

/** Without the frequency 0, which the mean was taken out of. */
function thinned({ frequencyHz, density }: LayerSpectrum): { hz: number[]; density: number[] } {
  const hz: number[] = [];
  const means: number[] = [];
  for (let i = 1; i < frequencyHz.length; ) {
    const from = frequencyHz[i] as number;
    let hertz = 0;
    let sum = 0;
    let count = 0;
    do {
      hertz += frequencyHz[i] as number;
      sum += density[i] as number;
      count++;
      i++;
    } while (i < frequencyHz.length && (frequencyHz[i] as number) < from * STEP);
    hz.push(hertz / count);
    means.push(sum / count);
  }
  return { hz, density: means };
}
