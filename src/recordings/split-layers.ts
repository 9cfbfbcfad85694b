import type { CutSpan } from './cut-spans.ts';

/** The samples of a span, layer by layer, each layer's in their order. Keeps its room. */
export class LayerSplit {
  /** Samples of layer i are [starts[i], starts[i + 1]). */
  readonly starts: Uint32Array;
  neuron = new Uint32Array(0);
  /** µs after the start of the span. */
  dtUs = new Uint32Array(0);
  value = new Float64Array(0);
  private readonly next: Uint32Array;

  constructor(layerCount: number) {
    this.starts = new Uint32Array(layerCount + 1);
    this.next = new Uint32Array(layerCount + 1);
  }

  split({ samples, count, startUs }: CutSpan): void {
    const { starts, next } = this;
    if (this.neuron.length < count)
      this.allocate(samples.timeUs.length, samples.value !== undefined);
    const { neuron, dtUs, value } = this;
    const { layer } = samples;
    starts.fill(0);
    for (let i = 0; i < count; i++) {
      const after = (layer[i] as number) + 1;
      starts[after] = (starts[after] as number) + 1;
    }
    for (let i = 1; i < starts.length; i++) {
      starts[i] = (starts[i] as number) + (starts[i - 1] as number);
    }
    next.set(starts);
    for (let i = 0; i < count; i++) {
      const of = layer[i] as number;
      const at = next[of] as number;
      next[of] = at + 1;
      neuron[at] = samples.neuron[i] as number;
      dtUs[at] = (samples.timeUs[i] as number) - startUs;
      if (samples.value !== undefined) value[at] = samples.value[i] as number;
    }
  }

  private allocate(capacity: number, withValues: boolean): void {
    this.neuron = new Uint32Array(capacity);
    this.dtUs = new Uint32Array(capacity);
    if (withValues) this.value = new Float64Array(capacity);
  }
}
