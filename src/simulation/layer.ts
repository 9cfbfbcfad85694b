import type { ChipMeter } from './chip-meter.ts';
import { DECAY, type LayerPlan, REFRACTORY_STEPS, REST_MV, STEP_US, THRESHOLD_MV } from './plan.ts';
import { Poisson } from './poisson.ts';
import type { Random } from './random.ts';

/**
 * Leaky integrate-and-fire neurons with synapses that jump the potential: u ← u·decay + inputs; at
 * the threshold the neuron fires, goes to 0 and rests for some steps.
 */
export class Layer {
  readonly plan: LayerPlan;
  readonly meter: ChipMeter;
  /** Index of the layer's first core in the columns of the meter. */
  readonly firstCore: number;
  readonly cores: number;
  /** [neurons] potential above rest, mV. */
  readonly potential: Float32Array;
  /** [neurons] what arrived since the last step, mV. */
  readonly arrived: Float32Array;
  /** [fired] ids of the neurons that fired in the last step, in order; the rest is stale. */
  readonly firedIds: Uint32Array;
  fired = 0;
  /** Spikes since the start. */
  spikes = 0;
  /** Rate of the Poisson input, as a multiple of the plan's. */
  inputRatio = 1;
  /** Added to every potential in each step, mV. */
  biasMv = 0;
  /** A core of the layer, counted from 0, all of whose neurons fire in each step. */
  stuckCore: number | undefined;
  /** Ids that fired in the steps before the last one and still rest, oldest step first. */
  private readonly resting: Uint32Array[];
  private readonly restingCount: number[];
  private readonly random: Random;
  private readonly coreShift: number;
  private poisson: Poisson;
  private poissonRatio = 1;

  constructor(plan: LayerPlan, meter: ChipMeter, firstCore: number, random: Random) {
    this.plan = plan;
    this.meter = meter;
    this.firstCore = firstCore;
    this.cores = Math.ceil(plan.neurons / plan.neuronsPerCore);
    this.coreShift = Math.log2(plan.neuronsPerCore);
    this.random = random;
    this.potential = new Float32Array(plan.neurons);
    this.arrived = new Float32Array(plan.neurons);
    this.firedIds = new Uint32Array(plan.neurons);
    const steps = { length: REFRACTORY_STEPS };
    this.resting = Array.from(steps, () => new Uint32Array(plan.neurons));
    this.restingCount = Array.from(steps, () => 0);
    this.poisson = this.poissonOf(1);
    // All at rest would fire in step at first: a crowd that no run has later.
    for (let i = 0; i < plan.neurons; i++) this.potential[i] = random.unit() * THRESHOLD_MV;
  }

  step(): void {
    this.takeInput();
    this.holdResting();
    this.fired = 0;
    if (this.stuckCore === undefined) this.integrate(0, this.plan.neurons);
    else this.integrateAround(this.stuckCore * this.plan.neuronsPerCore);
    this.spikes += this.fired;
    this.rememberFired();
  }

  /** All neurons of the core that starts with neuron `from` fire; the others do as they do. */
  private integrateAround(from: number): void {
    const to = Math.min(from + this.plan.neuronsPerCore, this.plan.neurons);
    this.integrate(0, from);
    for (let i = from; i < to; i++) this.firedIds[this.fired++] = i;
    this.arrived.fill(0, from, to);
    this.potential.fill(0, from, to);
    this.integrate(to, this.plan.neurons);
  }

  /** The sum of independent Poisson inputs is one Poisson number, spread evenly. */
  private takeInput(): void {
    const { plan, random, arrived, meter, firstCore, coreShift } = this;
    if (this.inputRatio !== this.poissonRatio) {
      this.poisson = this.poissonOf(this.inputRatio);
      this.poissonRatio = this.inputRatio;
    }
    const events = this.poisson.draw(random);
    const { stepSynOps, stepSpikesIn } = meter;
    for (let event = 0; event < events; event++) {
      const id = random.below(plan.neurons);
      arrived[id] = (arrived[id] as number) + plan.inputMv;
      const core = firstCore + (id >>> coreShift);
      stepSynOps[core] = (stepSynOps[core] as number) + 1;
      stepSpikesIn[core] = (stepSpikesIn[core] as number) + 1;
    }
  }

  private poissonOf(ratio: number): Poisson {
    return new Poisson(this.plan.neurons * this.plan.inputHz * (STEP_US / 1e6) * ratio);
  }

  private integrate(from: number, to: number): void {
    const { potential, arrived, firedIds, biasMv } = this;
    // Imported numbers are read anew in each round of a loop; these are not.
    const decay = DECAY;
    const threshold = THRESHOLD_MV;
    let fired = this.fired;
    for (let i = from; i < to; i++) {
      const next = (potential[i] as number) * decay + (arrived[i] as number) + biasMv;
      if (next >= threshold) {
        potential[i] = 0;
        firedIds[fired++] = i;
      } else {
        potential[i] = next;
      }
    }
    this.fired = fired;
    arrived.fill(0, from, to);
  }

  /**
   * What rests takes no input: its potential is 0 and stays there. Few rest at a time, so that
   * going through their ids is cheaper than asking every neuron.
   */
  private holdResting(): void {
    const { arrived, biasMv } = this;
    for (let step = 0; step < REFRACTORY_STEPS; step++) {
      const ids = this.resting[step] as Uint32Array;
      const count = this.restingCount[step] as number;
      for (let i = 0; i < count; i++) arrived[ids[i] as number] = -biasMv;
    }
  }

  private rememberFired(): void {
    const oldest = this.resting.shift() as Uint32Array;
    this.restingCount.shift();
    for (let i = 0; i < this.fired; i++) oldest[i] = this.firedIds[i] as number;
    this.resting.push(oldest);
    this.restingCount.push(this.fired);
  }

  /** Each spike of a layer that feeds no other is one packet for the host. */
  sendToHost(): void {
    const { stepAxonOut } = this.meter;
    for (let i = 0; i < this.fired; i++) {
      const core = this.firstCore + ((this.firedIds[i] as number) >>> this.coreShift);
      stepAxonOut[core] = (stepAxonOut[core] as number) + 1;
    }
  }

  /** Potential as the chip tells it: mV, or, on Loihi 2, a whole number with 6400 at threshold. */
  told(neuron: number, unit: 'mV' | '1'): number {
    const above = this.potential[neuron] as number;
    return unit === 'mV' ? REST_MV + above : Math.round((above / THRESHOLD_MV) * 6400);
  }
}
