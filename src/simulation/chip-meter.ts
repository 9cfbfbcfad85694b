import { type ChipPlan, STEP_US } from './plan.ts';

/**
 * The work of a chip's cores, by step and since the start, and what it costs in time and energy.
 * All columns have one value a core, in the order of the cores.
 */
export class ChipMeter {
  readonly plan: ChipPlan;
  readonly cores: number;
  /** [cores] the layer on each core. */
  readonly layerNames: readonly string[];
  /** [cores] neurons of each core, all updated in each step. */
  readonly neurons: Float64Array;
  /** [cores] of the step that is under way; cleared by `endStep`. */
  readonly stepSynOps: Float64Array;
  readonly stepAxonOut: Float64Array;
  readonly stepSpikesIn: Float64Array;
  /** Spikes of other chips that came in and were dropped in this step. */
  stepPacketsIn = 0;
  stepDropped = 0;
  /** [cores] since the start. */
  readonly synOps: Float64Array;
  readonly dendriteUpdates: Float64Array;
  readonly axonOut: Float64Array;
  readonly spikesIn: Float64Array;
  readonly timerOverruns: Float64Array;
  readonly lateSpikes: Float64Array;
  readonly busyUs: Float64Array;
  dropped = 0;
  /** Hardware time of all steps. */
  totalUs = 0;
  /** Energy of all steps, static part included. */
  totalJ = 0;
  /** [rails] energy since the start, static part left out. */
  readonly dynamicJ: Float64Array;
  /** Energy of one event, as a multiple of the plan's. */
  energyRatio = 1;

  constructor(plan: ChipPlan, cores: readonly { layer: string; neurons: number }[]) {
    this.plan = plan;
    this.cores = cores.length;
    this.layerNames = cores.map((core) => core.layer);
    this.neurons = Float64Array.from(cores, (core) => core.neurons);
    const column = () => new Float64Array(this.cores);
    this.stepSynOps = column();
    this.stepAxonOut = column();
    this.stepSpikesIn = column();
    this.synOps = column();
    this.dendriteUpdates = column();
    this.axonOut = column();
    this.spikesIn = column();
    this.timerOverruns = column();
    this.lateSpikes = column();
    this.busyUs = column();
    this.dynamicJ = new Float64Array(plan.power.rails.length);
  }

  get coreIds(): Uint32Array {
    return Uint32Array.from({ length: this.cores }, (_, i) => this.plan.firstCoreId + i);
  }

  get staticWatts(): number {
    return this.plan.power.rails.reduce((sum, rail) => sum + rail.staticWatts, 0);
  }

  /** Whether a spike of another chip still finds room in this step. */
  takesPacket(): boolean {
    if (this.stepPacketsIn >= this.plan.packetsInMax) {
      this.stepDropped++;
      return false;
    }
    this.stepPacketsIn++;
    return true;
  }

  endStep(): void {
    const { time } = this.plan;
    let slowest = 0;
    let packets = 0;
    let dendrites = 0;
    let synOps = 0;
    for (let core = 0; core < this.cores; core++) {
      const neurons = this.neurons[core] as number;
      const coreSynOps = this.stepSynOps[core] as number;
      const axonOut = this.stepAxonOut[core] as number;
      const busy = neurons * time.dendriteUs + coreSynOps * time.synOpUs + axonOut * time.axonOutUs;
      if (time.periodUs !== undefined && busy > time.periodUs) {
        this.overrun(core, busy - time.periodUs);
      }
      if (busy > slowest) slowest = busy;
      dendrites += neurons;
      synOps += coreSynOps;
      packets += axonOut;
      this.addTotals(core, busy);
    }
    const workUs = time.barrierUs + slowest + packets * time.packetUs;
    this.totalUs += Math.max(time.periodUs ?? 0, workUs);
    this.addEnergy(dendrites, synOps, packets);
    this.dropped += this.stepDropped;
    this.stepPacketsIn = 0;
    this.stepDropped = 0;
  }

  /** A core that is not done at its timer's next tick leaves the step's last spikes for later. */
  private overrun(core: number, overUs: number): void {
    const spikesIn = this.stepSpikesIn[core] as number;
    const spikeUs = ((this.stepSynOps[core] as number) / spikesIn) * this.plan.time.synOpUs;
    (this.timerOverruns[core] as number)++;
    const late = spikesIn === 0 ? 0 : Math.min(spikesIn, Math.ceil(overUs / spikeUs));
    this.lateSpikes[core] = (this.lateSpikes[core] as number) + late;
  }

  private addTotals(core: number, busyUs: number): void {
    this.busyUs[core] = (this.busyUs[core] as number) + busyUs;
    this.dendriteUpdates[core] =
      (this.dendriteUpdates[core] as number) + (this.neurons[core] as number);
    this.synOps[core] = (this.synOps[core] as number) + (this.stepSynOps[core] as number);
    this.axonOut[core] = (this.axonOut[core] as number) + (this.stepAxonOut[core] as number);
    this.spikesIn[core] = (this.spikesIn[core] as number) + (this.stepSpikesIn[core] as number);
    this.stepSynOps[core] = 0;
    this.stepAxonOut[core] = 0;
    this.stepSpikesIn[core] = 0;
  }

  private addEnergy(dendrites: number, synOps: number, packets: number): void {
    const { rails } = this.plan.power;
    for (let i = 0; i < rails.length; i++) {
      const rail = rails[i] as (typeof rails)[number];
      const events = dendrites * rail.dendriteJ + synOps * rail.synOpJ + packets * rail.axonOutJ;
      const joules = events * this.energyRatio;
      this.dynamicJ[i] = (this.dynamicJ[i] as number) + joules;
      this.totalJ += joules + rail.staticWatts * (STEP_US / 1e6);
    }
  }
}
