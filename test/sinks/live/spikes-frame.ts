import type { SpikesFrame } from '../../../src/frames/spikes.ts';

/** A frame of spikes at times after its start, µs. */
export function spikesFrame(
  t0Us: number,
  spikes: readonly (readonly [id: number, dtUs: number])[],
  more: Partial<SpikesFrame> = {},
): SpikesFrame {
  return {
    ...{ kind: 'spikes', deviceType: 'loihi2', chipId: '0', t0Us, spanUs: 100_000 },
    ...{ seq: undefined, runId: undefined, emitter: 'e', arrivedUs: 0, restarts: 0 },
    ...{ layerName: 'l', neuronType: 'lif', neuronCount: 4, neuronOffset: 0 },
    ...{ timestep0: undefined, timestepUs: undefined },
    neuronId: Uint32Array.from(spikes, ([id]) => id),
    dtUs: Uint32Array.from(spikes, ([, dtUs]) => dtUs),
    ...more,
  };
}
