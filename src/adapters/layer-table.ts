import { FrameError, shown } from '../frames/frame-error.ts';
import type { FrameLimits } from '../frames/limits.ts';
import type { AdapterOptions } from './adapter-options.ts';

/** A layer as an adapter knows it. */
export interface AdaptedLayer {
  /** Its place in the table; those of listed layers stay. */
  readonly index: number;
  readonly name: string;
  readonly isListed: boolean;
  readonly neuronType: string;
  readonly neuronCount: number;
  /** What objects call its first neuron. */
  readonly firstNeuron: number;
}

/** Layers that are remembered at most. */
const LAYERS_MAX = 8192;

/** The layers of an adapter: those that are listed, and those that were met, where any may come. */
export class LayerTable {
  readonly layers: AdaptedLayer[] = [];
  readonly listed: number;
  private readonly byName = new Map<string, AdaptedLayer>();
  private readonly options: AdapterOptions;
  private readonly limits: FrameLimits;

  constructor(options: AdapterOptions, limits: FrameLimits) {
    this.options = options;
    this.limits = limits;
    for (const { name, neuron_count, neuron_type, first_neuron } of options.layers) {
      this.add(name, neuron_count, neuron_type ?? options.neuron_type, first_neuron, true);
    }
    this.listed = this.layers.length;
  }

  /** Forgets layers that are not listed, when there are too many of them. */
  makeRoom(): void {
    if (this.layers.length < LAYERS_MAX) return;
    for (const { name } of this.layers.splice(this.listed)) this.byName.delete(name);
  }

  /** @throws FrameError where it is no name, or of no layer */
  find(value: unknown, field: () => string): AdaptedLayer {
    const name = typeof value === 'number' && Number.isInteger(value) ? String(value) : value;
    const known = typeof name === 'string' ? this.byName.get(name) : undefined;
    return known ?? this.meet(name, field());
  }

  private meet(name: unknown, field: string): AdaptedLayer {
    if (name === undefined || name === null) {
      throw new FrameError('missing_field', field, 'is needed and absent');
    }
    if (typeof name !== 'string') {
      throw new FrameError('wrong_type', field, `needs a string, got ${shown(name)}`);
    }
    const { neuron_count, neuron_type, layers } = this.options;
    if (neuron_count === undefined) {
      const known = `none of the ${layers.length} layers of the adapter`;
      throw new FrameError('out_of_range', field, `${shown(name)} is ${known}`);
    }
    if (name.length === 0) throw new FrameError('out_of_range', field, 'is empty');
    if (!name.isWellFormed()) {
      throw new FrameError('malformed', field, `${shown(name)} has half of a surrogate pair`);
    }
    if ([...name].length > this.limits.stringCharsMax) {
      const detail = `${[...name].length} characters, at most ${this.limits.stringCharsMax}`;
      throw new FrameError('string_too_long', field, detail);
    }
    return this.add(name, neuron_count, neuron_type, 0, false);
  }

  private add(
    name: string,
    neuronCount: number,
    neuronType: string,
    firstNeuron: number,
    isListed: boolean,
  ): AdaptedLayer {
    const index = this.layers.length;
    const layer = { index, name, isListed, neuronType, neuronCount, firstNeuron };
    this.layers.push(layer);
    this.byName.set(name, layer);
    return layer;
  }
}
