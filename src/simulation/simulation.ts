import type { Frame } from '../frames/frame.ts';
import { ChipProbes } from './chip-probes.ts';
import { Network } from './network.ts';
import { DEFAULT_PLAN, STEP_US } from './plan.ts';
import { Fault, SCENARIOS, STEADY } from './scenario.ts';
import { type Truth, TruthMeter } from './truth.ts';

export interface SimulationOptions {
  /** One of SCENARIO_NAMES. */
  readonly scenario: string;
  /** u32. */
  readonly seed: number;
  /** Time of the first step, µs. */
  readonly startUs: number;
  /** A multiple of STEP_US. */
  readonly durationUs: number;
}

/** A part of the network as its frames name it. */
export interface SimulatedLayer {
  readonly name: string;
  readonly neuronType: string;
  readonly neuronCount: number;
  readonly deviceType: string;
  readonly chipId: string;
}

/** A run shorter than this has no room for a fault and what is to be seen around it. */
export const FAULT_RUN_US_MIN = 1_000_000;

/**
 * A run of the default network: the frames that its chips send, and the truth on what went wrong.
 * It draws no number and reads no clock but its own, so that options alone decide every frame.
 */
export class Simulation {
  /** The time covered, as of a recording: `durationUs` is its end. */
  readonly info: { readonly startUs: number; readonly durationUs: number };
  readonly runId: string;
  readonly layers: readonly SimulatedLayer[];
  private readonly network: Network;
  private readonly chips: readonly ChipProbes[];
  private readonly fault: Fault | undefined;
  private readonly truthMeter: TruthMeter | undefined;
  private readonly steps: number;
  private stepsDone = 0;

  /** @throws RangeError where an option is not what it should be */
  constructor({ scenario, seed, startUs, durationUs }: SimulationOptions) {
    this.steps = checkedSteps(startUs, durationUs);
    this.info = { startUs, durationUs: startUs + durationUs };
    this.runId = `simulate-${scenario}-${seed}`;
    this.network = new Network(DEFAULT_PLAN, checkedSeed(seed));
    this.chips = this.network.meters.map(
      (meter) => new ChipProbes(this.network, meter, seed, this.runId),
    );
    this.layers = this.network.layers.map(({ plan, meter }) => ({
      name: plan.name,
      neuronType: 'lif',
      neuronCount: plan.neurons,
      deviceType: meter.plan.deviceType,
      chipId: meter.plan.chipId,
    }));
    if (scenario === STEADY) return;
    const found = SCENARIOS.find(({ name }) => name === scenario);
    if (found === undefined) throw new RangeError(`there is no scenario "${scenario}"`);
    if (durationUs < FAULT_RUN_US_MIN) {
      throw new RangeError(`a run of ${scenario} takes ${FAULT_RUN_US_MIN} µs or more`);
    }
    this.fault = new Fault(found, this.steps);
    this.truthMeter = new TruthMeter(this.network, this.fault, startUs);
  }

  /**
   * All frames, in the order of their t0, computed as they are asked for; the last ones may be
   * shorter. Their columns are their own. May be called once.
   */
  *frames(frameSpanUs: number): Generator<Frame, void, undefined> {
    if (this.stepsDone > 0) throw new Error('a simulation runs once: make another');
    const span = frameSpanUs / STEP_US;
    if (!Number.isInteger(span) || span < 1) {
      throw new RangeError(
        `frames need a span in whole steps of ${STEP_US} µs, got ${frameSpanUs}`,
      );
    }
    for (let first = 0; first < this.steps; first += span) {
      const end = Math.min(first + span, this.steps);
      for (let step = first; step < end; step++) this.step(step, (step - first) * STEP_US);
      const tick = { startUs: this.info.startUs, first, end };
      // Heartbeats begin within the tick: after all that begins with it.
      const frames = this.chips.flatMap((chip) => chip.take(tick));
      yield* frames.filter(({ kind }) => kind !== 'health');
      yield* frames.filter(({ kind }) => kind === 'health').sort((a, b) => a.t0Us - b.t0Us);
    }
  }

  private step(step: number, dtUs: number): void {
    this.fault?.before(step, this.network);
    this.truthMeter?.before(step);
    for (const chip of this.chips) chip.before(step, this.info.startUs);
    this.network.step();
    for (const chip of this.chips) chip.after(step, dtUs);
    this.stepsDone = step + 1;
  }

  /** What went wrong in what was simulated so far. */
  truth(): Truth {
    return this.truthMeter?.truth(this.stepsDone) ?? { labels: [] };
  }
}

function checkedSteps(startUs: number, durationUs: number): number {
  const steps = durationUs / STEP_US;
  if (!Number.isInteger(steps) || steps < 1) {
    throw new RangeError(`a run takes whole steps of ${STEP_US} µs, got ${durationUs}`);
  }
  if (
    !Number.isSafeInteger(startUs) ||
    startUs < 0 ||
    !Number.isSafeInteger(startUs + durationUs)
  ) {
    throw new RangeError(`start ${startUs} and end are no whole µs up to 2^53 - 1`);
  }
  return steps;
}

function checkedSeed(seed: number): number {
  if (Number.isInteger(seed) && seed >= 0 && seed <= 0xffff_ffff) return seed;
  throw new RangeError(`a seed is a whole number from 0 to 2^32 - 1, got ${seed}`);
}
