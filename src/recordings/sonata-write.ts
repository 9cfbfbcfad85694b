import { type FileHandle, open } from 'node:fs/promises';
import type { Frame } from '../frames/frame.ts';
import type { SpikesFrame } from '../frames/spikes.ts';
import { Hdf5End } from './hdf5-column.ts';
import {
  END_UNKNOWN,
  groupObject,
  Hdf5Texts,
  integerAttribute,
  SUPERBLOCK_BYTES,
  smallAttribute,
  superblock,
} from './hdf5-encode.ts';
import type { RecordedLayer } from './recording.ts';
import { RecordingError } from './recording-error.ts';
import type { RecordingWriter } from './recording-writer.ts';
import { SonataPopulation } from './sonata-population.ts';
import { writeAt } from './spk-io.ts';

const POPULATIONS_MAX = 4096;
/** Up to here, in the year 2248, doubles in ms are closer to each other than whole µs. */
const TIME_US_MAX = 2 ** 43 * 1000;
/** SONATA's mark of its files, and the version of its layout. */
const MAGIC = 0x0a7a;
const VERSION = [0, 1];

/** What is known of a recording before its frames; a recording's info is this. */
export interface SonataInfo {
  /** Layers that are kept even where no frame is of them. */
  readonly layers?: readonly RecordedLayer[] | undefined;
  readonly startUs?: number | undefined;
  /** End of the time it covers, µs; as far as the frames reach where it is not given. */
  readonly durationUs?: number | undefined;
}

export interface SonataOptions {
  /** Replace a file that is there; without it, that is an error. */
  readonly overwrite?: boolean | undefined;
}

/**
 * Writes spikes as SONATA: `/spikes/<population>/{timestamps, node_ids}`, a population for a layer
 * of a chip, times in ms as doubles that give the same whole µs again. What SONATA has no place for
 * stands in attributes that its readers pass over: of a population `layer_name`, `neuron_count`,
 * `neuron_type`, `neuron_offset`, `device_type`, `chip_id` and, where times are steps,
 * `timestep_us`; of the file `start_us` and `end_us`. Not kept is how spikes were cut into frames,
 * so a time that no frame covers reads as silent; nor steps that do not follow from the time.
 * Memory: a chunk of each population.
 */
export class SonataWriter implements RecordingWriter {
  readonly format = 'sonata';
  private readonly handle: FileHandle;
  private readonly end: Hdf5End;
  private readonly info: SonataInfo;
  private readonly populations = new Map<string, SonataPopulation>();
  private readonly names = new Set<string>();
  private startUs = Number.POSITIVE_INFINITY;
  private endUs = 0;
  private closing: Promise<void> | undefined;

  private constructor(handle: FileHandle, info: SonataInfo) {
    this.handle = handle;
    this.info = info;
    this.end = new Hdf5End(handle, SUPERBLOCK_BYTES);
    for (const layer of info.layers ?? []) this.population(layer);
  }

  static async create(
    path: string,
    info: SonataInfo = {},
    options: SonataOptions = {},
  ): Promise<SonataWriter> {
    const handle = await open(path, options.overwrite ? 'w' : 'wx');
    try {
      // Until it is closed, the file says that it has no end.
      await writeAt(handle, [superblock(0, END_UNKNOWN)], 0);
      return new SonataWriter(handle, info);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Takes the frame at once: its columns may be reused. Whoever waits keeps memory bounded. */
  async write(frame: Frame): Promise<void> {
    if (this.closing !== undefined) throw new Error('the recording is closed');
    if (frame.kind !== 'spikes') {
      throw new RecordingError(
        'unwritable',
        `a frame of ${frame.kind} at ${frame.t0Us} µs: a SONATA file of spikes holds nothing else. \
Write .spk, or only the spikes.`,
      );
    }
    if (frame.t0Us + frame.spanUs > TIME_US_MAX) {
      throw new RecordingError(
        'unwritable',
        `a frame at ${frame.t0Us} µs: SONATA keeps whole µs up to ${TIME_US_MAX}. Write .spk.`,
      );
    }
    this.cover(frame);
    const { layerName: name, neuronType, neuronCount, deviceType, chipId } = frame;
    this.population({ name, neuronType, neuronCount, deviceType, chipId }).write(frame);
    await this.end.settled();
  }

  close(): Promise<void> {
    this.closing ??= this.finish();
    return this.closing;
  }

  /** Spikes at exactly the end stand in a frame of 1 µs that begins there. */
  private cover({ t0Us, spanUs }: SpikesFrame): void {
    this.startUs = Math.min(this.startUs, t0Us);
    this.endUs = Math.max(this.endUs, t0Us === this.info.durationUs ? t0Us : t0Us + spanUs);
  }

  private population(layer: RecordedLayer): SonataPopulation {
    const key = JSON.stringify([layer.deviceType, layer.chipId, layer.name]);
    const known = this.populations.get(key);
    if (known !== undefined) return known;
    if (this.populations.size === POPULATIONS_MAX) {
      const text = `more than ${POPULATIONS_MAX} layers of chips`;
      throw new RecordingError('too_large', `${text} are no populations for a SONATA file.`);
    }
    const made = new SonataPopulation(this.end, this.freeName(layer), layer);
    this.populations.set(key, made);
    return made;
  }

  /** Name of a population: that of the layer, as far as HDF5 takes it and no other has it. */
  private freeName({ name, deviceType, chipId }: RecordedLayer): string {
    const plain = name.replaceAll('/', '_').replace(/^\.*$/, '_');
    let free = this.names.has(plain) ? `${plain}@${deviceType}-${chipId}` : plain;
    while (this.names.has(free)) free += '_';
    this.names.add(free);
    return free;
  }

  private async finish(): Promise<void> {
    try {
      const texts = new Hdf5Texts();
      for (const population of this.populations.values()) population.addTexts(texts);
      texts.address = this.end.put(texts.encode());
      const groups = new Map<string, number>();
      for (const population of this.populations.values()) {
        groups.set(population.name, population.finish(texts));
      }
      const spikes = this.end.put(groupObject(groups, []));
      const { startUs = this.startUs, durationUs = 0 } = this.info;
      const attributes = [
        smallAttribute('magic', MAGIC),
        smallAttribute('version', VERSION),
        integerAttribute('start_us', Number.isFinite(startUs) ? startUs : 0),
        integerAttribute('end_us', Math.max(durationUs, this.endUs)),
      ];
      const root = this.end.put(groupObject(new Map([['spikes', spikes]]), attributes));
      await this.end.settled();
      await writeAt(this.handle, [superblock(root, this.end.at)], 0);
      await this.handle.datasync();
    } finally {
      await this.handle.close();
    }
  }
}
