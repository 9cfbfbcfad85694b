import { describe, expect, test } from 'vitest';
import { FrameEncoder } from '../../src/frames/encode.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { SCENARIOS } from '../../src/simulation/scenario.ts';
import { Simulation } from '../../src/simulation/simulation.ts';
import type { ChipLabel, Label, LayerLabel } from '../../src/simulation/truth.ts';
import { type Outcome, ofKind, run, SECOND_US, spikesOf } from './run-simulation.ts';

// Long enough that onset and offset, in halves and tenths of it, fall on edges of frames.
const SECONDS = 5;
const steady = run('steady', { seconds: SECONDS });
const outcomes = new Map<string, Outcome>();

function outcomeOf(scenario: string): Outcome {
  const known = outcomes.get(scenario) ?? run(scenario, { seconds: SECONDS });
  outcomes.set(scenario, known);
  return known;
}

const isLayer = (label: Label): label is LayerLabel => 'cause' in label;
const isChip = (label: Label): label is ChipLabel => 'chip' in label;

/** Spikes of a layer while the fault lasts, over those of the steady run in the same time. */
function ratioOf(scenario: string, layer: string, fromS: number, toS: number): number {
  const { frames } = outcomeOf(scenario);
  return spikesOf(frames, layer, fromS, toS) / spikesOf(steady.frames, layer, fromS, toS);
}

function meanWatts(frames: readonly Frame[], chipId: string, fromS: number, toS: number): number {
  const watts = ofKind(frames, 'power')
    .filter(({ rail, component }) => rail === 'total' && component === 'total')
    .filter((frame) => frame.chipId === chipId && inside(frame, fromS, toS))
    .flatMap((frame) => [...frame.watts]);
  return watts.reduce((sum, each) => sum + each, 0) / watts.length;
}

/** Growth of a cumulative counter of a core of a Loihi 2 chip, in whole frames. */
function counted(
  frames: readonly Frame[],
  [chipId, counter, core]: readonly [string, string, number],
  [fromS, toS]: readonly [number, number],
): number {
  const at = (seconds: number) => {
    const frame = ofKind(frames, 'activity').find(
      (each) => each.chipId === chipId && each.t0Us + each.spanUs === seconds * SECOND_US,
    );
    return frame?.counters.get(counter)?.[core] as number;
  };
  return at(toS) - at(fromS);
}

/** Sum of a counter of the SpiNNaker chip. */
function summed(frames: readonly Frame[], counter: string, fromS: number, toS: number): number {
  return ofKind(frames, 'activity')
    .filter((frame) => frame.deviceType === 'spinnaker' && inside(frame, fromS, toS))
    .flatMap((frame) => [...(frame.counters.get(counter) ?? [])])
    .reduce((sum, each) => sum + each, 0);
}

function meanStepUs(frames: readonly Frame[], chipId: string, fromS: number, toS: number): number {
  const steps = ofKind(frames, 'activity')
    .filter((frame) => frame.chipId === chipId && inside(frame, fromS, toS))
    .map((frame) => frame.stepUs as number);
  return steps.reduce((sum, each) => sum + each, 0) / steps.length;
}

function inside(frame: Frame, fromS: number, toS: number): boolean {
  return frame.t0Us >= fromS * SECOND_US && frame.t0Us < toS * SECOND_US;
}

