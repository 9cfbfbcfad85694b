import { activityFields } from './activity.ts';
import { benchmarkFields } from './benchmark.ts';
import { conversionFields } from './conversion.ts';
import { coresFields } from './cores.ts';
import type { Fields } from './fields.ts';
import type { Frame } from './frame.ts';
import { headerFields } from './header.ts';
import { healthFields } from './health.ts';
import { inferenceFields } from './inference.ts';
import { logFields } from './log.ts';
import { membraneFields } from './membrane.ts';
import { MsgpackWriter } from './msgpack-write.ts';
import { SpikePacker } from './pack-spikes.ts';
import { powerFields } from './power.ts';
import { spikesFields } from './spikes.ts';
import { synapsesFields } from './synapses.ts';

export type Encoding = 'msgpack' | 'json';

export const CONTENT_TYPES: Readonly<Record<Encoding, string>> = {
  msgpack: 'application/msgpack',
  json: 'application/json',
};

/** A frame as wire fields; columns stay typed arrays. */
export function frameFields(frame: Frame): Fields {
  const fields = headerFields(frame.kind, frame);
  switch (frame.kind) {
    case 'spikes':
      return spikesFields(frame, fields, frame.dense);
    case 'membrane':
      return membraneFields(frame, fields);
    case 'power':
      return powerFields(frame, fields);
    case 'cores':
      return coresFields(frame, fields);
    case 'activity':
      return activityFields(frame, fields);
    case 'synapses':
      return synapsesFields(frame, fields);
    case 'health':
      return healthFields(frame, fields);
    case 'conversion':
      return conversionFields(frame, fields);
    case 'inference':
      return inferenceFields(frame, fields);
    case 'benchmark':
      return benchmarkFields(frame, fields);
    case 'log':
      return logFields(frame, fields);
  }
}

/** Writes frames; not shared between threads. */
export class FrameEncoder {
  private readonly msgpack = new MsgpackWriter();
  private readonly packer = new SpikePacker();

  /**
   * Bytes of their own. NaN and infinities become null in JSON, which reads as "no sample". Spikes
   * go in the columns that they have; `dense` puts them into denser ones where that is exact, or,
   * where it is false, into those that every reader knows.
   */
  encode(frame: Frame, encoding: Encoding = 'msgpack', dense?: boolean): Uint8Array {
    const fields = this.fields(frame, dense);
    if (encoding === 'msgpack') return this.msgpack.write(fields);
    return Buffer.from(JSON.stringify(fields, columnsAsLists));
  }

  private fields(frame: Frame, dense: boolean | undefined): Fields {
    if (frame.kind !== 'spikes' || dense === undefined) return frameFields(frame);
    const columns = dense ? (frame.dense ?? this.packer.pack(frame)) : undefined;
    return spikesFields(frame, headerFields('spikes', frame), columns);
  }
}

function columnsAsLists(_key: string, value: unknown): unknown {
  if (!ArrayBuffer.isView(value)) return value;
  return Array.from(value as Uint16Array | Uint32Array | Float32Array | Float64Array);
}
