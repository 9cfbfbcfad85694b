import { expect, test } from 'vitest';
import { FrameDecoder } from '../../src/frames/decode.ts';
import { type Encoding, FrameEncoder } from '../../src/frames/encode.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { SCENARIO_NAMES } from '../../src/simulation/scenario.ts';
import { Simulation } from '../../src/simulation/simulation.ts';
import { ofKind, run, SECOND_US, SPAN_US, spikesOf } from './run-simulation.ts';

const encoder = new FrameEncoder();
const bytesOf = (frames: readonly Frame[]) => Buffer.concat(frames.map((f) => encoder.encode(f)));

test('the same seed gives the same bytes, another seed others', () => {
  const once = bytesOf(run('steady', { seed: 7, seconds: 2 }).frames);
  expect(bytesOf(run('steady', { seed: 7, seconds: 2 }).frames).equals(once)).toBe(true);
  const other = run('steady', { seed: 8, seconds: 2 });
  expect(bytesOf(other.frames).equals(once)).toBe(false);
  const firstSpikes = (frames: readonly Frame[]) => ofKind(frames, 'spikes')[0]?.neuronId;
  const usual = run('steady', { seed: 7, seconds: 2 });
  expect(firstSpikes(other.frames)).not.toEqual(firstSpikes(usual.frames));
});

test('frames asked for slowly, between those of another run, are the same', () => {
  const options = { scenario: 'burst', seed: 3, startUs: 0, durationUs: SECOND_US };
  const whole = [...new Simulation(options).frames(SPAN_US)];
  const slow = new Simulation(options).frames(SPAN_US);
  const between = new Simulation({ ...options, scenario: 'overdrive', seed: 4 }).frames(SPAN_US);
  const taken: Frame[] = [];
  for (let next = slow.next(); !next.done; next = slow.next()) {
    taken.push(next.value);
    between.next();
  }
  expect(bytesOf(taken).equals(bytesOf(whole))).toBe(true);
});

/** Everything that does not depend on where frames are cut: samples with their own times. */
function samplesOf(frames: readonly Frame[]): unknown[] {
  const spikes = ofKind(frames, 'spikes').flatMap((frame) =>
    Array.from(frame.dtUs, (dt, i) => [frame.layerName, frame.t0Us + dt, frame.neuronId[i]]),
  );
  const membrane = ofKind(frames, 'membrane').flatMap((frame) =>
    Array.from(frame.dtUs, (dt, i) => {
      const values = frame.values.subarray(i * frame.neuronId.length).slice(0, 8);
      return [frame.layerName, frame.t0Us + dt, ...values];
    }),
  );
  const power = ofKind(frames, 'power').flatMap((frame) =>
    Array.from(frame.dtUs, (dt, i) => {
      const place = `${frame.chipId} ${frame.rail} ${frame.component}`;
      return [place, frame.t0Us + dt, frame.watts[i]];
    }),
  );
  const health = ofKind(frames, 'health').map((frame) => [frame.t0Us, frame.temperatureC]);
  const byTime = (samples: unknown[][]) =>
    samples.map((sample) => sample.map(String).join(' ')).sort();
  return [byTime(spikes), byTime(membrane), byTime(power), byTime(health)];
}

function countersOf(frames: readonly Frame[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { chipId, counters, cumulative } of ofKind(frames, 'activity')) {
    for (const [name, column] of counters) {
      const key = `${chipId} ${name}`;
      const sum = column.reduce((all, each) => all + each, 0);
      sums[key] = cumulative ? sum : (sums[key] ?? 0) + sum;
    }
  }
  for (const { chipId, updates } of ofKind(frames, 'synapses')) {
    for (const update of updates) sums[chipId] = (sums[chipId] ?? 0) + update.count;
  }
  return sums;
}

