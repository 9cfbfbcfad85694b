import { Adapter } from '../../src/adapters/adapter.ts';
import { type AdapterOptions, adapterOptions } from '../../src/adapters/adapter-options.ts';
import { LayerTable } from '../../src/adapters/layer-table.ts';
import { ObjectColumns } from '../../src/adapters/object-columns.ts';
import { ObjectFrames } from '../../src/adapters/object-frames.ts';
import { ObjectReader } from '../../src/adapters/read-objects.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { FrameError } from '../../src/frames/frame-error.ts';
import { FRAME_LIMITS, type FrameLimits } from '../../src/frames/limits.ts';
import { areOrdered } from '../../src/frames/spikes.ts';

export const PLAIN_ADAPTER = {
  name: 'lab',
  subjects: ['lab.spikes.*'],
  format: 'json-objects',
  device_type: 'cpu',
  chip_id: '{3}',
  fields: { layer: 'layer', neuron: 'neuron', time: 't', membrane: 'mv' },
  layers: [
    { name: 'L1', neuron_count: 8 },
    { name: 'L2', neuron_count: 100, neuron_type: 'alif', first_neuron: 8 },
  ],
};

export function optionsOf(options: Record<string, unknown> = {}): AdapterOptions {
  const [made] = adapterOptions.parse([{ ...PLAIN_ADAPTER, ...options }]);
  return made as AdapterOptions;
}

export function adapterOf(options: Record<string, unknown> = {}, limits = FRAME_LIMITS): Adapter {
  return new Adapter(optionsOf(options), limits);
}

export type Read = (bytes: Uint8Array) => Frame[];

/** Reads as adapters do. */
export function readerOf(adapter: Adapter): Read {
  const place = adapter.subjectOf('lab.spikes.7');
  return (bytes) => adapter.read(bytes, place);
}

/** Reads by the parser of the platform only. */
export function parserOf(options: AdapterOptions, limits: FrameLimits = FRAME_LIMITS): Read {
  const layers = new LayerTable(options, limits);
  const reader = new ObjectReader(options, limits, layers);
  const columns = new ObjectColumns();
  const frames = new ObjectFrames(options, limits, layers);
  return (bytes) => {
    layers.makeRoom();
    reader.read(bytes, columns);
    return frames.make(columns, { deviceType: 'cpu', chipId: '7' });
  };
}

/** What comes of a message: its frames, copied, or the error word for word. */
export function outcomeOf(read: Read, bytes: Uint8Array): unknown {
  try {
    return read(bytes).map((frame) => ({
      // Not structuredClone: it copies all of the memory that columns lie in.
      ...Object.fromEntries(Object.entries(frame).map(([name, value]) => [name, copied(value)])),
      isOrdered: frame.kind === 'spikes' && areOrdered(frame),
    }));
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    return { reason: error.reason, field: error.field, message: error.message };
  }
}

function copied(value: unknown): unknown {
  return ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value;
}