describe.each(SCENARIOS)('$name', ({ name, type, from, to }) => {
  const fromS = from * SECONDS;
  const toS = to * SECONDS;

  test('is steady before its onset, to the byte, and not after it', () => {
    const encoder = new FrameEncoder();
    const { frames } = outcomeOf(name);
    let different = 0;
    for (const [i, frame] of frames.entries()) {
      const same = encoder.encode({ ...frame, runId: undefined });
      const usual = encoder.encode({ ...(steady.frames[i] as Frame), runId: undefined });
      if (Buffer.compare(same, usual) === 0) continue;
      if (frame.t0Us + frame.spanUs <= fromS * SECOND_US) throw new Error(`${frame.kind} differs`);
      different++;
    }
    expect(frames.length).toBe(steady.frames.length);
    expect(different).toBeGreaterThan(5);
  });

  test('has labels of its type and time, with names that its frames have', () => {
    const { frames, truth } = outcomeOf(name);
    expect(truth.labels.length).toBeGreaterThan(0);
    for (const label of truth.labels) {
      expect(label.type).toBe(type);
      expect(label.type).toBe(name.replace('-', '_'));
      expect([label.t_start_ms, label.t_end_ms]).toEqual([fromS * 1000, toS * 1000]);
      const ofChip = ofKind(frames, 'spikes').filter(
        (frame) => frame.deviceType === label.device_type && frame.chipId === label.chip_id,
      );
      const names = new Set(ofChip.map((frame) => frame.layerName));
      expect(names.size).toBeGreaterThan(0);
      if (label.layer !== undefined) expect(names).toContain(label.layer);
    }
    expect(truth.labels.some((label) => !isLayer(label) || label.cause)).toBe(true);
  });

  test('tells rates that the frames show', () => {
    const { frames, truth } = outcomeOf(name);
    for (const label of truth.labels.filter(isLayer)) {
      const { neuronCount } = ofKind(frames, 'spikes').find(
        (frame) => frame.layerName === label.layer,
      ) ?? { neuronCount: Number.NaN };
      const duringHz = spikesOf(frames, label.layer, fromS, toS) / neuronCount / (toS - fromS);
      const beforeHz = spikesOf(frames, label.layer, 0.3, fromS) / neuronCount / (fromS - 0.3);
      expect(label.baseline_hz).toBeCloseTo(beforeHz, 9);
      // The first 20 ms, in which a change goes through the layers, are not in the label.
      expect(Math.abs(label.during_hz - duringHz)).toBeLessThan(0.05 * beforeHz + 0.05 * duringHz);
      expect(label.ratio).toBeCloseTo(label.during_hz / label.baseline_hz, 9);
    }
  });

  test('ends where the truth says so', () => {
    // What runs to the end has no after.
    const afterS = toS + 0.3;
    const seen = afterS < SECONDS ? spikesOf(outcomeOf(name).frames, 'mlp2', afterS, SECONDS) : 1;
    const usual = afterS < SECONDS ? spikesOf(steady.frames, 'mlp2', afterS, SECONDS) : 1;
    expect(seen / usual).toBeGreaterThan(0.8);
    expect(seen / usual).toBeLessThan(1.25);
  });
});

test('steady has no labels', () => {
  expect(steady.truth).toEqual({ labels: [] });
});

test('rate-step: the layer, and all behind it, fire about twice as often or more', () => {
  expect(ratioOf('rate-step', 'embed', 2.5, 3.5)).toBeGreaterThan(1.6);
  expect(ratioOf('rate-step', 'embed', 2.5, 3.5)).toBeLessThan(3);
  expect(ratioOf('rate-step', 'readout', 2.6, 3.5)).toBeGreaterThan(1.6);
  expect(meanWatts(outcomeOf('rate-step').frames, '0', 2.5, 3.5)).toBeGreaterThan(
    1.05 * meanWatts(steady.frames, '0', 2.5, 3.5),
  );
});

test('dead-layer: the layer is silent, what is behind it nearly, what is before it as ever', () => {
  expect(ratioOf('dead-layer', 'attention', 3.1, 5)).toBe(0);
  expect(ratioOf('dead-layer', 'mlp1', 3.1, 5)).toBeLessThan(0.2);
  expect(ratioOf('dead-layer', 'readout', 3.1, 5)).toBeLessThan(0.2);
  expect(ratioOf('dead-layer', 'embed', 3, 5)).toBe(1);
  const frames = ofKind(outcomeOf('dead-layer').frames, 'spikes');
  const silent = frames.filter((frame) => frame.layerName === 'attention' && inside(frame, 3.1, 5));
  expect(silent.map((frame) => frame.neuronId.length)).toEqual(new Array(19).fill(0));
});

test('power-drift: power climbs on one chip only, and no spike moves', () => {
  const { frames, truth } = outcomeOf('power-drift');
  for (const layer of ['embed', 'attention', 'mlp1', 'mlp2', 'readout']) {
    expect(ratioOf('power-drift', layer, 0, 5)).toBe(1);
  }
  const staticW = 0.23;
  const ratio = (chip: string, fromS: number, toS: number) =>
    (meanWatts(frames, chip, fromS, toS) - staticW) /
    (meanWatts(steady.frames, chip, fromS, toS) - staticW);
  expect(ratio('0', 4.5, 5)).toBeGreaterThan(1.4);
  expect(ratio('0', 4.5, 5)).toBeLessThan(1.7);
  expect(ratio('0', 2, 2.5)).toBeLessThan(1.2);
  expect(ratio('1', 4.5, 5)).toBe(1);
  const [label] = truth.labels.filter(isChip);
  expect(label).toMatchObject({ chip: 0, chip_id: '0', energy_factor_end: 1.6 });
  const { inside: during, outside } = label?.observed['power_w_mean'] ?? { inside: 0, outside: 0 };
  expect(during).toBeCloseTo(meanWatts(frames, '0', 2, 5), 2);
  expect(outside).toBeCloseTo(meanWatts(frames, '0', 0, 2), 2);
});

