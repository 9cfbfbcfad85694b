import { describe, expect, it } from 'vitest';
import { Attention } from '../../src/benchmark/attention.ts';
import { MODEL_SHAPES, type ModelShape, synapseCount } from '../../src/benchmark/model-shape.ts';
import { Neurons } from '../../src/benchmark/neurons.ts';
import { SpikeLists } from '../../src/benchmark/spike-lists.ts';
import { Synapses } from '../../src/benchmark/synapses.ts';
import { Random } from '../../src/simulation/random.ts';

function shapeOf(name: string): ModelShape {
  return MODEL_SHAPES.find((shape) => shape.name === name) as ModelShape;
}

/** Spikes at random, and the same as a matrix [tokens][width] of 0 and 1. */
function randomSpikes(tokens: number, width: number, random: Random) {
  const lists = new SpikeLists(tokens, width);
  const matrix = Array.from({ length: tokens }, () => new Uint8Array(width));
  for (let token = 0; token < tokens; token++) {
    let fired = 0;
    for (let i = 0; i < width; i++) {
      if (random.unit() >= 0.3) continue;
      lists.ids[token * width + fired++] = i;
      (matrix[token] as Uint8Array)[i] = 1;
    }
    lists.counts[token] = fired;
  }
  return { lists, matrix };
}

describe('model shapes', () => {
  // Weights of the published models, without biases, norms and tables of embeddings: for ViT
  // 768·dim + 12·12·dim² + 1000·dim, for BERT blocks·12·dim² + dim² + 2·dim.
  it.each([
    ['vit-tiny', 5_647_872],
    ['vit-small', 21_912_576],
    ['vit-base', 86_292_480],
    ['bert-tiny', 409_856],
    ['bert-base', 85_526_016],
  ])('%s has %d weights', (name, weights) => {
    expect(synapseCount(shapeOf(name))).toBe(weights);
  });

  it('have heads of 64, 4 times the width in the MLP, 197 or 128 tokens', () => {
    for (const { dim, heads, mlpDim, tokens, name } of MODEL_SHAPES) {
      expect([dim / heads, mlpDim / dim, tokens]).toEqual([
        64,
        4,
        name.startsWith('v') ? 197 : 128,
      ]);
    }
  });
});

describe('synapses', () => {
  const random = new Random(3, 'synapses');
  const synapses = new Synapses(19, 10, random);
  /** Row by row, as single spikes bring them. */
  const weights = Array.from({ length: 19 }, (_, input) => {
    const one = new SpikeLists(1, 19);
    one.ids[0] = input;
    one.counts[0] = 1;
    const row = new Int32Array(10);
    synapses.deliver(one, row, 1);
    return row;
  });

  it('bring what a product with the matrix of weights would', () => {
    const { lists, matrix } = randomSpikes(7, 19, random);
    const currents = new Int32Array(70).fill(5);
    const operations = synapses.deliver(lists, currents, 7);
    const dense = matrix.flatMap((fired) =>
      Array.from({ length: 10 }, (_, to) =>
        fired.reduce((sum, spike, from) => sum + spike * (weights[from]?.[to] as number), 5),
      ),
    );
    expect([...currents]).toEqual(dense);
    expect(operations).toBe(lists.total() * 10);
    expect(lists.total()).toBeGreaterThan(20);
  });

  it('have weights of 8 bits that are as often above 0 as below', () => {
    const many = new Synapses(256, 256, random);
    const all = new SpikeLists(256, 256);
    for (let i = 0; i < 256; i++) {
      all.ids[i * 256] = i;
      all.counts[i] = 1;
    }
    const drawn = new Int32Array(65_536);
    many.deliver(all, drawn, 256);
    expect(Math.min(...drawn)).toBe(-127);
    expect(Math.max(...drawn)).toBe(127);
    const mean = drawn.reduce((sum, weight) => sum + weight, 0) / drawn.length;
    // Its standard error is 74 / 256.
    expect(Math.abs(mean)).toBeLessThan(1.5);
  });
});

describe('neurons', () => {
  it('leak a half, fire at the threshold, and keep what is above it', () => {
    const neurons = new Neurons(1, 1);
    const spikes = new SpikeLists(1, 1);
    const fired = [3, 0, 0, -3, 2, 1].map((current) => {
      neurons.step(Int32Array.of(current), spikes);
      return spikes.counts[0];
    });
    // u: 3→2, 1→0, 0, -3, -2 + 2 = 0, 1→0; the threshold is 1.
    expect(fired).toEqual([1, 1, 0, 0, 0, 1]);
    expect([neurons.spikes, neurons.steps, neurons.rate]).toEqual([3, 6, 0.5]);
  });

  it.each([0.05, 0.12, 0.4])('fire at a rate of about %d once calibrated', (rate) => {
    const neurons = new Neurons(10, 500);
    const spikes = new SpikeLists(10, 500);
    const random = new Random(1, 'currents');
    const currents = () =>
      Int32Array.from({ length: 5000 }, () => Math.round(random.normal() * 900));
    for (let step = 0; step < 4; step++) {
      const flow = currents();
      neurons.calibrate(flow, rate);
      neurons.step(flow, spikes);
    }
    neurons.endCalibration();
    neurons.reset();
    for (let step = 0; step < 4; step++) neurons.step(currents(), spikes);
    expect(neurons.rate / rate).toBeGreaterThan(0.7);
    expect(neurons.rate / rate).toBeLessThan(1.3);
  });

  it('can be calibrated where nothing arrives, or nothing but what inhibits', () => {
    for (const current of [0, -5]) {
      const neurons = new Neurons(1, 8);
      const flow = new Int32Array(8).fill(current);
      neurons.calibrate(flow, 0.1);
      neurons.endCalibration();
      neurons.step(flow, new SpikeLists(1, 8));
      expect(neurons.spikes).toBe(0);
    }
  });
});

it('attention is the product of queries, keys and values in each head', () => {
  const [tokens, dim, heads] = [6, 12, 3];
  const random = new Random(5, 'attention');
  const [query, key, value] = [1, 2, 3].map(() => randomSpikes(tokens, dim, random)) as [
    ...[ReturnType<typeof randomSpikes>, ReturnType<typeof randomSpikes>],
    ReturnType<typeof randomSpikes>,
  ];
  const currents = new Int32Array(tokens * dim);
  const attention = new Attention(dim, heads);
  const at = (matrix: readonly Uint8Array[], token: number, i: number) =>
    matrix[token]?.[i] as number;
  // (q · kᵀ) · v, the other way round.
  const dense: number[] = [];
  let operations = 0;
  for (let token = 0; token < tokens; token++) {
    for (let i = 0; i < dim; i++) {
      const head = Math.floor(i / 4) * 4;
      let sum = 0;
      for (let other = 0; other < tokens; other++) {
        let score = 0;
        for (let d = head; d < head + 4; d++) {
          score += at(query.matrix, token, d) * at(key.matrix, other, d);
        }
        sum += score * at(value.matrix, other, i);
      }
      dense.push(sum);
      for (let d = head; d < head + 4; d++)
        operations += at(key.matrix, token, d) * at(value.matrix, token, i);
      operations += 4 * at(query.matrix, token, i);
    }
  }
  for (let pass = 0; pass < 2; pass++) {
    currents.fill(0);
    const done = attention.deliver(query.lists, key.lists, value.lists, currents, tokens);
    expect([...currents]).toEqual(dense);
    expect(done).toBe(operations);
  }
});
