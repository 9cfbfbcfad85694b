import type { FrameHeader } from '../frames/header.ts';
import type { SpikesFrame } from '../frames/spikes.ts';
import type { Layer } from './layer.ts';
import { STEP_US } from './plan.ts';

/** The spikes of a layer since the last frame. */
export class SpikeLog {
  private readonly layer: Layer;
  private ids = new Uint32Array(256);
  private dtUs = new Uint32Array(256);
  private count = 0;

  constructor(layer: Layer) {
    this.layer = layer;
  }

  /** Takes what fired in the last step. */
  add(dtUs: number): void {
    const { fired, firedIds } = this.layer;
    const from = this.count;
    if (from + fired > this.ids.length) this.growTo(2 * (from + fired));
    for (let i = 0; i < fired; i++) this.ids[from + i] = firedIds[i] as number;
    this.dtUs.fill(dtUs, from, from + fired);
    this.count += fired;
  }

  /** A frame with columns of its own; the log is empty afterwards. */
  take(header: FrameHeader, timestep0: number): SpikesFrame {
    const { plan } = this.layer;
    const count = this.count;
    this.count = 0;
    return {
      kind: 'spikes',
      ...header,
      layerName: plan.name,
      neuronType: 'lif',
      neuronCount: plan.neurons,
      neuronId: this.ids.slice(0, count),
      dtUs: this.dtUs.slice(0, count),
      timestep0,
      timestepUs: STEP_US,
      neuronOffset: 0,
    };
  }

  private growTo(length: number): void {
    const { ids, dtUs } = this;
    this.ids = new Uint32Array(length);
    this.ids.set(ids);
    this.dtUs = new Uint32Array(length);
    this.dtUs.set(dtUs);
  }
}
