/** What the default network consists of, and where it sits. Times in steps are of 1 ms. */

export const STEP_US = 1000;

/** Leaky integrate-and-fire, in mV above rest: -65 mV at rest and reset, -50 mV at threshold. */
export const REST_MV = -65;
export const THRESHOLD_MV = 15;
/** What is left of a potential after a step: forward Euler with a time constant of 20 ms. */
export const DECAY = 1 - 1 / 20;
export const REFRACTORY_STEPS = 2;

export interface ChipPlan {
  readonly deviceType: string;
  readonly chipId: string;
  /** Cores of the chip are numbered from here (SpiNNaker's core 0 is its monitor). */
  readonly firstCoreId: number;
  readonly time: TimePlan;
  readonly power: PowerPlan;
  /** Spikes a step that its router takes in from other chips; the rest is dropped. */
  readonly packetsInMax: number;
}

/**
 * How long a step takes. A chip with a barrier (Loihi) ends it when the slowest core has: step =
 * barrier + max busy + packets · perPacket. One with a timer (SpiNNaker) has a period it overruns.
 */
export interface TimePlan {
  readonly periodUs: number | undefined;
  readonly barrierUs: number;
  readonly packetUs: number;
  readonly dendriteUs: number;
  readonly synOpUs: number;
  readonly axonOutUs: number;
}

/**
 * Energies of events on each rail. They are not those of one event on silicon: 3,000 neurons stand
 * in for a full chip, so that dynamic power is about as large as static, as measured on Loihi 2.
 */
export interface PowerPlan {
  readonly origin: 'measured' | 'estimated';
  /** Whether samples say the energy since the last one. */
  readonly hasJoules: boolean;
  readonly rails: readonly RailPlan[];
  /** Rails are told one by one beside the total. */
  readonly tellsRails: boolean;
}

export interface RailPlan {
  readonly name: string;
  readonly staticWatts: number;
  readonly noiseWatts: number;
  readonly dendriteJ: number;
  readonly synOpJ: number;
  readonly axonOutJ: number;
}

export interface LayerPlan {
  readonly name: string;
  /** Index in `chips`. */
  readonly chip: number;
  readonly neurons: number;
  /** A power of two; the last core may have fewer. */
  readonly neuronsPerCore: number;
  /** Events of the Poisson input of each neuron, and what one adds to its potential. */
  readonly inputHz: number;
  readonly inputMv: number;
}

export interface LinkPlan {
  /** Indexes in `layers`. */
  readonly from: number;
  readonly to: number;
  /** Synapses of each neuron of `from`, spread evenly at random over `to`. */
  readonly fanOut: number;
  /** Mean weight of an excitatory synapse; an inhibitory one has INHIBITION times that. */
  readonly weightMv: number;
  /** Its updates are told: the layer learns. */
  readonly learns: boolean;
}

export interface NetworkPlan {
  readonly chips: readonly ChipPlan[];
  readonly layers: readonly LayerPlan[];
  readonly links: readonly LinkPlan[];
}

/** Every n-th neuron inhibits all its targets. */
export const INHIBITORY_EVERY = 5;
export const INHIBITION = -1.5;

const NANO = 1e-9;

function loihi2(chipId: string): ChipPlan {
  return {
    deviceType: 'loihi2',
    chipId,
    firstCoreId: 0,
    packetsInMax: Number.POSITIVE_INFINITY,
    // One axon costs 1.5 times as much core as network time: a core that sends without end
    // lengthens the step as much as itself, and its utilization hardly moves.
    time: {
      periodUs: undefined,
      barrierUs: 8,
      packetUs: 0.04,
      dendriteUs: 0.15,
      synOpUs: 0.05,
      axonOutUs: 0.06,
    },
    power: {
      origin: 'measured',
      hasJoules: true,
      tellsRails: true,
      rails: [
        rail('vdd', 0.12, 0.004, [50 * NANO, 30 * NANO, 150 * NANO]),
        rail('vddm', 0.08, 0.003, [10 * NANO, 70 * NANO, 0]),
        rail('vddio', 0.03, 0.001, [0, 0, 60 * NANO]),
      ],
    },
  };
}

function spinnaker(chipId: string): ChipPlan {
  return {
    deviceType: 'spinnaker',
    chipId,
    firstCoreId: 1,
    packetsInMax: 96,
    time: {
      periodUs: 1000,
      barrierUs: 0,
      packetUs: 0,
      dendriteUs: 3,
      synOpUs: 1.5,
      axonOutUs: 2,
    },
    power: {
      origin: 'estimated',
      hasJoules: false,
      tellsRails: false,
      rails: [rail('total', 0.36, 0.004, [400 * NANO, 300 * NANO, 500 * NANO])],
    },
  };
}

/** @param joules of a dendrite update, a synaptic operation, an axon's packet */
function rail(
  name: string,
  staticWatts: number,
  noiseWatts: number,
  joules: readonly [number, number, number],
): RailPlan {
  const [dendriteJ, synOpJ, axonOutJ] = joules;
  return { name, staticWatts, noiseWatts, dendriteJ, synOpJ, axonOutJ };
}

export const CHIP_LOIHI_0 = 0;
export const CHIP_LOIHI_1 = 1;
export const CHIP_SPINNAKER = 2;

/** A spiking transformer's layers in a row: 3,008 neurons, 25 cores, three chips. */
export const DEFAULT_PLAN: NetworkPlan = {
  chips: [loihi2('0'), loihi2('1'), spinnaker('0-0')],
  layers: [
    layer('embed', CHIP_LOIHI_0, 1024, 128, 50, 9.5),
    layer('attention', CHIP_LOIHI_0, 768, 128, 60, 4),
    layer('mlp1', CHIP_LOIHI_1, 640, 128, 60, 4),
    layer('mlp2', CHIP_LOIHI_1, 384, 128, 60, 4),
    layer('readout', CHIP_SPINNAKER, 192, 64, 60, 4),
  ],
  // Weights that bring each layer to about 15 Hz: a little more, and each fires more than the last.
  links: [
    { from: 0, to: 1, fanOut: 24, weightMv: 1.4, learns: false },
    { from: 1, to: 2, fanOut: 24, weightMv: 1.48, learns: false },
    { from: 2, to: 3, fanOut: 24, weightMv: 1.08, learns: true },
    { from: 3, to: 4, fanOut: 20, weightMv: 1.15, learns: false },
  ],
};

function layer(
  name: string,
  chip: number,
  neurons: number,
  neuronsPerCore: number,
  inputHz: number,
  inputMv: number,
): LayerPlan {
  return { name, chip, neurons, neuronsPerCore, inputHz, inputMv };
}
