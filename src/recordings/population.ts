import { FRAME_LIMITS } from '../frames/limits.ts';
import { NEURON_TYPE_DEFAULT } from '../frames/spikes.ts';
import type { Meta } from './meta.ts';
import type { RecordedDevice } from './recorded-device.ts';
import { RecordingError } from './recording-error.ts';
import type { SampledLayer } from './sampled-recording.ts';
import type { FileLayer, SampleFile } from './samples.ts';
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
 * Layers as files describe them or the samples show them: those that files name, with local ids
 * from 0, and one for ids without a layer, from 0 or, where ids are global, from the first that
 * occurs. `given` is the device that whoever opens the recording wants instead of the files'.
 */
export function layersOfSurvey(
  survey: Survey,
  files: readonly SampleFile[],
  device: RecordedDevice,
  given: Partial<{ [K in keyof RecordedDevice]: RecordedDevice[K] | undefined }> = {},
): SampledLayer[] {
  const isGlobal = files.some((file) => file.format.startsWith('nest'));
  const described = new Map<string, FileLayer>();
  for (const layer of files.flatMap((file) => file.layers ?? [])) {
    described.set(layer.name, { ...described.get(layer.name), ...layer });
  }
  const layers: SampledLayer[] = [];
  for (const key of new Set([...described.keys(), ...survey.ids.keys()])) {
    const ids = survey.ids.get(key);
    const known = described.get(key);
    const firstId = isGlobal ? (ids?.min ?? 0) : 0;
    const stated = files.map((file) => file.neuronCounts?.get(key) ?? 0);
    const seen = ids === undefined ? 0 : ids.max - firstId + 1;
    const neuronCount = known?.neuronCount ?? Math.max(seen, ...stated);
    // Of a population without spikes and without a size nothing can be said.
    if (neuronCount === 0) continue;
    const name = key === '' ? LAYER_DEFAULT : (known?.layerName ?? key);
    layers.push({
      name: name.slice(0, FRAME_LIMITS.stringCharsMax),
      column: key,
      neuronType: known?.neuronType ?? NEURON_TYPE_DEFAULT,
      neuronCount,
      neuronOffset: known?.neuronOffset,
      firstId,
      deviceType: given.deviceType ?? known?.deviceType ?? device.deviceType,
      chipId: given.chipId ?? known?.chipId ?? device.chipId,
    });
  }
  return layers;
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
