import { UNORDERED } from '../kernels/column-kernels.ts';
import { type ColumnReader, requireLength } from './columns.ts';
import {
  type DenseColumns,
  DenseSpikesFrame,
  denseFields,
  isDense,
  readDense,
} from './dense-spikes.ts';
import {
  type Fields,
  integerField,
  nameField,
  optionalIntegerField,
  optionalNameField,
} from './fields.ts';
import { FrameError } from './frame-error.ts';
import type { FrameHeader } from './header.ts';
import type { FrameLimits } from './limits.ts';
import { placeOf } from './places.ts';

/** What a frame of spikes says beside its header and its columns. */
export interface SpikesNames {
  readonly layerName: string;
  readonly neuronType: string;
  /** Neurons of this layer on this chip; ids run from 0 to neuronCount - 1. */
  readonly neuronCount: number;
  /** Step at which the frame starts; undefined where the emitter knows no steps. */
  readonly timestep0: number | undefined;
  /** Length of a step; undefined where the whole frame is one step. */
  readonly timestepUs: number | undefined;
  /** Added to ids in labels and on pages, where a layer is spread over chips. */
  readonly neuronOffset: number;
  /** See src/frames/places.ts; undefined where nobody has asked for it. */
  readonly place?: number | undefined;
}

/** Spikes of one layer on one chip (a *part*) in the span. No spikes is information too. */
export interface SpikesFrame extends FrameHeader, SpikesNames {
  readonly kind: 'spikes';
  /** [n] one id a spike. */
  readonly neuronId: Uint32Array;
  /** [n] µs after t0, in any order, below spanUs. */
  readonly dtUs: Uint32Array;
  /** The columns as they came, where they came denser; the two above are then made when asked. */
  readonly dense?: DenseColumns | undefined;
  /**
   * So many frames of one length that came one after the other, without a gap; undefined for one.
   * `seq` is the highest of theirs.
   */
  readonly framesJoined?: number | undefined;
}

export const NEURON_TYPE_DEFAULT = 'lif';

export function readSpikes(
  fields: Fields,
  header: FrameHeader,
  columns: ColumnReader,
  limits: FrameLimits,
): SpikesFrame {
  const neuronCount = integerField(fields, 'neuron_count', 1, limits.neuronCountMax);
  if (isDense(fields, columns)) {
    const names = readNames(fields, header, columns, neuronCount, limits);
    const dense = readDense(fields, columns, neuronCount, header.spanUs, names.timestepUs);
    return new DenseSpikesFrame(header, names, dense, columns.scratch);
  }
  const neuronId = columns.ids(fields, 'neuron_id');
  const idMax = columns.largest;
  const dtUs = columns.times(fields, 'dt');
  const isOrdered = columns.largest < UNORDERED;
  const dtMax = isOrdered ? columns.largest : columns.largest - UNORDERED;
  requireLength('dt', dtUs.length, neuronId.length);
  if (neuronId.length > 0 && (idMax >= neuronCount || dtMax >= header.spanUs)) {
    throw outside(neuronId, dtUs, neuronCount, header.spanUs);
  }
  noteOrder(dtUs, isOrdered);
  const names = readNames(fields, header, columns, neuronCount, limits);
  const { layerName, neuronType, timestep0, timestepUs, neuronOffset, place } = names;
  return {
    kind: 'spikes',
    ...header,
    layerName,
    neuronType,
    neuronCount,
    neuronId,
    dtUs,
    timestep0,
    timestepUs,
    neuronOffset,
    place,
    framesJoined: undefined,
  };
}

function readNames(
  fields: Fields,
  { deviceType, chipId }: FrameHeader,
  { hasPlaces }: ColumnReader,
  neuronCount: number,
  limits: FrameLimits,
): SpikesNames {
  const layerName = nameField(fields, 'layer_name', limits);
  return {
    layerName,
    neuronType: optionalNameField(fields, 'neuron_type', limits) ?? NEURON_TYPE_DEFAULT,
    neuronCount,
    timestep0: optionalIntegerField(fields, 'timestep0', 0, Number.MAX_SAFE_INTEGER),
    timestepUs: optionalIntegerField(fields, 'timestep_us', 1, Number.MAX_SAFE_INTEGER),
    neuronOffset: optionalIntegerField(fields, 'neuron_offset', 0, Number.MAX_SAFE_INTEGER) ?? 0,
    place: hasPlaces ? placeOf(deviceType, chipId, layerName) : undefined,
  };
}