test.each([7000, 250_000, 5_000_000])('cut every %i µs, the samples are the same', (spanUs) => {
  const usual = run('rate-step', { seconds: 2.5 }).frames;
  const cut = run('rate-step', { seconds: 2.5, spanUs }).frames;
  expect(samplesOf(cut)).toEqual(samplesOf(usual));
  expect(countersOf(cut)).toEqual(countersOf(usual));
});

test('a start moves every frame, and nothing else', () => {
  const startUs = 1_790_000_000_123_000;
  const moved = run('link-drop', { seconds: 1, startUs });
  const back = moved.frames.map((frame) => ({ ...frame, t0Us: frame.t0Us - startUs }));
  const usual = run('link-drop', { seconds: 1 });
  expect(bytesOf(back).equals(bytesOf(usual.frames))).toBe(true);
  expect(moved.truth.labels[0]?.t_start_ms).toBe(startUs / 1000 + 500);
  expect(usual.truth.labels[0]?.t_start_ms).toBe(500);
});

test.each<Encoding>(['msgpack', 'json'])(
  'every frame of every scenario passes as %s',
  (encoding) => {
    const decoder = new FrameDecoder();
    for (const scenario of SCENARIO_NAMES) {
      for (const frame of run(scenario, { seconds: 1 }).frames) {
        const bytes = encoder.encode(frame, encoding);
        const again = encoder.encode(decoder.decode(bytes), encoding);
        expect(Buffer.compare(again, bytes)).toBe(0);
      }
    }
  },
);

test('frames come in the order of their t0 and cover every layer without a gap', () => {
  const { frames } = run('steady', { seconds: 2.35 });
  const endUs = 2.35 * SECOND_US;
  const covered = new Map<string, number>();
  let lastUs = 0;
  for (const frame of frames) {
    expect(frame.t0Us).toBeGreaterThanOrEqual(lastUs);
    lastUs = frame.t0Us;
    expect(frame.t0Us + frame.spanUs).toBeLessThanOrEqual(endUs);
    expect(frame.runId).toBe('simulate-steady-1');
    if (frame.kind !== 'spikes') continue;
    expect(frame.t0Us).toBe(covered.get(frame.layerName) ?? 0);
    expect(frame.timestep0).toBe(frame.t0Us / 1000);
    expect(frame.timestepUs).toBe(1000);
    covered.set(frame.layerName, frame.t0Us + frame.spanUs);
  }
  const layers = ['embed', 'attention', 'mlp1', 'mlp2', 'readout'];
  expect(Object.fromEntries(covered)).toEqual(Object.fromEntries(layers.map((l) => [l, endUs])));
});

test.each([1, 2, 4242])(
  'with seed %i every layer fires at a plausible rate, and not in step',
  (seed) => {
    const { frames } = run('steady', { seed, seconds: 3 });
    const counts = new Map<string, number>();
    for (const frame of ofKind(frames, 'spikes')) counts.set(frame.layerName, frame.neuronCount);
    for (const [layer, neurons] of counts) {
      const rateHz = spikesOf(frames, layer, 1, 3) / neurons / 2;
      expect(rateHz).toBeGreaterThan(5);
      expect(rateHz).toBeLessThan(40);
    }
    const embed = ofKind(frames, 'spikes').filter((frame) => frame.layerName === 'embed');
    const steps = new Map<number, number>();
    for (const frame of embed) {
      for (const dt of frame.dtUs)
        steps.set(frame.t0Us + dt, (steps.get(frame.t0Us + dt) ?? 0) + 1);
    }
    expect(Math.max(...steps.values())).toBeLessThan(1024 / 10);
  },
);

