import {
  activityFrame,
  benchmarkFrame,
  coresFrame,
  healthFrame,
  inferenceFrame,
  logFrame,
  membraneFrame,
  powerFrame,
  spikesFrame,
  synapsesFrame,
} from '../../src/emitter/frame-builders.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { RUN_END } from '../../src/operators/track-runs.ts';
import { conversionEvents } from '../../test/operators/conversion-events.ts';

export type Random = () => number;

/** Event time that one round of a chip's frames covers. */
export const SLOT_US = 200_000;

/** A chip with what it has, and where its time stands. */
export interface Chip {
  readonly deviceType: string;
  readonly chipId: string;
  /** Layer name to neurons. */
  readonly layers: ReadonlyMap<string, number>;
  readonly unit: string;
  readonly isStepped: boolean;
  readonly runs: RunsOfChip;
  t0Us: number;
  slot: number;
  synOps: number;
}

/** The runs that a chip takes part in, one after the other. */
export interface RunsOfChip {
  /** Of their names; chips with the same have them together. */
  readonly name: string;
  readonly slots: number;
  /** Each chip says of each when it has ended, and that is never lost. */
  readonly isJoint: boolean;
}

const SPIKES_MAX = 60;

/** The run that a chip is in. */
export function runOf({ runs, slot }: Chip): string {
  return `run-${runs.name}-${Math.floor(slot / runs.slots)}`;
}

/** What ends that run, at the end of the slot before the one that the chip is at. */
export function runEnd({ deviceType, chipId, t0Us }: Chip, runId: string): Frame {
  const at = { deviceType, chipId, t0Us, spanUs: 0, runId };
  return logFrame({ ...at, level: 'INFO', text: 'done', eventType: RUN_END });
}

/** All frames of one slot of a chip, of every kind that chips send; deterministic. */
export function chipSlot(chip: Chip, random: Random): Frame[] {
  const { deviceType, chipId, t0Us, slot, runs } = chip;
  const runId = runOf(chip);
  const at = { deviceType, chipId, t0Us, spanUs: SLOT_US, runId };
  const frames: Frame[] = [];
  for (const [layerName, neuronCount] of chip.layers) {
    frames.push(spikes(chip, { ...at, layerName, neuronCount }, random));
    frames.push(membrane(chip, { ...at, layerName }, random));
  }
  frames.push(
    powerFrame({
      ...at,
      dtUs: [0, 50_000, 100_000, 150_000],
      watts: Array.from({ length: 4 }, () => random() * 2 - 0.02),
      rail: slot % 2 === 0 ? 'total' : 'vdd',
    }),
    activity(chip, at, random),
  );
  if (slot % 3 === 0) {
    const coreId = [0, 1, 2, 3];
    frames.push(
      coresFrame({ ...at, coreId, utilizationPercent: coreId.map(() => random() * 100) }),
      synapsesFrame({
        ...at,
        updates: [{ synapseType: 'excitatory', learningRule: 'stdp', count: slot % 7 }],
      }),
    );
  }
  if (slot % 10 === 0) frames.push(health(at, random));
  if (slot % runs.slots === runs.slots - 1 && (runs.isJoint || random() < 0.5)) {
    frames.push(runEnd({ ...chip, t0Us: t0Us + SLOT_US }, runId));
  }
  return frames;
}

type At = Pick<Frame, 'deviceType' | 'chipId' | 't0Us' | 'spanUs'> & { readonly runId: string };

function spikes(
  { isStepped, slot }: Chip,
  at: At & { readonly layerName: string; readonly neuronCount: number },
  random: Random,
): Frame {
  const count = Math.floor(random() * SPIKES_MAX);
  const draw = (below: number) => Array.from({ length: count }, () => Math.floor(random() * below));
  const steps = isStepped ? { timestep0: (slot * 2) % 90, timestepUs: 100_000 } : {};
  return spikesFrame({ ...at, ...steps, neuronId: draw(at.neuronCount), dtUs: draw(SLOT_US) });
}

function membrane(chip: Chip, at: At & { readonly layerName: string }, random: Random): Frame {
  const values = Array.from({ length: 4 }, () =>
    random() < 0.02 ? Number.NaN : -80 + random() * 100,
  );
  return membraneFrame({ ...at, neuronId: [0, 1], dtUs: [0, 90_000], values, unit: chip.unit });
}

function activity(chip: Chip, at: At, random: Random): Frame {
  chip.synOps += Math.floor(random() * 1000);
  return activityFrame({
    ...at,
    scope: 'chip',
    counters: { syn_ops: [chip.synOps], spikes_in: [Math.floor(chip.synOps / 3)] },
    cumulative: true,
    stepUs: 1000 + random(),
  });
}

function health(at: At, random: Random): Frame {
  const roll = random();
  const status = roll < 0.6 ? 'ok' : roll < 0.8 ? 'degraded' : 'down';
  return healthFrame({ ...at, spanUs: 0, status, temperatureC: 40 + random() * 10 });
}

/** What comes from the host of the chips: conversions, inferences, benchmarks, log lines. */
export function hostSlot(host: Chip, random: Random): Frame[] {
  const { deviceType, chipId, t0Us, slot } = host;
  const at = { deviceType, chipId, t0Us, spanUs: SLOT_US };
  const frames: Frame[] = [
    inferenceFrame({
      ...at,
      modelName: slot % 2 === 0 ? 'vit-tiny' : 'bert-tiny',
      hardware: 'loihi2',
      latencyUs: Array.from({ length: 3 }, () => random() * 1e5),
      energyJoules: random(),
      synapticOperations: 1000 + Math.floor(random() * 1e6),
      baselineEnergyJoules: 5 + random(),
      baselineName: 'gpu',
    }),
    logFrame({
      ...{ ...at, spanUs: 0, level: random() < 0.5 ? 'WARNING' : 'ERROR' },
      ...{ text: `line ${slot}`, eventType: 'hardware_error', errorMessage: 'no answer' },
      names: { logger: 'spikeformer', hardware_type: 'loihi2' },
    }),
  ];
  if (slot % 4 === 0) frames.push(...conversion(`c${slot}`, t0Us, random));
  if (slot % 5 === 0) {
    frames.push(
      benchmarkFrame({
        ...{ ...at, model: 'vit-tiny', hardware: 'cpu', durationUs: 1_000_000 },
        ...{ latencySeconds: random(), throughputPerSecond: random() * 100, accuracy: random() },
      }),
    );
  }
  return frames;
}

/** Some fail, and some never end. */
function conversion(id: string, t0Us: number, random: Random): Frame[] {
  const events = conversionEvents(id, t0Us);
  const frames: Frame[] = [events.started(), events.calibration(30_000, 20_000)];
  for (let layer = 0; layer < 3; layer++) {
    frames.push(events.layer(layer, 50_000 + layer * 10_000, 9000));
  }
  frames.push(events.compilation(120_000, 30_000));
  const roll = random();
  if (roll < 0.9) frames.push(events.finished(150_000, roll < 0.3 ? 'OutOfMemory' : undefined));
  return frames;
}
