import { Analyzer } from '../../src/analysis/analyzer.ts';
import type { Subject } from '../../src/analysis/compare/comparison.ts';
import { recordingSubject } from '../../src/analysis/compare/recording-subject.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { Simulation } from '../../src/simulation/simulation.ts';

const SPAN_US = 100_000;

/**
 * A run of the steady network with a seed of its own, which draws its weights as well as its input.
 * With a ratio it runs for as much longer and its time is shrunk to the same length, so that every
 * rate is as many times what it was, and every interval as much shorter. What it does before
 * `fromSeconds` is left out.
 */
export function seededSubject(seed: number, seconds: number, ratio = 1, fromSeconds = 0): Subject {
  const durationUs = seconds * 1_000_000;
  const fromUs = fromSeconds * 1_000_000;
  const runUs = fromUs + Math.round(durationUs * ratio);
  const simulation = new Simulation({ scenario: 'steady', seed, startUs: 0, durationUs: runUs });
  const { layers } = simulation;
  const info = { name: `seed ${seed}`, format: 'simulation', startUs: 0, durationUs, layers };
  const analyzer = new Analyzer(info, { windowUs: 1_000_000, listsWindows: false });
  for (const frame of simulation.frames(SPAN_US)) {
    if (frame.kind !== 'spikes' || frame.t0Us < fromUs) continue;
    const shifted = { ...frame, t0Us: frame.t0Us - fromUs };
    analyzer.next(ratio === 1 ? shifted : shrunk(shifted, ratio));
  }
  const notes = { samplesOutside: 0, samplesInvalid: 0, truncated: false, remarks: [] };
  return recordingSubject(analyzer.finish(notes).analysis, analyzer, []);
}

function shrunk(frame: Frame & { readonly kind: 'spikes' }, ratio: number): Frame {
  return {
    ...frame,
    t0Us: Math.floor(frame.t0Us / ratio),
    spanUs: Math.ceil(frame.spanUs / ratio),
    dtUs: frame.dtUs.map((dtUs) => Math.floor(dtUs / ratio)),
  };
}
