import type { Analysis } from '../../analysis/result.ts';

export interface EmbeddedNumbers {
  readonly analysis: Analysis;
  /** How many entries there was no room for. */
  readonly leftOut: {
    readonly windows: number;
    readonly layers: number;
    readonly chips: number;
    readonly incidents: number;
  };
}

/**
 * The analysis as it is where it fits; else without windows, and as many layers, chips and
 * incidents as fit. What is there is never changed.
 */
export function embeddedNumbers(analysis: Analysis, bytesMax: number): EmbeddedNumbers {
  const leftOut = { windows: 0, layers: 0, chips: 0, incidents: 0 };
  if (bytesOf(analysis) <= bytesMax) return { analysis, leftOut };
  const windows = Object.values(analysis.layers).reduce(
    (sum, layer) => sum + (layer.windows?.length ?? 0),
    0,
  );
  const layers = Object.entries(analysis.layers).map(([name, layer]) => {
    const { windows: _, ...rest } = layer;
    return [name, rest] as const;
  });
  const without = { ...analysis, layers: Object.fromEntries(layers) };
  if (bytesOf(without) <= bytesMax) return { analysis: without, leftOut: { ...leftOut, windows } };
  const chips = Object.entries(analysis.power);
  const room = { layers: bytesMax * 0.6, chips: bytesMax * 0.15, incidents: bytesMax * 0.2 };
  const keptLayers = fitting(layers, room.layers);
  const keptChips = fitting(chips, room.chips);
  const keptIncidents = fitting(analysis.incidents, room.incidents);
  return {
    analysis: {
      ...analysis,
      layers: Object.fromEntries(keptLayers),
      power: Object.fromEntries(keptChips),
      incidents: keptIncidents,
    },
    leftOut: {
      windows,
      layers: layers.length - keptLayers.length,
      chips: chips.length - keptChips.length,
      incidents: analysis.incidents.length - keptIncidents.length,
    },
  };
}

function fitting<T>(list: readonly T[], bytesMax: number): T[] {
  let bytes = 0;
  const end = list.findIndex((entry) => {
    bytes += bytesOf(entry);
    return bytes > bytesMax;
  });
  return end < 0 ? [...list] : list.slice(0, end);
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
