import type { ActivityFrame } from '../../src/frames/activity.ts';
import type { CoresFrame } from '../../src/frames/cores.ts';
import type { Frame } from '../../src/frames/frame.ts';
import type { Recording } from '../../src/recordings/recording.ts';

/** One spike as a test compares it. */
export type Spike = readonly [layer: string, timeUs: number, neuron: number];

export interface Collected {
  readonly spikes: Spike[];
  /** Layer to [timeUs, neuron, value]. */
  readonly membrane: Map<string, [number, number, number][]>;
  readonly units: Set<string>;
  readonly power: { timeUs: number; watts: number; joules: number; stepUs: number }[];
  readonly cores: CoresFrame[];
  readonly activity: ActivityFrame[];
  frames: number;
}

/**
 * Plays a recording and checks what holds for every one: frames in order of t0, samples within
 * their frame, each layer covered from start to end without a gap, sizes within the wire's limits.
 */
export async function collect(recording: Recording, frameSpanUs: number): Promise<Collected> {
  const all: Collected = {
    spikes: [],
    membrane: new Map(),
    units: new Set(),
    power: [],
    cores: [],
    activity: [],
    frames: 0,
  };
  const { info } = recording;
  const covered = new Map(info.layers.map((layer) => [layer.name, info.startUs]));
  let hasSpikes = false;
  let lastT0 = Number.NEGATIVE_INFINITY;
  for await (const frame of recording.frames(frameSpanUs)) {
    requireShape(frame, lastT0, info.durationUs);
    lastT0 = frame.t0Us;
    all.frames++;
    if (frame.kind === 'spikes') {
      hasSpikes = true;
      const until = covered.get(frame.layerName) ?? Number.NaN;
      if (!(frame.t0Us <= until)) throw new Error(`${frame.layerName}: gap at ${until} µs`);
      covered.set(frame.layerName, Math.max(until, frame.t0Us + frame.spanUs));
    }
    add(all, frame);
  }
  for (const [layer, until] of covered) {
    if (hasSpikes && until < info.durationUs) throw new Error(`${layer}: ends at ${until} µs`);
  }
  return all;
}

function requireShape(frame: Frame, lastT0: number, endUs: number): void {
  if (frame.t0Us < lastT0) throw new Error(`${frame.kind}: t0 ${frame.t0Us} after ${lastT0}`);
  const limit = frame.t0Us === endUs ? endUs + 1 : endUs;
  if (frame.t0Us + frame.spanUs > limit) throw new Error(`${frame.kind} ends after the recording`);
  if (frame.kind !== 'spikes' && frame.kind !== 'membrane' && frame.kind !== 'power') return;
  for (const dt of frame.dtUs) {
    if (dt >= frame.spanUs) throw new Error(`${frame.kind}: dt ${dt} outside the span`);
  }
}

function add(all: Collected, frame: Frame): void {
  switch (frame.kind) {
    case 'spikes':
      for (const [i, dt] of frame.dtUs.entries()) {
        all.spikes.push([frame.layerName, frame.t0Us + dt, frame.neuronId[i] as number]);
      }
      break;
    case 'membrane': {
      all.units.add(frame.unit);
      const samples = all.membrane.get(frame.layerName) ?? [];
      all.membrane.set(frame.layerName, samples);
      const neurons = frame.neuronId.length;
      for (const [i, value] of frame.values.entries()) {
        const timeUs = frame.t0Us + (frame.dtUs[Math.floor(i / neurons)] as number);
        samples.push([timeUs, frame.neuronId[i % neurons] as number, value]);
      }
      break;
    }
    case 'power':
      for (const [i, dt] of frame.dtUs.entries()) {
        all.power.push({
          timeUs: frame.t0Us + dt,
          watts: frame.watts[i] as number,
          joules: frame.joules?.[i] ?? Number.NaN,
          stepUs: frame.stepUs?.[i] ?? Number.NaN,
        });
      }
      break;
    case 'cores':
      all.cores.push({ ...frame, coreId: frame.coreId.slice() });
      break;
    case 'activity':
      all.activity.push({ ...frame, coreId: frame.coreId.slice() });
      break;
  }
}

/** Spikes of a layer in [k·window, (k+1)·window), for the first `count` windows. */
export function windowCounts(
  spikes: readonly Spike[],
  layer: string,
  windowUs: number,
  count: number,
): number[] {
  const counts = Array.from({ length: count }, () => 0);
  for (const [name, timeUs] of spikes) {
    const window = Math.floor(timeUs / windowUs);
    if (name === layer && window < count) counts[window] = (counts[window] as number) + 1;
  }
  return counts;
}
