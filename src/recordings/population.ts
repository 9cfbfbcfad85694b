import { FRAME_LIMITS } from '../frames/limits.ts';
import { NEURON_TYPE_DEFAULT } from '../frames/spikes.ts';
import type { Meta } from './meta.ts';
import type { RecordedDevice } from './recorded-device.ts';
import { RecordingError } from './recording-error.ts';
import type { SampledLayer } from './sampled-recording.ts';
import type { SampleFile } from './samples.ts';
import type { Survey } from './survey.ts';

/** Name of the layer where nothing names one. */
export const LAYER_DEFAULT = 'neurons';

/** Layers as meta.json lists them. */
export function layersOfMeta(meta: Meta, device: RecordedDevice): SampledLayer[] {
  return (meta.layers ?? []).map((layer) => {
    const firstId = layer.first_id ?? 0;
    return {
      name: layer.name,
      neuronType: layer.type ?? NEURON_TYPE_DEFAULT,
      neuronCount: layer.n ?? (layer.last_id ?? firstId) - firstId + 1,
      firstId,
      deviceType: layer.device_type ?? device.deviceType,
      chipId: layer.chip_id ?? device.chipId,
    };
  });
}

/**
 * Layers as the samples show them: those that files name, with local ids from 0, and one for ids
 * without a layer, from 0 or, where ids are global, from the first that occurs.
 */
export function layersOfSurvey(
  survey: Survey,
  files: readonly SampleFile[],
  device: RecordedDevice,
): SampledLayer[] {
  const isGlobal = files.some((file) => file.format.startsWith('nest'));
  return [...survey.ids].map(([name, { min, max }]) => {
    const firstId = isGlobal ? min : 0;
    const stated = files.map((file) => file.neuronCounts?.get(name) ?? 0);
    return {
      name: name === '' ? LAYER_DEFAULT : name.slice(0, FRAME_LIMITS.stringCharsMax),
      neuronType: NEURON_TYPE_DEFAULT,
      neuronCount: Math.max(max - firstId + 1, ...stated),
      firstId,
      ...device,
    };
  });
}

/** Ids alone must tell the layer where a file names none: so ranges may not overlap then. */
export function requireDistinctIds(
  layers: readonly SampledLayer[],
  files: readonly SampleFile[],
): void {
  const unnamed = files.find((file) => !file.namesLayers);
  if (unnamed === undefined) return;
  const sorted = [...layers].sort((a, b) => a.firstId - b.firstId);
  for (const [i, layer] of sorted.entries()) {
    const next = sorted[i + 1];
    if (next === undefined || layer.firstId + layer.neuronCount <= next.firstId) continue;
    throw new RecordingError(
      'meta',
      `${unnamed.path}: holds ids without layers, and the ids of \
${layer.name} and ${next.name} overlap in meta.json. Add "layer" to the entry of the file, or a \
column of the layer to the file.`,
    );
  }
}