const NO_COLUMN = new Uint32Array(0);

/**
 * Another frame that says the same of itself but for these, as it was just read: nothing that a
 * reception adds is taken over. Written out, as a spread costs several times as much a frame.
 */
export function spikesLike(
  like: SpikesFrame,
  t0Us: number,
  spanUs: number,
  seq: number | undefined,
  timestep0: number | undefined,
  neuronId: Uint32Array,
  dtUs: Uint32Array,
  framesJoined?: number,
): SpikesFrame {
  return {
    kind: 'spikes',
    deviceType: like.deviceType,
    chipId: like.chipId,
    t0Us,
    spanUs,
    seq,
    runId: like.runId,
    emitter: like.emitter,
    arrivedUs: Number.NaN,
    trace: undefined,
    restarts: 0,
    layerName: like.layerName,
    neuronType: like.neuronType,
    neuronCount: like.neuronCount,
    neuronId,
    dtUs,
    timestep0,
    timestepUs: like.timestepUs,
    neuronOffset: like.neuronOffset,
    place: like.place,
    framesJoined,
  };
}

/** A frame to make others like, which keeps no column alive. */
export function withoutColumns(frame: SpikesFrame): SpikesFrame {
  const { t0Us, spanUs, seq, timestep0 } = frame;
  return spikesLike(frame, t0Us, spanUs, seq, timestep0, NO_COLUMN, NO_COLUMN);
}

/** How many spikes a frame has; its columns stay as they came. */
export function spikeCount(frame: SpikesFrame): number {
  return (frame.dense?.ids ?? frame.neuronId).length;
}

/**
 * The times of the frame that was read last, where they never go back; beside the frames, as it is
 * nothing that a frame says. Columns are valid until the next frame is read, and so is this.
 */
let orderedTimes: Uint32Array | undefined;

/** Notes whether times never go back, of a column that may have been another's before. */
export function noteOrder(dtUs: Uint32Array, isOrdered: boolean): Uint32Array {
  orderedTimes = isOrdered ? dtUs : undefined;
  return dtUs;
}

/** Whether the times of a frame are known never to go back; false where nobody has looked. */
export function areOrdered(frame: SpikesFrame): boolean {
  return frame.dense?.isOrdered ?? frame.dtUs === orderedTimes;
}

/** What is wrong with a frame of which a maximum is too large. */
function outside(
  neuronId: Uint32Array,
  dtUs: Uint32Array,
  neuronCount: number,
  spanUs: number,
): FrameError {
  for (let i = 0; i < neuronId.length; i++) {
    const id = neuronId[i] as number;
    if (id >= neuronCount) {
      const detail = `value ${i}: ${id} is not below neuron_count ${neuronCount}`;
      return new FrameError('neuron_outside_population', 'neuron_id', detail);
    }
    const dt = dtUs[i] as number;
    if (dt >= spanUs) {
      return new FrameError('dt_outside_span', 'dt', `value ${i}: ${dt} is not below ${spanUs}`);
    }
  }
  throw new Error('a maximum of a column is none of its values');
}

/** As wire fields, with the columns of `dense` where there are any. */
export function spikesFields(
  frame: SpikesFrame,
  fields: Fields,
  dense: DenseColumns | undefined,
): Fields {
  fields['layer_name'] = frame.layerName;
  fields['neuron_type'] = frame.neuronType;
  fields['neuron_count'] = frame.neuronCount;
  if (frame.timestep0 !== undefined) fields['timestep0'] = frame.timestep0;
  if (frame.timestepUs !== undefined) fields['timestep_us'] = frame.timestepUs;
  if (frame.neuronOffset !== 0) fields['neuron_offset'] = frame.neuronOffset;
  if (dense !== undefined) return denseFields(dense, fields);
  fields['neuron_id'] = frame.neuronId;
  fields['dt'] = frame.dtUs;
  return fields;
}