test('stuck-core: axon_out explodes and the step grows, while utilization hardly moves', () => {
  const { frames, truth } = outcomeOf('stuck-core');
  const [label] = truth.labels.filter(isChip);
  expect(label).toMatchObject({ layer: 'mlp2', chip: 1, core_idx: 6 });
  const during = [2.5, 3.5] as const;
  const ratio = (core: number) =>
    counted(frames, ['1', 'axon_out', core], during) /
    counted(steady.frames, ['1', 'axon_out', core], during);
  expect(ratio(6)).toBeGreaterThan(20);
  for (const core of [0, 1, 2, 3, 4, 5, 7]) expect(ratio(core)).toBeLessThan(1.1);
  expect(meanStepUs(frames, '1', 2.5, 3.5)).toBeGreaterThan(
    1.5 * meanStepUs(steady.frames, '1', 2.5, 3.5),
  );
  const utilization = (of: readonly Frame[]) =>
    ofKind(of, 'cores').find((frame) => frame.chipId === '1' && inside(frame, 3, 3.1))
      ?.utilizationPercent[6] as number;
  expect(utilization(frames) / utilization(steady.frames)).toBeGreaterThan(0.8);
  expect(utilization(frames) / utilization(steady.frames)).toBeLessThan(1.2);
  const cores = ofKind(frames, 'cores').find((frame) => frame.chipId === '1');
  expect(cores?.layerNames?.[6]).toBe('mlp2');
  const axons = label?.observed['axon_out_per_window_mean'];
  expect(axons?.inside).toBe(counted(frames, ['1', 'axon_out', 6], during) / 10);
});

test('link-drop: the layer behind the link loses most of its spikes, the one before none', () => {
  expect(ratioOf('link-drop', 'attention', 0, 5)).toBe(1);
  expect(ratioOf('link-drop', 'mlp1', 2.6, 3.5)).toBeLessThan(0.6);
  expect(ratioOf('link-drop', 'readout', 2.6, 3.5)).toBeLessThan(0.6);
  // Spikes that arrive on the cores of mlp1, of which a part is their own input.
  const { frames } = outcomeOf('link-drop');
  const arrived = (of: readonly Frame[]) => counted(of, ['1', 'spikes_in', 0], [2.5, 3.5]);
  const input = 128 * 60;
  const kept = (arrived(frames) - input) / (arrived(steady.frames) - input);
  expect(kept).toBeGreaterThan(0.25);
  expect(kept).toBeLessThan(0.35);
});

test('burst: the layer fires three or more spikes a neuron in 20 ms, four times a second', () => {
  expect(ratioOf('burst', 'attention', 2.5, 3.5)).toBeGreaterThan(1.3);
  const spikes = ofKind(outcomeOf('burst').frames, 'spikes').filter(
    (frame) => frame.layerName === 'attention' && inside(frame, 2.5, 3.5),
  );
  for (const k of [0, 1, 2, 3]) {
    const fromUs = 2_500_000 + k * 250_000;
    const counts = new Uint32Array(768);
    for (const frame of spikes) {
      for (const [i, dt] of frame.dtUs.entries()) {
        const sinceUs = frame.t0Us + dt - fromUs;
        const id = frame.neuronId[i] as number;
        if (sinceUs >= 0 && sinceUs < 20_000) counts[id] = (counts[id] as number) + 1;
      }
    }
    expect(counts.filter((count) => count >= 3).length).toBeGreaterThan(0.95 * 768);
  }
});

test('overdrive: all layers saturate; SpiNNaker overruns its timer, drops, and says so', () => {
  for (const layer of ['embed', 'attention', 'mlp1', 'mlp2', 'readout']) {
    expect(ratioOf('overdrive', layer, 2.6, 3.5)).toBeGreaterThan(4);
  }
  const { frames } = outcomeOf('overdrive');
  for (const counter of ['timer_overruns', 'late_spikes', 'dropped_packets']) {
    expect(summed(frames, counter, 0, 2.5)).toBe(0);
    expect(summed(frames, counter, 2.5, 3.5)).toBeGreaterThan(100);
    expect(summed(steady.frames, counter, 0, 5)).toBe(0);
  }
  const health = ofKind(frames, 'health').filter((frame) => frame.deviceType === 'spinnaker');
  expect(health.map(({ status }) => status)).toEqual(['ok', 'ok', 'degraded']);
});

test('a run that ends early tells only what was seen', () => {
  const early = (seconds: number) => {
    const options = { scenario: 'rate-step', seed: 1, startUs: 0, durationUs: 5 * SECOND_US };
    const simulation = new Simulation(options);
    for (const frame of simulation.frames(100_000)) {
      if (frame.t0Us + frame.spanUs >= seconds * SECOND_US) break;
    }
    return simulation.truth().labels;
  };
  expect(early(2)).toEqual([]);
  expect(early(3)[0]).toMatchObject({ layer: 'embed', t_start_ms: 2500, t_end_ms: 3000 });
  expect(early(4)[0]).toMatchObject({ layer: 'embed', t_start_ms: 2500, t_end_ms: 3500 });
});
