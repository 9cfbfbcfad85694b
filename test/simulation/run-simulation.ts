import type { Frame, FrameOfKind } from '../../src/frames/frame.ts';
import type { FrameKind } from '../../src/frames/header.ts';
import { Simulation } from '../../src/simulation/simulation.ts';
import type { Truth } from '../../src/simulation/truth.ts';

export const SECOND_US = 1_000_000;
export const SPAN_US = 100_000;

export interface Outcome {
  readonly frames: readonly Frame[];
  readonly truth: Truth;
}

/** Runs a scenario to its end and keeps all that came. */
export function run(
  scenario: string,
  {
    seed = 1,
    seconds = 5,
    startUs = 0,
    spanUs = SPAN_US,
  }: { seed?: number; seconds?: number; startUs?: number; spanUs?: number } = {},
): Outcome {
  const durationUs = seconds * SECOND_US;
  const simulation = new Simulation({ scenario, seed, startUs, durationUs });
  return { frames: [...simulation.frames(spanUs)], truth: simulation.truth() };
}

export function ofKind<Kind extends FrameKind>(
  frames: readonly Frame[],
  kind: Kind,
): FrameOfKind[Kind][] {
  return frames.filter((frame) => frame.kind === kind) as FrameOfKind[Kind][];
}

/** Spikes of a layer in [fromS, toS), which are multiples of the frames' span. */
export function spikesOf(
  frames: readonly Frame[],
  layer: string,
  fromS: number,
  toS: number,
): number {
  let spikes = 0;
  for (const frame of ofKind(frames, 'spikes')) {
    const inside = frame.t0Us >= fromS * SECOND_US && frame.t0Us < toS * SECOND_US;
    if (frame.layerName === layer && inside) spikes += frame.neuronId.length;
  }
  return spikes;
}
