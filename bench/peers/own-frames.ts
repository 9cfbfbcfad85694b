import type { Frame } from '../../src/frames/frame.ts';
import type { MembraneFrame } from '../../src/frames/membrane.ts';
import type { PowerFrame } from '../../src/frames/power.ts';
import type { SpikesFrame } from '../../src/frames/spikes.ts';
import { frameStream } from '../parts/frame-stream.ts';
import {
  frameOf,
  headerOf,
  type SpikeStream,
  type StreamShape,
  spanOf,
  USUAL_SHAPE,
} from '../parts/spike-stream.ts';

/** Frames of one spike differ in who fired, as those of a chip do. */
const SMALL = 256;
const VARIANTS_OF_SMALL = 16;
const STEP_US = 1000;
/** Steps that a label tells apart. */
const STEPS = 64;

export interface SpikeFrames {
  readonly spikesPerFrame: number;
  readonly encoding: 'msgpack' | 'json';
  readonly dense?: boolean;
  /** In place of the usual 64 parts of 4,096 neurons. */
  readonly machine?: Machine;
  /** Each frame says its 64 steps, from 0 on. */
  readonly hasTimesteps?: boolean;
}

/** Parts of what size a machine has, and how busy they are. */
export interface Machine {
  readonly chips: number;
  /** Of each chip. */
  readonly layers: number;
  /** Of each layer. */
  readonly neurons: number;
  readonly rateHz?: number;
}

/** Spike frames of the usual 64 parts; dense ones have times at whole steps, as a chip's are. */
export function spikeFrames(wanted: SpikeFrames): SpikeStream {
  const { spikesPerFrame, encoding, dense, machine = USUAL_SHAPE, hasTimesteps = false } = wanted;
  const shape: StreamShape = { ...machine, spikesPerFrame, encoding };
  const spanUs = spanOf(shape);
  const parts = shape.chips * shape.layers;
  const variants = spikesPerFrame < SMALL ? VARIANTS_OF_SMALL : 1;
  const frames = Array.from({ length: parts * variants }, (_, i) => {
    const part = i % parts;
    const layer = part % shape.layers;
    // What is drawn by chance hangs on the layer's number.
    const other = layer + Math.floor(i / parts) * 1000;
    const frame = frameOf(shape, Math.floor(part / shape.layers), other, spanUs);
    const named = { ...frame, layerName: `encoder.layer.${layer}` };
    if (dense === true) return atSteps(named);
    return hasTimesteps ? { ...named, timestep0: 0, timestepUs: Math.ceil(spanUs / STEPS) } : named;
  });
  const options = { encoding, spanUs, samplesPerFrame: spikesPerFrame, parts };
  return frameStream(frames, dense === undefined ? options : { ...options, dense });
}

function atSteps(frame: SpikesFrame): SpikesFrame {
  const dtUs = frame.dtUs.map((us) => us - (us % STEP_US));
  return { ...frame, dtUs, timestepUs: STEP_US };
}

const POWER_SAMPLES = 1000;
const POWER_STEP_US = 1000;

/** Four chips that say their power a thousand times a second. */
export function powerFrames(): SpikeStream {
  const spanUs = POWER_SAMPLES * POWER_STEP_US;
  const frames: Frame[] = Array.from({ length: USUAL_SHAPE.chips }, (_, chip): PowerFrame => {
    const watts = Float32Array.from({ length: POWER_SAMPLES }, (_, i) => 1 + Math.sin(i / 9) / 4);
    return {
      kind: 'power',
      ...headerOf(chip, spanUs),
      dtUs: Uint32Array.from({ length: POWER_SAMPLES }, (_, i) => i * POWER_STEP_US),
      watts,
      joules: undefined,
      stepUs: undefined,
      rail: 'total',
      component: 'total',
      origin: 'measured',
    };
  });
  const parts = frames.length;
  return frameStream(frames, {
    encoding: 'msgpack',
    spanUs,
    samplesPerFrame: POWER_SAMPLES,
    parts,
  });
}

const MEMBRANE_NEURONS = 64;
const MEMBRANE_TIMES = 64;

/** Potentials of 64 neurons of each of the usual parts, 64 times a frame. */
export function membraneFrames(): SpikeStream {
  const { chips, layers } = USUAL_SHAPE;
  const spanUs = MEMBRANE_TIMES * STEP_US;
  const samples = MEMBRANE_NEURONS * MEMBRANE_TIMES;
  const frames: Frame[] = Array.from({ length: chips * layers }, (_, i): MembraneFrame => {
    const values = Float32Array.from({ length: samples }, (_, k) => -60 + 15 * Math.sin(k / 7 + i));
    return {
      kind: 'membrane',
      ...headerOf(Math.floor(i / layers), spanUs),
      layerName: `encoder.layer.${i % layers}`,
      neuronId: Uint32Array.from({ length: MEMBRANE_NEURONS }, (_, n) => n),
      dtUs: Uint32Array.from({ length: MEMBRANE_TIMES }, (_, t) => t * STEP_US),
      values,
      unit: 'mV',
      neuronOffset: 0,
    };
  });
  const parts = frames.length;
  return frameStream(frames, { encoding: 'msgpack', spanUs, samplesPerFrame: samples, parts });
}
