import type { Network } from './network.ts';
import { CHIP_LOIHI_0, CHIP_LOIHI_1, CHIP_SPINNAKER, STEP_US } from './plan.ts';

/** Something that goes wrong for a part of the run, and what the truth says of it. */
export interface Scenario {
  readonly name: string;
  readonly summary: string;
  /** `type` of its labels. */
  readonly type: string;
  /** Onset and offset as parts of the run, 0 … 1. */
  readonly from: number;
  readonly to: number;
  /** Layers whose rates are labelled: the cause, and those behind it. */
  readonly causes: readonly string[];
  readonly effects: readonly string[];
  /** `param` of the layers' labels. */
  readonly param?: number;
  /** Its rates count from the onset on: what it does first is a part of what it does. */
  readonly isAtOnce?: boolean;
  /** A chip that is labelled, with what is special about it. */
  readonly chip?: ChipFault;
  /**
   * Turns the network's dials, before each step. `step` is the step since the onset, `length` all
   * steps of the fault; called once more with an undefined step when it is over.
   */
  turn(network: Network, step: number | undefined, length: number): void;
}

export interface ChipFault {
  /** Index of the chip in the plan. */
  readonly chip: number;
  readonly layer?: string;
  /** Core of the chip, counted from 0. */
  readonly core?: number;
  readonly energyFactorEnd?: number;
  readonly note: string;
}

const RATE_RATIO = 1.9;
const CLAMP_MV = -50;
const LOSS = 0.7;
const ENERGY_RATIO_END = 1.6;
/** Of layer mlp2: core 6 of its chip, after the five of mlp1. */
const STUCK_CORE = 1;
const BURST_EVERY_STEPS = 250;
/** Every neuron is pushed over the threshold again and again: 4 spikes, 3 ms apart. */
const BURST_STEPS = 12;
const BURST_MV = 20;
const OVERDRIVE_RATIO = 12;
/** A constant push moves a potential by its time constant in steps at most. */
const TIME_CONSTANT_STEPS = 20;

const ALL = ['embed', 'attention', 'mlp1', 'mlp2', 'readout'];

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'rate-step',
    summary: `the input of layer embed comes ${RATE_RATIO} times as often`,
    type: 'rate_step',
    from: 0.5,
    to: 0.7,
    causes: ['embed'],
    effects: ['attention', 'mlp1', 'mlp2', 'readout'],
    param: RATE_RATIO,
    turn: (network, step) => {
      network.layer('embed').inputRatio = step === undefined ? 1 : RATE_RATIO;
    },
  },
  {
    name: 'dead-layer',
    summary: 'layer attention is held 50 mV down and stops firing, to the end',
    type: 'dead_layer',
    from: 0.6,
    to: 1,
    causes: ['attention'],
    effects: ['mlp1', 'mlp2', 'readout'],
    param: CLAMP_MV,
    turn: (network, step) => {
      network.layer('attention').biasMv = step === undefined ? 0 : CLAMP_MV / TIME_CONSTANT_STEPS;
    },
  },
  {
    name: 'power-drift',
    summary: 'the energy of an event on chip loihi2/0 climbs by 60 %, to the end',
    type: 'power_drift',
    from: 0.4,
    to: 1,
    causes: [],
    effects: [],
    chip: {
      chip: CHIP_LOIHI_0,
      energyFactorEnd: ENERGY_RATIO_END,
      note: 'energy per event rises linearly from step to step; activity does not change',
    },
    turn: (network, step, length) => {
      const meter = network.meters[CHIP_LOIHI_0];
      if (meter === undefined) return;
      const progress = step === undefined ? 0 : (step + 1) / length;
      meter.energyRatio = 1 + (ENERGY_RATIO_END - 1) * progress;
    },
  },
  {
    name: 'stuck-core',
    summary: 'every neuron of core 6 of chip loihi2/1 fires in every step',
    type: 'stuck_core',
    from: 0.5,
    to: 0.7,
    causes: ['mlp2'],
    effects: ['readout'],
    chip: {
      chip: CHIP_LOIHI_1,
      layer: 'mlp2',
      core: 6,
      note: 'every neuron of the core fires at every timestep',
    },
    turn: (network, step) => {
      network.layer('mlp2').stuckCore = step === undefined ? undefined : STUCK_CORE;
    },
  },
  {
    name: 'link-drop',
    summary: '70 % of the spikes from layer attention to layer mlp1 are lost',
    type: 'link_drop',
    from: 0.5,
    to: 0.7,
    causes: ['mlp1'],
    effects: ['mlp2', 'readout'],
    param: LOSS,
    turn: (network, step) => {
      network.link('attention', 'mlp1').lossRatio = step === undefined ? 0 : LOSS;
    },
  },
  {
    name: 'burst',
    summary: 'all neurons of layer attention fire bursts together, four times a second',
    type: 'burst',
    from: 0.5,
    to: 0.7,
    causes: ['attention'],
    effects: ['mlp1', 'mlp2', 'readout'],
    param: 1e6 / (BURST_EVERY_STEPS * STEP_US),
    isAtOnce: true,
    turn: (network, step) => {
      const pushed = step !== undefined && step % BURST_EVERY_STEPS < BURST_STEPS;
      network.layer('attention').biasMv = pushed ? BURST_MV : 0;
    },
  },
  {
    name: 'overdrive',
    summary: `every layer's input comes ${OVERDRIVE_RATIO} times as often: all saturates`,
    type: 'overdrive',
    from: 0.5,
    to: 0.7,
    causes: ALL,
    effects: [],
    param: OVERDRIVE_RATIO,
    chip: {
      chip: CHIP_SPINNAKER,
      note: 'cores miss their timer, spikes come late, the router drops what is too much',
    },
    turn: (network, step) => {
      for (const name of ALL) {
        network.layer(name).inputRatio = step === undefined ? 1 : OVERDRIVE_RATIO;
      }
    },
  },
];

/** Nothing goes wrong. */
export const STEADY = 'steady';

export const SCENARIO_NAMES: readonly string[] = [STEADY, ...SCENARIOS.map(({ name }) => name)];

/** A fault of a run of known length: which steps it lasts, and when to turn the dials. */
export class Fault {
  readonly scenario: Scenario;
  /** Steps [from, to). */
  readonly from: number;
  readonly to: number;

  constructor(scenario: Scenario, steps: number) {
    this.scenario = scenario;
    this.from = Math.round(scenario.from * steps);
    this.to = Math.round(scenario.to * steps);
  }

  before(step: number, network: Network): void {
    if (step < this.from || step > this.to) return;
    const since = step === this.to ? undefined : step - this.from;
    this.scenario.turn(network, since, this.to - this.from);
  }
}
