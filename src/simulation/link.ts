import type { Layer } from './layer.ts';
import { INHIBITION, INHIBITORY_EVERY, type LinkPlan } from './plan.ts';
import type { Random } from './random.ts';

export function isInhibitory(neuron: number): boolean {
  return neuron % INHIBITORY_EVERY === INHIBITORY_EVERY - 1;
}

/** Synapses from one layer to the next; a spike arrives in the step after the one it fired in. */
export class Link {
  readonly plan: LinkPlan;
  readonly from: Layer;
  readonly to: Layer;
  /** Part of the spikes that get lost on the way, 0 … 1. */
  lossRatio = 0;
  /** Weight updates since the start, where the link learns. */
  updates = 0;
  private readonly lossRandom: Random;
  /** [neurons · fanOut] of each neuron of `from` in turn: where its synapses end, in order. */
  private readonly targets: Uint16Array;
  /** [neurons · fanOut] mV. */
  private readonly weights: Float32Array;
  /** [neurons · cores of `to`] synapses of each neuron on each core. */
  private readonly onCore: Uint16Array;
  /** [neurons] cores of `to` that each neuron of `from` reaches. */
  private readonly coresReached: Uint16Array;
  /** [neurons of `to`] excitatory synapses of each. */
  private readonly fanIn: Uint16Array;

  constructor(plan: LinkPlan, from: Layer, to: Layer, random: Random, lossRandom: Random) {
    this.plan = plan;
    this.from = from;
    this.to = to;
    this.lossRandom = lossRandom;
    const neurons = from.plan.neurons;
    this.targets = new Uint16Array(neurons * plan.fanOut);
    this.weights = new Float32Array(neurons * plan.fanOut);
    this.onCore = new Uint16Array(neurons * to.cores);
    this.coresReached = new Uint16Array(neurons);
    this.fanIn = new Uint16Array(to.plan.neurons);
    for (let neuron = 0; neuron < neurons; neuron++) this.grow(neuron, random);
  }

  /** Weights vary by half about their mean, evenly. */
  private grow(neuron: number, random: Random): void {
    const { plan, to, targets, weights, onCore } = this;
    const from = neuron * plan.fanOut;
    const mean = plan.weightMv * (isInhibitory(neuron) ? INHIBITION : 1);
    for (let i = from; i < from + plan.fanOut; i++) {
      targets[i] = random.below(to.plan.neurons);
      weights[i] = mean * (0.5 + random.unit());
    }
    targets.subarray(from, from + plan.fanOut).sort();
    for (let i = from; i < from + plan.fanOut; i++) {
      const target = targets[i] as number;
      const at = neuron * to.cores + Math.floor(target / to.plan.neuronsPerCore);
      if (onCore[at] === 0) (this.coresReached[neuron] as number)++;
      (onCore[at] as number)++;
      if (!isInhibitory(neuron)) (this.fanIn[target] as number)++;
    }
  }

  /** Brings what `from` fired in this step to `to`, for its next one. */
  deliver(): void {
    const { from, to } = this;
    const crossesChips = from.meter !== to.meter;
    for (let i = 0; i < from.fired; i++) {
      const neuron = from.firedIds[i] as number;
      this.countAxons(neuron);
      if (this.lossRatio > 0 && this.lossRandom.unit() < this.lossRatio) continue;
      if (crossesChips && !to.meter.takesPacket()) continue;
      this.reach(neuron);
    }
    if (this.plan.learns) this.countPost();
  }

  private countAxons(neuron: number): void {
    const { from } = this;
    const core = from.firstCore + Math.floor(neuron / from.plan.neuronsPerCore);
    const { stepAxonOut } = from.meter;
    stepAxonOut[core] = (stepAxonOut[core] as number) + (this.coresReached[neuron] as number);
  }

  private reach(neuron: number): void {
    const { targets, weights, onCore, to } = this;
    const { fanOut } = this.plan;
    const { arrived } = to;
    const end = (neuron + 1) * fanOut;
    for (let i = neuron * fanOut; i < end; i++) {
      const target = targets[i] as number;
      arrived[target] = (arrived[target] as number) + (weights[i] as number);
    }
    const { stepSynOps, stepSpikesIn } = to.meter;
    for (let core = 0; core < to.cores; core++) {
      const synapses = onCore[neuron * to.cores + core] as number;
      if (synapses === 0) continue;
      const at = to.firstCore + core;
      stepSynOps[at] = (stepSynOps[at] as number) + synapses;
      stepSpikesIn[at] = (stepSpikesIn[at] as number) + 1;
    }
    if (this.plan.learns && !isInhibitory(neuron)) this.updates += fanOut;
  }

  /** Pair-based STDP touches a synapse when either of its neurons fires: here the later one. */
  private countPost(): void {
    const { to, fanIn } = this;
    for (let i = 0; i < to.fired; i++) this.updates += fanIn[to.firedIds[i] as number] as number;
  }
}
