import type { Random } from '../simulation/random.ts';
import { Attention } from './attention.ts';
import type { ModelShape } from './model-shape.ts';
import { Neurons } from './neurons.ts';
import { SpikeLists } from './spike-lists.ts';
import { Synapses } from './synapses.ts';

/** Lets neurons take a step; in the calibrating run it sets their threshold first. */
export type Fire = (neurons: Neurons, currents: Int32Array, spikes: SpikeLists) => void;

/** What all blocks of a model work in, one after the other. */
export class Workspace {
  /** [tokens · dim] */
  readonly narrow: Int32Array;
  /** [tokens · mlpDim] */
  readonly wide: Int32Array;
  readonly spikes: SpikeLists;
  readonly query: SpikeLists;
  readonly key: SpikeLists;
  readonly value: SpikeLists;
  readonly hidden: SpikeLists;

  constructor({ tokens, dim, mlpDim }: ModelShape) {
    this.narrow = new Int32Array(tokens * dim);
    this.wide = new Int32Array(tokens * mlpDim);
    this.spikes = new SpikeLists(tokens, dim);
    this.query = new SpikeLists(tokens, dim);
    this.key = new SpikeLists(tokens, dim);
    this.value = new SpikeLists(tokens, dim);
    this.hidden = new SpikeLists(tokens, mlpDim);
  }
}

/**
 * One block of a spiking transformer: attention, then an MLP, each beside a shortcut of currents
 * (M. Yao et al., Spike-driven Transformer, 2023), so that everything that moves is a spike.
 */
export class Block {
  private readonly tokens: number;
  private readonly attention: Attention;
  private readonly synapses: Readonly<Record<(typeof SYNAPSES)[number], Synapses>>;
  private readonly layers: Readonly<Record<(typeof LAYERS)[number], Neurons>>;

  constructor(shape: ModelShape, random: Random) {
    const { tokens, dim, mlpDim, heads } = shape;
    this.tokens = tokens;
    this.attention = new Attention(dim, heads);
    const square = () => new Synapses(dim, dim, random);
    this.synapses = {
      query: square(),
      key: square(),
      value: square(),
      out: square(),
      up: new Synapses(dim, mlpDim, random),
      down: new Synapses(mlpDim, dim, random),
    };
    const narrow = () => new Neurons(tokens, dim);
    this.layers = {
      attentionIn: narrow(),
      query: narrow(),
      key: narrow(),
      value: narrow(),
      attentionOut: narrow(),
      mlpIn: narrow(),
      hidden: new Neurons(tokens, mlpDim),
    };
  }

  neurons(): readonly Neurons[] {
    return LAYERS.map((name) => this.layers[name]);
  }

  /**
   * Takes one step.
   * @param shortcut [tokens · dim] currents that come in, and go out changed
   * @returns synaptic operations
   */
  step(shortcut: Int32Array, work: Workspace, fire: Fire): number {
    const { layers, synapses, tokens } = this;
    const { spikes, narrow, wide } = work;
    let operations = 0;
    fire(layers.attentionIn, shortcut, spikes);
    for (const name of ['query', 'key', 'value'] as const) {
      narrow.fill(0);
      operations += synapses[name].deliver(spikes, narrow, tokens);
      fire(layers[name], narrow, work[name]);
    }
    narrow.fill(0);
    operations += this.attention.deliver(work.query, work.key, work.value, narrow, tokens);
    fire(layers.attentionOut, narrow, spikes);
    operations += synapses.out.deliver(spikes, shortcut, tokens);
    fire(layers.mlpIn, shortcut, spikes);
    wide.fill(0);
    operations += synapses.up.deliver(spikes, wide, tokens);
    fire(layers.hidden, wide, work.hidden);
    return operations + synapses.down.deliver(work.hidden, shortcut, tokens);
  }
}

const SYNAPSES = ['query', 'key', 'value', 'out', 'up', 'down'] as const;
const LAYERS = ['attentionIn', 'query', 'key', 'value', 'attentionOut', 'mlpIn', 'hidden'] as const;
