import { map, type OperatorFunction } from 'rxjs';
import { type SpikesFrame, spikeCount } from '../frames/spikes.ts';

/** Timesteps with a series of their own; the rest are `other`. */
export const TIMESTEPS_NAMED = 64;

/** How many spikes of one frame fell into which timestep. Each spike is counted when it arrives. */
export interface SpikeTally {
  readonly layerName: string;
  readonly tallies: readonly { readonly timestep: string; readonly spikes: number }[];
}

/**
 * Counts a frame's spikes by timestep: its number below 64, else `other`; `none` where the frame
 * gives no step. A frame without spikes tallies 0, so that its layer is there from its first frame.
 */
export function tallySpikes(): OperatorFunction<SpikesFrame, SpikeTally> {
  return map((frame) => ({ layerName: frame.layerName, tallies: tally(frame) }));
}

function tally(frame: SpikesFrame): SpikeTally['tallies'] {
  const { timestep0, timestepUs } = frame;
  const spikes = spikeCount(frame);
  if (timestep0 === undefined) return [{ timestep: 'none', spikes }];
  if (timestep0 >= TIMESTEPS_NAMED) return [{ timestep: 'other', spikes }];
  if (timestepUs === undefined) return [{ timestep: String(timestep0), spikes }];
  return tallyByStep(frame, timestep0, timestepUs);
}

function tallyByStep(
  frame: SpikesFrame,
  timestep0: number,
  timestepUs: number,
): SpikeTally['tallies'] {
  const counts = new Uint32Array(TIMESTEPS_NAMED + 1);
  const stepEnds = frame.dense?.stepEnds;
  if (stepEnds === undefined) countSteps(frame, timestep0, timestepUs, counts);
  else addSteps(stepEnds, timestep0, counts);
  const tallies: { timestep: string; spikes: number }[] = [];
  for (let step = 0; step <= TIMESTEPS_NAMED; step++) {
    const spikes = counts[step] as number;
    const timestep = step < TIMESTEPS_NAMED ? String(step) : 'other';
    if (spikes > 0) tallies.push({ timestep, spikes });
  }
  return tallies.length > 0 ? tallies : [{ timestep: String(timestep0), spikes: 0 }];
}

function countSteps(
  frame: SpikesFrame,
  timestep0: number,
  timestepUs: number,
  counts: Uint32Array,
): void {
  const dts = frame.dense?.dts ?? frame.dtUs;
  for (let i = 0; i < dts.length; i++) {
    const step = timestep0 + Math.floor((dts[i] as number) / timestepUs);
    const slot = step < TIMESTEPS_NAMED ? step : TIMESTEPS_NAMED;
    counts[slot] = (counts[slot] as number) + 1;
  }
}

/** Of spikes that came grouped by step: none of them is looked at. */
function addSteps(stepEnds: Uint32Array, timestep0: number, counts: Uint32Array): void {
  const named = Math.min(stepEnds.length, TIMESTEPS_NAMED - timestep0);
  let from = 0;
  for (let step = 0; step < named; step++) {
    const to = stepEnds[step] as number;
    counts[timestep0 + step] = to - from;
    from = to;
  }
  counts[TIMESTEPS_NAMED] = (stepEnds.at(-1) ?? 0) - from;
}
