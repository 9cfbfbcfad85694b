import { LIVE_LIMITS } from '../../sinks/live/live-limits.ts';
import type { LiveSpikes, Population } from '../../sinks/live/live-spikes.ts';
import type { RasterColumns } from '../../sinks/live/raster-part.ts';
import type { RasterUpdate } from '../../sinks/live/schemas.ts';

type RasterPartUpdate = RasterUpdate['parts'][number];

/** What changed after a revision; a client without history is sent the last `bins` of each part. */
export function rasterSince(spikes: LiveSpikes, revision: number, bins: number): RasterUpdate {
  const { now } = spikes.revisions;
  return rasterOf(spikes, (part) => {
    const { raster } = part;
    // A raster that began anew since then is sent as if it were new.
    const from = part.since > revision ? 0 : revision;
    return raster.since(from, raster.newest - bins + 1, raster.newest + 1, now);
  });
}

/** The columns of [fromUs, toUs), as far as they are kept. */
export function rasterBetween(
  spikes: LiveSpikes,
  fromUs: number,
  toUs: number,
  population: string | undefined,
): RasterUpdate {
  const update = rasterOf(spikes, ({ raster }) => {
    const oldest = Math.max(0, raster.newest - LIVE_LIMITS.bins + 1);
    const from = Math.max(oldest, Math.floor(fromUs / LIVE_LIMITS.binUs));
    const to = Math.min(raster.newest + 1, Math.ceil(toUs / LIVE_LIMITS.binUs));
    return from < to ? raster.columns(from, to) : undefined;
  });
  if (population === undefined) return update;
  return { ...update, parts: update.parts.filter(({ id }) => id === population) };
}

function rasterOf(
  spikes: LiveSpikes,
  columnsOf: (part: Population) => RasterColumns | undefined,
): RasterUpdate {
  return {
    bin_us: LIVE_LIMITS.binUs,
    bins_kept: LIVE_LIMITS.bins,
    parts: [...spikes.parts.values()].map((part) => partUpdate(part, columnsOf(part))),
    parts_refused: spikes.partsRefused,
    spikes_refused: spikes.spikesRefused,
  };
}

function partUpdate(part: Population, columns: RasterColumns | undefined): RasterPartUpdate {
  const { raster } = part;
  return {
    ...{ id: part.id, device_type: part.deviceType, chip_id: part.chipId },
    ...{ layer_name: part.layerName, neuron_type: part.neuronType },
    ...{ neuron_count: part.neuronCount, neuron_offset: part.neuronOffset, since: part.since },
    ...{ rows: raster.rows, neurons_per_row: raster.neuronsPerRow },
    ...{ first_us: part.firstUs, last_us: part.lastUs },
    ...{ received: raster.received, shown: raster.shown },
    dropped: raster.sampledOut + raster.tooLate,
    ...(columns === undefined ? {} : { columns: encoded(columns) }),
  };
}

function encoded({ first, count, cells, covered }: RasterColumns): RasterPartUpdate['columns'] {
  return { first, count, cells: base64(cells), covered: base64(covered) };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
