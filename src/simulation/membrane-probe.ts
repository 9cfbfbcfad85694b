import type { FrameHeader } from '../frames/header.ts';
import type { MembraneFrame } from '../frames/membrane.ts';
import type { Layer } from './layer.ts';

const NEURONS = 8;
const EVERY_STEPS = 10;

/** Potentials of a few neurons of a layer, spread over it, sampled every 10 ms. */
export class MembraneProbe {
  private readonly layer: Layer;
  private readonly ids: Uint32Array;
  private readonly unit: 'mV' | '1';
  private dtUs: number[] = [];
  private values: number[] = [];

  constructor(layer: Layer) {
    this.layer = layer;
    const { neurons } = layer.plan;
    const count = Math.min(NEURONS, neurons);
    this.ids = Uint32Array.from({ length: count }, (_, i) => Math.floor((i * neurons) / count));
    this.unit = layer.meter.plan.deviceType === 'loihi2' ? '1' : 'mV';
  }

  /** Looks after a step; `step` is counted from the start of the run. */
  after(step: number, dtUs: number): void {
    if (step % EVERY_STEPS !== 0) return;
    this.dtUs.push(dtUs);
    for (const id of this.ids) this.values.push(this.layer.told(id, this.unit));
  }

  /** Undefined where no sample fell into the frame. */
  take(header: FrameHeader): MembraneFrame | undefined {
    if (this.dtUs.length === 0) return undefined;
    const frame: MembraneFrame = {
      kind: 'membrane',
      ...header,
      layerName: this.layer.plan.name,
      neuronId: this.ids.slice(),
      dtUs: Uint32Array.from(this.dtUs),
      values: Float32Array.from(this.values),
      unit: this.unit,
      neuronOffset: 0,
    };
    this.dtUs = [];
    this.values = [];
    return frame;
  }
}
