import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { serviceBinary } from '../../scripts/services/service-binary.ts';
import { measureModel } from '../../src/benchmark/measure-model.ts';
import { modelInput } from '../../src/benchmark/model-input.ts';
import { MODEL_SHAPES, type ModelShape, withTokens } from '../../src/benchmark/model-shape.ts';
import { SpikingTransformer } from '../../src/benchmark/spiking-transformer.ts';

function shapeOf(name: string): ModelShape {
  return MODEL_SHAPES.find((shape) => shape.name === name) as ModelShape;
}

describe('a spiking transformer', () => {
  const TIMESTEPS = 4;
  const run = (name: string, seed: number, tokens: number) => {
    const shape = withTokens(shapeOf(name), tokens);
    const network = new SpikingTransformer(shape, seed, TIMESTEPS);
    network.calibrate(modelInput(shape, seed, -1, TIMESTEPS));
    const results = [0, 1].map((sample) =>
      network.infer(modelInput(shape, seed, sample, TIMESTEPS)),
    );
    return { results, rates: network.rates(), network, shape };
  };

  // Whole numbers throughout: any machine has these. They are those of network_oracle.py too.
  it.each([
    ['vit-tiny', 1, [16_976_303, 19_319_417]],
    ['vit-tiny', 2, [14_481_589, 15_813_939]],
    ['bert-tiny', 1, [1_680_497, 1_707_745]],
  ])('%s with seed %d does the same work on every machine', (name, seed, operations) => {
    expect(run(name, seed, 8).results.map((result) => result.operations)).toEqual(operations);
  });

  it('counts the operations that a dense one in NumPy counts', async () => {
    const python = serviceBinary('python-venv');
    const script = join(import.meta.dirname, 'network_oracle.py');
    const args = ['bert-tiny', '7', '12', String(TIMESTEPS), '2'];
    const { stdout } = await promisify(execFile)(python, [script, ...args]);
    const { results } = run('bert-tiny', 7, 12);
    expect(results.map(({ operations }) => operations)).toEqual(JSON.parse(stdout));
  });

  it('gives the same for the same input, whatever it ran before', () => {
    const { results, network, shape } = run('vit-tiny', 1, 8);
    expect(network.infer(modelInput(shape, 1, 0, TIMESTEPS))).toEqual(results[0]);
    expect(results[0]?.scores).not.toEqual(results[1]?.scores);
  });

  it.each(MODEL_SHAPES.map(({ name }) => name))(
    '%s: activity neither dies nor saturates, from the first layer to the last',
    (name) => {
      const { rates, results } = run(name, 1, 16);
      expect(Math.min(...rates.slice(0, -2))).toBeGreaterThan(0.03);
      expect(Math.max(...rates)).toBeLessThan(0.5);
      for (const { scores } of results) expect(new Set(scores).size).toBeGreaterThan(1);
    },
  );
});

it('a measurement is of so many samples, the same work each time', () => {
  const settings = { samples: 2, seed: 1, timesteps: 4, tokensMax: 8 };
  const [first, second] = [
    measureModel('bert-tiny', settings),
    measureModel('bert-tiny', settings),
  ];
  expect(first.synapticOperations).toBe((1_680_497 + 1_707_745) / 2);
  expect(second.synapticOperations).toBe(first.synapticOperations);
  // Of two samples the median is the mean, and the throughput one over it.
  expect(first.throughputPerSecond * first.latencySeconds).toBeCloseTo(1, 9);
  expect(first.durationUs / 1e6).toBeGreaterThan(2 * first.latencySeconds);
  expect(() => measureModel('resnet', settings)).toThrow('no model resnet');
});
