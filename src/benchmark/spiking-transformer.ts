import { Random } from '../simulation/random.ts';
import { Block, type Fire, Workspace } from './block.ts';
import type { ModelInput } from './model-input.ts';
import type { ModelShape } from './model-shape.ts';
import { Neurons } from './neurons.ts';
import { SpikeLists } from './spike-lists.ts';
import { Synapses } from './synapses.ts';

/** Part of a layer that fires in a step: as sparse as converted transformers are. */
const RATE = 0.12;

/** What one inference gave. */
export interface Inference {
  /** [classes] currents into each class, summed over the steps. */
  readonly scores: Int32Array;
  /** Additions that spikes caused: spikes times fan-out, and coincidences in attention. */
  readonly operations: number;
}

/**
 * A spiking network with the layers of a transformer. Its weights are drawn, not learnt: it does
 * the work of the model and knows nothing. Whole numbers throughout, so that the same seed gives
 * the same spikes on every machine.
 */
export class SpikingTransformer {
  readonly shape: ModelShape;
  private readonly timesteps: number;
  private readonly embed: Synapses | undefined;
  private readonly blocks: readonly Block[];
  private readonly last: Neurons;
  private readonly pooler: Synapses | undefined;
  private readonly pooled: Neurons;
  private readonly head: Synapses;
  private readonly work: Workspace;
  /** [tokens · dim] */
  private readonly shortcut: Int32Array;
  private readonly classSpikes: SpikeLists;

  constructor(shape: ModelShape, seed: number, timesteps: number) {
    const { tokens, dim, blocks, patchInputs, hasPooler, classes } = shape;
    const weights = (name: string) => new Random(seed, `${shape.name} ${name}`);
    this.shape = shape;
    this.timesteps = timesteps;
    this.embed = patchInputs > 0 ? new Synapses(patchInputs, dim, weights('embed')) : undefined;
    this.blocks = Array.from({ length: blocks }, (_, i) => new Block(shape, weights(`block ${i}`)));
    // Classes are told from the first token alone.
    this.last = new Neurons(1, dim);
    this.pooler = hasPooler ? new Synapses(dim, dim, weights('pooler')) : undefined;
    this.pooled = new Neurons(1, dim);
    this.head = new Synapses(dim, classes, weights('head'));
    this.work = new Workspace(shape);
    this.shortcut = new Int32Array(tokens * dim);
    this.classSpikes = new SpikeLists(1, dim);
  }

  /** Sets all thresholds so that activity neither dies nor saturates, as a conversion would. */
  calibrate(input: ModelInput): void {
    this.run(input, (neurons, currents, spikes) => {
      neurons.calibrate(currents, RATE);
      neurons.step(currents, spikes);
    });
    for (const neurons of this.neurons()) neurons.endCalibration();
  }

  infer(input: ModelInput): Inference {
    return this.run(input, (neurons, currents, spikes) => neurons.step(currents, spikes));
  }

  /** Part of each layer that fired in a step, in the last run. */
  rates(): readonly number[] {
    return this.neurons().map((neurons) => neurons.rate);
  }

  private neurons(): readonly Neurons[] {
    const ends = this.pooler === undefined ? [this.last] : [this.last, this.pooled];
    return [...this.blocks.flatMap((block) => block.neurons()), ...ends];
  }

  private run(input: ModelInput, fire: Fire): Inference {
    for (const neurons of this.neurons()) neurons.reset();
    const scores = new Int32Array(this.shape.classes);
    let operations = 0;
    for (let step = 0; step < this.timesteps; step++) {
      operations += this.take(input, step);
      for (const block of this.blocks) operations += block.step(this.shortcut, this.work, fire);
      operations += this.classify(scores, fire);
    }
    return { scores, operations };
  }

  private take({ currents, pixels }: ModelInput, step: number): number {
    this.shortcut.set(currents);
    if (this.embed === undefined) return 0;
    return this.embed.deliver(pixels[step] as SpikeLists, this.shortcut, this.shape.tokens);
  }

  private classify(scores: Int32Array, fire: Fire): number {
    const { last, pooler, pooled, classSpikes, shortcut, shape } = this;
    const first = shortcut.subarray(0, shape.dim);
    fire(last, first, classSpikes);
    let operations = 0;
    if (pooler !== undefined) {
      first.fill(0);
      operations += pooler.deliver(classSpikes, first, 1);
      fire(pooled, first, classSpikes);
    }
    return operations + this.head.deliver(classSpikes, scores, 1);
  }
}
