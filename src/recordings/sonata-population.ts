import type { SpikesFrame } from '../frames/spikes.ts';
import { Hdf5Column, type Hdf5End } from './hdf5-column.ts';
import {
  enumAttribute,
  FLOAT_64,
  groupObject,
  type Hdf5Texts,
  integerAttribute,
  UNSIGNED_64,
} from './hdf5-encode.ts';
import type { RecordedLayer } from './recording.ts';
import { RecordingError } from './recording-error.ts';

const UNIT = 'ms';
const SORTINGS = ['none', 'by_id', 'by_time'];

/** One population of a SONATA file that is being written: a layer of one chip. */
export class SonataPopulation {
  readonly name: string;
  private readonly end: Hdf5End;
  private readonly layer: RecordedLayer;
  private readonly times: Hdf5Column;
  private readonly ids: Hdf5Column;
  private lastUs = 0;
  private isSorted = true;
  /** Step of the first frame, as long as all others have it. */
  private stepUs: number | undefined;
  private neuronOffset = 0;
  private hasFrames = false;

  constructor(end: Hdf5End, name: string, layer: RecordedLayer) {
    this.end = end;
    this.name = name;
    this.layer = layer;
    this.times = new Hdf5Column(end, FLOAT_64);
    this.ids = new Hdf5Column(end, UNSIGNED_64);
  }

  /** Takes the spikes of a frame, whose columns may change when this returns. */
  write(frame: SpikesFrame): void {
    this.requireSame(frame);
    const { neuronId, dtUs, t0Us } = frame;
    const order = orderOf(dtUs);
    for (let from = 0; from < dtUs.length; ) {
      const count = Math.min(dtUs.length - from, this.times.room);
      const times = this.times.take(count);
      const ids = this.ids.take(count);
      // Ids below 2^32 as u64: the low word, then the high one.
      const words = new Uint32Array(ids.buffer, ids.byteOffset, count * 2);
      for (let i = 0; i < count; i++) {
        const at = order === undefined ? from + i : (order[from + i] as number);
        const timeUs = t0Us + (dtUs[at] as number);
        if (timeUs < this.lastUs) this.isSorted = false;
        this.lastUs = timeUs;
        times[i] = timeUs / 1000;
        words[2 * i] = neuronId[at] as number;
        words[2 * i + 1] = 0;
      }
      from += count;
      this.times.flush();
      this.ids.flush();
    }
  }

  /** Adds what `finish` will need. */
  addTexts(texts: Hdf5Texts): void {
    const { neuronType, name, deviceType, chipId } = this.layer;
    texts.add(UNIT, name, neuronType, deviceType, chipId);
  }

  /** Puts what is left and the group; gives its address. */
  finish(texts: Hdf5Texts): number {
    const { neuronCount, neuronType, name, deviceType, chipId } = this.layer;
    const columns = new Map([
      ['timestamps', this.times.finish([texts.attribute('units', UNIT)])],
      ['node_ids', this.ids.finish([])],
    ]);
    const attributes = [
      // Frames that overlap may leave a population that only nearly is in order.
      enumAttribute('sorting', SORTINGS, this.isSorted ? 'by_time' : 'none'),
      texts.attribute('layer_name', name),
      integerAttribute('neuron_count', neuronCount),
      texts.attribute('neuron_type', neuronType),
      integerAttribute('neuron_offset', this.neuronOffset),
      texts.attribute('device_type', deviceType),
      texts.attribute('chip_id', chipId),
    ];
    if (this.stepUs !== undefined) attributes.push(integerAttribute('timestep_us', this.stepUs));
    return this.end.put(groupObject(columns, attributes));
  }

  private requireSame(frame: SpikesFrame): void {
    const { neuronCount, neuronType, neuronOffset, timestep0, timestepUs, t0Us } = frame;
    const isFirst = !this.hasFrames;
    this.hasFrames = true;
    if (isFirst) this.neuronOffset = neuronOffset;
    const { layer } = this;
    const isSame = neuronCount === layer.neuronCount && neuronType === layer.neuronType;
    if (!isSame || neuronOffset !== this.neuronOffset) {
      throw new RecordingError(
        'unwritable',
        `${layer.name} of ${layer.deviceType}/${layer.chipId}: from ${t0Us} µs on it has \
${neuronCount} neurons of type ${neuronType} with offset ${neuronOffset}, where it had \
${layer.neuronCount} of ${layer.neuronType} with ${this.neuronOffset}; a SONATA population cannot \
change. Write .spk.`,
      );
    }
    // The first step in a frame is the one that begins in it.
    const follows = timestepUs !== undefined && timestep0 === Math.ceil(t0Us / timestepUs);
    const stepUs = follows ? timestepUs : undefined;
    this.stepUs = isFirst || stepUs === this.stepUs ? stepUs : undefined;
  }
}

/** Order of samples by time, those of one time as they stand; undefined where it is theirs. */
function orderOf(dtUs: Uint32Array): Uint32Array | undefined {
  let isSorted = true;
  for (let i = 1; i < dtUs.length && isSorted; i++) {
    isSorted = (dtUs[i] as number) >= (dtUs[i - 1] as number);
  }
  if (isSorted) return undefined;
  const order = Uint32Array.from(dtUs, (_, i) => i);
  return order.sort((a, b) => (dtUs[a] as number) - (dtUs[b] as number) || a - b);
}
