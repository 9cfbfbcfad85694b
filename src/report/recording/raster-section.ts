import { note } from '../blocks.ts';
import { fragment, type Markup } from '../markup.ts';
import { rasterPlot } from '../plots/raster-plot.ts';
import { shown, si } from '../values.ts';
import type { Detail, ReportInput } from './report-input.ts';
import { incidentMarks, timeAxis } from './time-axis.ts';

/** Undefined where no frames of spikes came. */
export function rasterSection(input: ReportInput, detail: Detail): Markup | undefined {
  const { pictures, analysis, startUs } = input;
  if (pictures === undefined || pictures.raster.bands.length === 0) return undefined;
  const { raster } = pictures;
  const bands = raster.bands.slice(0, detail.bands);
  const axis = timeAxis(pictures);
  const series = new Map([...pictures.layers.keys()].map((name, i) => [name, i]));
  const columnUs = pictures.plan.lengthUs / raster.columns;
  const left = raster.bandsLeftOut + raster.bands.length - bands.length;
  const names = bands.map(({ layerName }) => layerName).join(', ');
  const marks = incidentMarks(analysis, startUs, axis);
  return fragment(
    rasterPlot({
      label: `Raster of the spikes of ${names} over ${axis.title}`,
      columns: raster.columns,
      bands: bands.map((band) => ({
        ...band,
        name: bandName(band),
        series: series.get(band.layerName) ?? 0,
      })),
      x: axis,
      marks,
    }),
    note(
      `A column is ${si(columnUs / 1e6, 's')}; the more spikes of a row fall in it, the stronger \
its colour (by the logarithm). Neurons go down by their number. Grey is time that no frame covers.`,
      marks.length > 0 && ' Yellow is the time of incidents.',
      left > 0 && ` ${left} more layers on chips are not drawn.`,
    ),
  );
}

interface Band {
  readonly layerName: string;
  readonly chip: string;
  readonly neuronCount: number;
  readonly neuronsPerRow: number;
}

function bandName({ layerName, chip, neuronCount, neuronsPerRow }: Band): string {
  const neurons = neuronCount === 1 ? '1 neuron' : `${shown(neuronCount)} neurons`;
  const each = neuronsPerRow === 1 ? '' : `, ${shown(neuronsPerRow)} in a row`;
  return `${layerName} · ${chip} · ${neurons}${each}`;
}
