import { Subject } from 'rxjs';
import { expect, it } from 'vitest';
import type { MembraneFrame } from '../../src/frames/membrane.ts';
import type { PowerFrame } from '../../src/frames/power.ts';
import { binMembrane, type MembraneHistograms } from '../../src/operators/bin-membrane.ts';
import { integratePower, type PowerReading } from '../../src/operators/integrate-power.ts';
import { randomFrom } from '../conformance/generate-frames.ts';

const HEADER = {
  deviceType: 'loihi2',
  chipId: '0',
  seq: undefined,
  runId: undefined,
  emitter: undefined,
  arrivedUs: Number.NaN,
  restarts: 0,
};

function power(t0Us: number, watts: readonly number[], more: Partial<PowerFrame> = {}): PowerFrame {
  return {
    kind: 'power',
    ...HEADER,
    t0Us,
    spanUs: watts.length * 1000 + 1,
    dtUs: Uint32Array.from(watts, (_, i) => i * 1000),
    watts: Float32Array.from(watts),
    joules: undefined,
    stepUs: undefined,
    rail: 'total',
    component: 'total',
    origin: 'measured',
    ...more,
  };
}

function integrate(frames: readonly PowerFrame[]) {
  const input = new Subject<PowerFrame>();
  const readings: PowerReading[] = [];
  const events: Record<string, number> = {};
  const count = (event: string, n: number) => {
    events[event] = (events[event] ?? 0) + n;
  };
  input
    .pipe(integratePower({ railsMax: 10 }, { hold: () => {} }, count))
    .subscribe((reading) => readings.push(reading));
  for (const frame of frames) input.next(frame);
  return { last: readings.at(-1), events };
}

it('integrates by the trapezoid rule, across frames, whatever the cut', () => {
  const random = randomFrom(3);
  const watts = Float32Array.from({ length: 500 }, () => random() * 3);
  // numpy.trapezoid(watts, dx=1e-3)
  let joules = 0;
  for (let i = 1; i < watts.length; i++) {
    joules += (((watts[i - 1] as number) + (watts[i] as number)) / 2) * 1e-3;
  }
  for (const size of [1, 7, 100, 500]) {
    const frames: PowerFrame[] = [];
    for (let i = 0; i < watts.length; i += size) {
      frames.push(power(i * 1000, [...watts.subarray(i, i + size)]));
    }
    const { last, events } = integrate(frames);
    expect(Math.abs((last?.energyJoules as number) / joules - 1)).toBeLessThan(1e-12);
    expect(last?.watts).toBe(watts.at(-1));
    expect(events).toEqual({});
  }
});

it('adds nothing over a gap of more than 10 s, and counts it', () => {
  const near = integrate([power(0, [2]), power(10_000_000, [4])]);
  expect(near.last?.energyJoules).toBe(30);
  const far = integrate([power(0, [2]), power(10_000_001, [4])]);
  expect(far.last?.energyJoules).toBe(0);
  expect(far.events).toEqual({ energy_gaps: 1 });
});

it('adds 0 for a negative piece, and counts it', () => {
  const { last, events } = integrate([power(0, [-2, -2, 4])]);
  expect(last?.energyJoules).toBeCloseTo(0.001, 12);
  expect(events).toEqual({ energy_negative: 1 });
});

it('sums stated joules instead of integrating', () => {
  const stated = power(0, [5, 5], { joules: Float64Array.of(0.25, 0.5) });
  expect(integrate([stated]).last?.energyJoules).toBe(0.75);
});

it('takes the best origin seen', () => {
  const { last } = integrate([
    power(0, [1, 1], { origin: 'simulated' }),
    power(2000, [7, 7], { origin: 'measured' }),
    power(4000, [99], { origin: 'estimated' }),
  ]);
  expect(last?.watts).toBe(7);
  expect(last?.energyJoules).toBeCloseTo(0.001 + 0.007, 12);
});

it('counts samples that come after later ones, and starts anew with its emitter', () => {
  const late = integrate([power(5000, [1, 1]), power(1000, [1]), power(7000, [1])]);
  expect(late.last?.energyJoules).toBeCloseTo(0.002, 12);
  expect(late.events).toEqual({ samples_late: 1 });
  const anew = integrate([power(9_000_000, [1, 1]), power(0, [1, 1], { restarts: 1 })]);
  expect(anew.last?.energyJoules).toBeCloseTo(0.002, 12);
  expect(anew.events).toEqual({});
});

function membrane(ids: readonly number[], values: readonly number[]): MembraneFrame {
  const times = values.length / ids.length;
  return {
    kind: 'membrane',
    ...HEADER,
    t0Us: 0,
    spanUs: 1000,
    layerName: 'l',
    neuronId: Uint32Array.from(ids),
    dtUs: Uint32Array.from({ length: times }, (_, i) => i),
    values: Float32Array.from(values),
    unit: 'mV',
    neuronOffset: 0,
  };
}

function bin(frames: readonly MembraneFrame[]) {
  const input = new Subject<MembraneFrame>();
  let last: MembraneHistograms | undefined;
  let skipped = 0;
  const bounds = Float64Array.of(-50, 0);
  input
    .pipe(
      binMembrane({ boundsOf: () => bounds, layersMax: 2 }, { hold: () => {} }, (_, n) => {
        skipped += n;
      }),
    )
    .subscribe((layer) => {
      last = layer;
    });
  for (const frame of frames) input.next(frame);
  return { layer: last as unknown as MembraneHistograms, skipped };
}

it('bins time-major samples by neuron, bounds included, and skips what is no number', () => {
  const values = [-50, 1, Number.NaN, 0, -60.5, Number.POSITIVE_INFINITY];
  const { layer, skipped } = bin([membrane([4, 9], values)]);
  expect(layer.neurons).toEqual(['4', '9']);
  expect([...layer.counts.subarray(0, 6)]).toEqual([2, 0, 0, 0, 1, 1]);
  expect([...layer.sums.subarray(0, 2)]).toEqual([-110.5, 1]);
  expect(skipped).toBe(2);
});

it('names the 32 neurons seen first; the rest are other', () => {
  const ids = Array.from({ length: 40 }, (_, i) => i);
  const { layer } = bin([membrane(ids, new Array<number>(40).fill(1)), membrane([39, 0], [1, 1])]);
  expect(layer.neurons).toHaveLength(33);
  expect(layer.neurons[32]).toBe('other');
  expect(layer.counts[32 * layer.buckets + 2]).toBe(9);
  expect(layer.touched).toEqual([32, 0]);
});
