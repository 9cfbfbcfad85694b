import {
  asMap,
  type Fields,
  integerField,
  listField,
  nameField,
  optionalIntegerField,
} from '../frames/fields.ts';
import { FrameError } from '../frames/frame-error.ts';
import { FRAME_LIMITS, type FrameLimits } from '../frames/limits.ts';
import { MsgpackReader } from '../frames/msgpack-read.ts';
import { MsgpackWriter } from '../frames/msgpack-write.ts';
import type { RecordedLayer } from './recording.ts';

export interface SpkChip {
  readonly deviceType: string;
  readonly chipId: string;
}

/** What a `.spk` file says of itself. All but the name may be unknown. */
export interface SpkHeader {
  readonly name: string;
  /** When the recording was made, µs since the Unix epoch. */
  readonly createdUs?: number | undefined;
  /** Program and version that wrote the file. */
  readonly producer?: string | undefined;
  /** Start of the time covered; see RecordingInfo. */
  readonly startUs?: number | undefined;
  /** End of the time covered; see RecordingInfo. */
  readonly durationUs?: number | undefined;
  readonly layers?: readonly RecordedLayer[] | undefined;
  readonly chips?: readonly SpkChip[] | undefined;
  /** Layers that the writer met and did not declare, because there were too many. */
  readonly layersOmitted?: number | undefined;
  /** Whatever the caller adds: plain values only. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** Layers and chips that a file may declare. */
export const DECLARED_MAX = 4096;
/** What a caller may add; with it and all layers, metadata stays below what a reader takes. */
const EXTRA_BYTES_MAX = 1024 * 1024;

const LIMITS: FrameLimits = { ...FRAME_LIMITS, entriesMax: DECLARED_MAX };
const TIME_MAX = Number.MAX_SAFE_INTEGER;

/** The same layer on the same chip; tokens have no slash, so that the key is unambiguous. */
export function layerKey(layer: RecordedLayer): string {
  return `${layer.deviceType}/${layer.chipId}/${layer.name}`;
}

/** Metadata as msgpack; `Partial` for a metadata block, which says only what is new. */
export function writeMetadata(header: Partial<SpkHeader>): Uint8Array {
  return new MsgpackWriter().write(metadataFields(header));
}

/** Metadata as it is written, in msgpack or JSON; what is unknown is undefined. */
export function metadataFields(header: Partial<SpkHeader>): Fields {
  return {
    name: header.name,
    created_us: header.createdUs,
    producer: header.producer,
    start_us: header.startUs,
    duration_us: header.durationUs,
    layers: header.layers?.map(layerFields),
    chips: header.chips?.map((chip) => ({ device_type: chip.deviceType, chip_id: chip.chipId })),
    layers_omitted: header.layersOmitted,
    extra: header.extra,
  };
}

export function layerFields(layer: RecordedLayer): Fields {
  return {
    name: layer.name,
    neuron_type: layer.neuronType,
    neuron_count: layer.neuronCount,
    device_type: layer.deviceType,
    chip_id: layer.chipId,
  };
}

/** Metadata that reads back as it is; what reading would leave out is refused in writing. */
export function checkedMetadata(header: SpkHeader): Uint8Array {
  const extraBytes = new MsgpackWriter().write(header.extra ?? {}).length;
  if (extraBytes > EXTRA_BYTES_MAX) {
    const size = `${extraBytes} bytes, at most ${EXTRA_BYTES_MAX}; put less into it`;
    throw new RangeError(`header of the recording: extra: ${size}`);
  }
  const bytes = writeMetadata(header);
  const remarks: string[] = [];
  readMetadata(bytes, remarks);
  if (remarks.length > 0) throw new RangeError(`header of the recording: ${remarks.join('; ')}`);
  return bytes;
}

export function readMetadata(bytes: Uint8Array, remarks: string[]): Partial<SpkHeader> {
  let fields: Fields;
  try {
    fields = new MsgpackReader(LIMITS).readMap(bytes);
  } catch (error) {
    remarks.push((error as FrameError).message);
    return {};
  }
  return readMetadataFields(fields, remarks);
}

/**
 * Reads metadata; a field that is not what it should be is left out and named in `remarks`, for
 * frames speak for themselves and a recording is readable without it.
 */
export function readMetadataFields(fields: Fields, remarks: string[]): Partial<SpkHeader> {
  const optional = <V>(read: () => V | undefined): V | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      remarks.push(error.message);
      return undefined;
    }
  };
  const text = (name: string) =>
    optional(() => (fields[name] === undefined ? undefined : nameField(fields, name, LIMITS)));
  const time = (name: string) => optional(() => optionalIntegerField(fields, name, 0, TIME_MAX));
  const name = text('name');
  return {
    ...(name === undefined ? {} : { name }),
    createdUs: time('created_us'),
    producer: text('producer'),
    startUs: time('start_us'),
    durationUs: time('duration_us'),
    layers: optional(() => readList(fields, 'layers', readLayer)),
    chips: optional(() => readList(fields, 'chips', readChip)),
    layersOmitted: time('layers_omitted'),
    extra: optional(() =>
      fields['extra'] === undefined ? undefined : asMap(fields['extra'], 'extra', LIMITS),
    ),
  };
}

function readList<V>(fields: Fields, name: string, read: (entry: Fields) => V): V[] | undefined {
  if (fields[name] === undefined) return undefined;
  return listField(fields, name, LIMITS).map((entry) => read(asMap(entry, name, LIMITS)));
}

function readChip(entry: Fields): SpkChip {
  return {
    deviceType: nameField(entry, 'device_type', LIMITS),
    chipId: nameField(entry, 'chip_id', LIMITS),
  };
}

export function readLayer(entry: Fields): RecordedLayer {
  return {
    name: nameField(entry, 'name', LIMITS),
    neuronType: nameField(entry, 'neuron_type', LIMITS),
    neuronCount: integerField(entry, 'neuron_count', 1, LIMITS.neuronCountMax),
    ...readChip(entry),
  };
}

/** What is known after a metadata block: its fields replace earlier ones, its layers join them. */
export function mergeMetadata(known: SpkHeader, later: Partial<SpkHeader>): SpkHeader {
  const merged: Record<string, unknown> = { ...known };
  for (const [key, value] of Object.entries(later)) if (value !== undefined) merged[key] = value;
  if (known.layers !== undefined && later.layers !== undefined) {
    const layers = new Map(known.layers.map((layer) => [layerKey(layer), layer]));
    for (const layer of later.layers) {
      const key = layerKey(layer);
      if (layers.size < DECLARED_MAX || layers.has(key)) layers.set(key, layer);
    }
    merged['layers'] = [...layers.values()];
  }
  return merged as unknown as SpkHeader;
}
