import type { MembraneFrame } from '../../frames/membrane.ts';
import type { PicturePlan } from './picture-plan.ts';
import { type Envelope, TimeEnvelope } from './time-envelope.ts';

export interface MembraneTraces {
  readonly unit: string;
  /** Of all neurons that were recorded. */
  readonly all: Envelope;
  /** Of the one met first. */
  readonly one: Envelope;
  readonly neuron: number;
}

/** The potentials of a layer over time. */
export class LayerTraces {
  private readonly unit: string;
  private readonly neuron: number;
  private readonly all: TimeEnvelope;
  private readonly one: TimeEnvelope;

  constructor(plan: PicturePlan, first: MembraneFrame) {
    this.unit = first.unit;
    this.neuron = first.neuronId[0] ?? 0;
    this.all = new TimeEnvelope(plan);
    this.one = new TimeEnvelope(plan);
  }

  add({ unit, neuronId, dtUs, values, t0Us }: MembraneFrame): void {
    // As in the numbers: potentials of a layer have one unit.
    if (unit !== this.unit) return;
    const width = neuronId.length;
    const own = neuronId.indexOf(this.neuron);
    for (let i = 0; i < dtUs.length; i++) {
      const point = this.all.pointOf(t0Us + (dtUs[i] as number));
      if (point === undefined) continue;
      const from = i * width;
      this.all.add(point, values, from, from + width);
      if (own >= 0) this.one.add(point, values, from + own, from + own + 1);
    }
  }

  result(): MembraneTraces {
    const { unit, neuron } = this;
    return { unit, neuron, all: this.all.result(), one: this.one.result() };
  }
}
