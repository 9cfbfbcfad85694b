import type { MembraneFrame } from '../../src/frames/membrane.ts';
import type { PowerFrame } from '../../src/frames/power.ts';
import type { SpikesFrame } from '../../src/frames/spikes.ts';
import type { RecordingInfo, RecordingNotes } from '../../src/recordings/recording.ts';

const HEADER = {
  deviceType: 'loihi2',
  chipId: '0',
  spanUs: 100_000,
  seq: undefined,
  runId: undefined,
  emitter: undefined,
  arrivedUs: Number.NaN,
  restarts: 0,
};

/** A frame of layer `a` with 4 neurons, of [neuron, µs after t0] pairs. */
export function spikesFrame(
  t0Us: number,
  spikes: readonly (readonly [number, number])[],
  fields: Partial<SpikesFrame> = {},
): SpikesFrame {
  return {
    kind: 'spikes',
    ...HEADER,
    t0Us,
    layerName: 'a',
    neuronType: 'lif',
    neuronCount: 4,
    neuronId: Uint32Array.from(spikes, ([neuron]) => neuron),
    dtUs: Uint32Array.from(spikes, ([, dt]) => dt),
    timestep0: undefined,
    timestepUs: undefined,
    neuronOffset: 0,
    ...fields,
  };
}

/** Potentials of neuron 0 of layer `a`, 1 ms apart. */
export function membraneFrame(
  t0Us: number,
  values: readonly number[],
  fields: Partial<MembraneFrame> = {},
): MembraneFrame {
  return {
    kind: 'membrane',
    ...HEADER,
    t0Us,
    layerName: 'a',
    neuronId: Uint32Array.of(0),
    dtUs: Uint32Array.from(values, (_, i) => i * 1000),
    values: Float32Array.from(values),
    unit: 'mV',
    neuronOffset: 0,
    ...fields,
  };
}

/** Power of the chip, 10 ms apart. */
export function powerFrame(
  t0Us: number,
  watts: readonly number[],
  fields: Partial<PowerFrame> = {},
): PowerFrame {
  return {
    kind: 'power',
    ...HEADER,
    t0Us,
    dtUs: Uint32Array.from(watts, (_, i) => i * 10_000),
    watts: Float32Array.from(watts),
    joules: undefined,
    stepUs: undefined,
    rail: 'total',
    component: 'total',
    origin: 'measured',
    ...fields,
  };
}

export function infoOf(fields: Partial<RecordingInfo> = {}): RecordingInfo {
  return { name: 'r', format: 'spk', startUs: 0, durationUs: 400_000, layers: [], ...fields };
}

export const NO_NOTES: RecordingNotes = {
  samplesOutside: 0,
  samplesInvalid: 0,
  truncated: false,
  remarks: [],
};