test('no neuron fires again within its refractory time', () => {
  const last = new Map<string, number>();
  for (const frame of ofKind(run('overdrive', { seconds: 1 }).frames, 'spikes')) {
    for (const [i, dt] of frame.dtUs.entries()) {
      const key = `${frame.layerName} ${frame.neuronId[i]}`;
      const atUs = frame.t0Us + dt;
      expect(atUs - (last.get(key) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThan(2000);
      last.set(key, atUs);
    }
  }
  expect(last.size).toBe(3008);
});

test('potentials stay below threshold, in mV on SpiNNaker and in raw numbers on Loihi 2', () => {
  const membrane = ofKind(run('steady', { seconds: 2 }).frames, 'membrane');
  for (const { deviceType, unit, values } of membrane) {
    expect(unit).toBe(deviceType === 'spinnaker' ? 'mV' : '1');
    const threshold = unit === 'mV' ? -50 : 6400;
    for (const value of values) expect(value).toBeLessThanOrEqual(threshold);
    if (unit === '1') expect(values.every((value) => Number.isInteger(value))).toBe(true);
  }
  expect(membrane.length).toBe(100);
});

test('joules are watts times the time they took, and the rails add up to the total', () => {
  const power = ofKind(run('steady', { seconds: 1 }).frames, 'power');
  const measured = power.filter(({ origin }) => origin === 'measured');
  expect(measured.length).toBe(2 * 6 * 10);
  for (const { watts, joules, stepUs } of measured) {
    for (const [i, value] of watts.entries()) {
      const expected = value * ((stepUs?.[i] as number) / 1e6);
      expect(joules?.[i]).toBeCloseTo(expected, 7);
    }
  }
  const first = measured.filter(({ chipId, t0Us }) => chipId === '0' && t0Us === 0);
  const wattsOf = (rail: string, component: string) =>
    first.find((frame) => frame.rail === rail && frame.component === component)?.watts[0] as number;
  const rails = ['vdd', 'vddm', 'vddio'].map((rail) => wattsOf(rail, 'total'));
  const total = wattsOf('total', 'total');
  expect(rails.reduce((sum, watts) => sum + watts, 0)).toBeCloseTo(total, 5);
  expect(wattsOf('total', 'static') + wattsOf('total', 'dynamic')).toBeCloseTo(total, 5);
  const estimated = power.filter(({ origin }) => origin === 'estimated');
  expect(estimated.length).toBe(3 * 10);
  expect(
    estimated.every(({ joules, stepUs }) => joules === undefined && stepUs === undefined),
  ).toBe(true);
});

test('heartbeats come every 2 s from each chip', () => {
  const health = ofKind(run('steady', { seconds: 5 }).frames, 'health');
  expect(health.map(({ t0Us }) => t0Us / SECOND_US)).toEqual([0, 0, 0, 2, 2, 2, 4, 4, 4]);
  for (const { status, temperatureC } of health) {
    expect(status).toBe('ok');
    expect(temperatureC).toBeGreaterThan(30);
    expect(temperatureC).toBeLessThan(60);
  }
});

test.each([
  [{ scenario: 'nonsense' }, /scenario/],
  [{ seed: -1 }, /seed/],
  [{ seed: 2 ** 32 }, /seed/],
  [{ durationUs: 1500 }, /whole steps/],
  [{ durationUs: 0 }, /whole steps/],
  [{ startUs: -1 }, /start/],
  [{ startUs: Number.MAX_SAFE_INTEGER }, /start/],
  [{ scenario: 'burst', durationUs: 999_000 }, /burst/],
])('refuses %j', (wrong, message) => {
  const right = { scenario: 'steady', seed: 1, startUs: 0, durationUs: SECOND_US };
  expect(() => new Simulation({ ...right, ...wrong })).toThrow(message);
});

test('runs once, and in spans of whole steps', () => {
  const simulation = new Simulation({
    scenario: 'steady',
    seed: 1,
    startUs: 0,
    durationUs: 1000,
  });
  expect(() => [...simulation.frames(1500)]).toThrow(/whole steps/);
  expect([...simulation.frames(SPAN_US)].length).toBeGreaterThan(10);
  expect(() => [...simulation.frames(SPAN_US)]).toThrow(/once/);
});
