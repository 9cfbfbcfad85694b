import { FRAME_LIMITS } from '../../frames/limits.ts';
import type { PowerFrame } from '../../frames/power.ts';
import { recordedHeader } from '../frame-layer.ts';
import type { ReadingNotes } from '../reading-notes.ts';
import type { Provenance } from './database.ts';

export const DEVICE_TYPE = 'spinnaker';
/** Stands for all chips of a run: energy by phase is told of the machine as a whole. */
export const MACHINE_CHIP = 'machine';

/** A stretch of a session: how long it took, and what it took. */
export interface Phase {
  readonly name: string;
  readonly startUs: number;
  readonly endUs: number;
  /** Joules by part, as sPyNNaker names it, in lower case. */
  readonly parts: ReadonlyMap<string, number>;
}

/** In the order of a session; the parts that were estimated for each. */
const PHASES: readonly (readonly [name: string, time: string, parts: readonly string[]])[] = [
  ['mapping', 'Mapping', ['Mapping']],
  ['data_gen', 'Data_gen', ['Data_gen']],
  ['loading', 'Loading', ['Loading']],
  ['execution', 'Exec', ['Chip', 'Packet', 'Baseline', 'Fpga_total']],
  ['saving', 'Saving', ['Saving']],
];
export const EXECUTION = 'execution';

/** Categories of timers that a phase goes by where no energy was reported. */
const CATEGORIES: Readonly<Record<string, readonly string[]>> = {
  mapping: ['mapping'],
  data_gen: ['data_generation', 'data generation'],
  loading: ['loading'],
  execution: ['execution', 'run_loop', 'running_stage'],
  saving: ['saving'],
};

/** Without times that could be told, something has to have a length. */
const UNKNOWN_US = 1_000_000;
/** The parts' sum and the total come from the same numbers, added in another order. */
const SUM_DIFFERENCE = 1e-9;

export function phasesOf(provenance: Provenance, notes: ReadingNotes): Phase[] {
  const { power } = provenance;
  const phases: Phase[] = [];
  let startUs = 0;
  for (const [name, time, partNames] of PHASES) {
    const parts = new Map<string, number>();
    for (const part of partNames) {
      const joules = power.get(`${part} energy (Joules)`);
      if (joules !== undefined) parts.set(part.toLowerCase(), joules);
    }
    const seconds = power.get(`${time} time (seconds)`) ?? timedSeconds(provenance, name);
    const hasEnergy = [...parts.values()].some((joules) => joules !== 0);
    const lengthUs = Math.max(hasEnergy ? 1 : 0, Math.round(seconds * 1e6));
    phases.push({ name, startUs, endUs: startUs + lengthUs, parts });
    startUs += lengthUs;
  }
  if (startUs === 0) {
    notes.remark('No times of phases are in it: the run is shown as one second.');
    const whole = { name: EXECUTION, startUs: 0, endUs: UNKNOWN_US, parts: new Map() };
    return [whole];
  }
  requireSum(provenance, phases, notes);
  return phases;
}

function timedSeconds({ timersMs, timersAreFractions }: Provenance, phase: string): number {
  if (timersAreFractions) return 0;
  let ms = 0;
  for (const [category, taken] of timersMs) {
    const words = category.toLowerCase().replace(/^timercategory\./, '');
    if (CATEGORIES[phase]?.includes(words)) ms += taken;
  }
  return ms / 1000;
}

/** Says so where the parts are not the total, as a version may have parts of other names. */
function requireSum({ power }: Provenance, phases: readonly Phase[], notes: ReadingNotes): void {
  const total = power.get('Total energy (Joules)');
  if (total === undefined) return;
  const sum = phases.reduce((all, { parts }) => all + joulesOf(parts), 0);
  if (Math.abs(sum - total) <= SUM_DIFFERENCE * Math.max(1, total)) return;
  notes.remark(
    `Its total energy is ${total} J, its parts that are known here add up to ${sum} J: the latter \
is shown.`,
  );
}

export function joulesOf(parts: ReadonlyMap<string, number>): number {
  return [...parts.values()].reduce((sum, joules) => sum + joules, 0);
}

/** One sample at the end of each phase: the whole, and each of its parts as a rail. */
export function powerFrames(phases: readonly Phase[]): PowerFrame[] {
  return phases.flatMap((phase) => {
    if (phase.parts.size === 0) return [];
    const parts = [...phase.parts].filter(([, joules]) => joules !== 0);
    return [
      energyFrame(phase, MACHINE_CHIP, 'total', joulesOf(phase.parts)),
      ...parts.map(([part, joules]) => energyFrame(phase, MACHINE_CHIP, part, joules)),
    ];
  });
}

/** Energy that a phase took, as the power that makes it. */
export function energyFrame(
  phase: Phase,
  chipId: string,
  rail: string,
  joules: number,
): PowerFrame {
  const { t0Us, spanUs } = lastSpan(phase);
  const tookUs = phase.endUs - phase.startUs;
  return {
    kind: 'power',
    ...recordedHeader({ deviceType: DEVICE_TYPE, chipId }, t0Us, spanUs),
    dtUs: Uint32Array.of(spanUs - 1),
    watts: Float64Array.of((joules * 1e6) / tookUs),
    joules: Float64Array.of(joules),
    stepUs: Float64Array.of(tookUs),
    rail,
    component: 'total',
    origin: 'estimated',
  };
}

/** The end of a phase, of which no frame is longer than a frame may be. */
export function lastSpan({ startUs, endUs }: Phase): { t0Us: number; spanUs: number } {
  const spanUs = Math.max(1, Math.min(endUs - startUs, FRAME_LIMITS.spanUsMax));
  return { t0Us: endUs - spanUs, spanUs };
}
