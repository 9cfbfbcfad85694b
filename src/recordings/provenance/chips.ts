import type { CoresFrame } from '../../frames/cores.ts';
import type { HealthFrame } from '../../frames/health.ts';
import { FRAME_LIMITS } from '../../frames/limits.ts';
import type { PowerFrame } from '../../frames/power.ts';
import { recordedHeader } from '../frame-layer.ts';
import type { ReadingNotes } from '../reading-notes.ts';
import { byChip, wordsOf } from './counters.ts';
import type { PlacedValues, Provenance } from './database.ts';
import { DEVICE_TYPE, energyFrame, lastSpan, type Phase } from './phases.ts';

const ENERGY = 'Energy (Joules)';

/**
 * What sPyNNaker estimates with: W of a chip that idles, and of all of its 18 cores when they are
 * active on top of that (compute_energy_used.py; SpiNNaker: A 1-W 18-Core System-on-Chip, 2013).
 */
const IDLE_CHIP_W = 0.36;
const ACTIVE_CHIP_W = 1 - IDLE_CHIP_W;
const CORES_OF_CHIP = 18;

/** Joules of a core or router: written once for each property of the report, each time the same. */
export function energyOf({ values }: PlacedValues): number | undefined {
  const list = values.get(ENERGY);
  if (list === undefined) return undefined;
  return [...new Set(list)].reduce((sum, value) => sum + value, 0);
}

/** Energy of a chip's active cores, and how busy each of them was, by that energy. */
export function coreFrames(
  provenance: Provenance,
  phase: Phase,
  notes: ReadingNotes,
): (CoresFrame | PowerFrame)[] {
  const told = provenance.cores.filter((core) => core.values.has(ENERGY));
  if (told.length === 0) return [];
  const runSeconds = runSecondsOf(provenance, told);
  if (runSeconds === undefined) {
    notes.remark('How busy its cores were is not shown: the energy of its chips is not in it.');
  } else {
    notes.remark(
      `How busy each core was is estimated from its energy, ${shortened(runSeconds)} s of run and \
${ACTIVE_CHIP_W} W for the ${CORES_OF_CHIP} cores of a chip.`,
    );
  }
  return byChip(told).flatMap(([chipId, cores]) => {
    const joules = cores.reduce((sum, core) => sum + (energyOf(core) ?? 0), 0);
    const power = energyFrame(phase, chipId, 'cores', joules);
    if (runSeconds === undefined) return [power];
    return [power, busyFrame(chipId, cores, runSeconds, phase)];
  });
}

/** How long the network ran: what is left of the chips' energy is that of idling. */
function runSecondsOf({ power }: Provenance, cores: readonly PlacedValues[]): number | undefined {
  const chip = power.get('Chip energy (Joules)');
  const chips = power.get('Num_chips');
  if (chip === undefined || chips === undefined || chips <= 0) return undefined;
  const active = cores.reduce((sum, core) => sum + (energyOf(core) ?? 0), 0);
  const seconds = (chip - active) / (IDLE_CHIP_W * chips);
  return seconds > 0 ? seconds : undefined;
}

function busyFrame(
  chipId: string,
  cores: readonly PlacedValues[],
  runSeconds: number,
  phase: Phase,
): CoresFrame {
  const { t0Us, spanUs } = lastSpan(phase);
  const busyW = ACTIVE_CHIP_W / CORES_OF_CHIP;
  return {
    kind: 'cores',
    ...recordedHeader({ deviceType: DEVICE_TYPE, chipId }, t0Us, spanUs),
    coreId: Uint32Array.from(cores, ({ p }) => p),
    utilizationPercent: Float32Array.from(cores, (core) => {
      const percent = (100 * (energyOf(core) ?? 0)) / (busyW * runSeconds);
      return Math.min(100, Math.max(0, percent));
    }),
    layerNames: cores.map(({ name }) => layerOf(name)),
  };
}

/** The population of a vertex, such as `chain_0:0:99`; '' for what holds no neurons. */
export function layerOf(vertex: string): string {
  return (/^(.+?)(?:_neurons)?:\d+[:-]\d+$/.exec(vertex)?.[1] ?? '').slice(
    0,
    FRAME_LIMITS.stringCharsMax,
  );
}

/** What sPyNNaker itself warns of: events that were lost or came too late. */
const TROUBLES: ReadonlySet<string> = new Set([
  'times_the_transmission_of_spikes_overran',
  'times_the_callback_queue_was_overloaded',
  'times_the_dma_queue_was_overloaded',
  'times_the_user_queue_was_overloaded',
  'times_the_background_queue_overloaded',
  'times_the_timer_tic_over_ran',
  'number_of_times_the_tdma_fell_behind',
  'times_the_input_buffer_lost_packets',
  'number_of_late_spikes',
  'late_packets',
  'times_synaptic_weights_have_saturated',
  'times_plastic_synaptic_weights_have_saturated',
  'dropped_multicast_packets',
  'dropped_p2p_packets',
  'dropped_nn_packets',
  'dropped_fr_packets',
  'missed_for_reinjection',
  'reinjection_overflows',
  'dumped_from_a_link',
  'dumped_from_a_processor',
  'error_status',
]);
const TROUBLES_TOLD = 12;

/** One for each chip, when the run has ended: degraded where it lost something, and why. */
export function healthFrames({ cores, routers }: Provenance, phase: Phase): HealthFrame[] {
  return byChip([...cores, ...routers]).map(([chipId, places]) => {
    const troubles = troublesOf(places);
    return {
      kind: 'health',
      ...recordedHeader({ deviceType: DEVICE_TYPE, chipId }, phase.endUs, 0),
      status: troubles.length === 0 ? 'ok' : 'degraded',
      text: troubles.length === 0 ? undefined : troubles.slice(0, TROUBLES_TOLD).join('; '),
      temperatureC: undefined,
      forgotten: undefined,
    };
  });
}

function troublesOf(places: readonly PlacedValues[]): string[] {
  const counts = new Map<string, number>();
  for (const { values } of places) {
    for (const [description, list] of values) {
      const words = wordsOf(description);
      const sum = list.reduce((total, value) => total + value, 0);
      if (sum > 0 && TROUBLES.has(words)) counts.set(words, (counts.get(words) ?? 0) + sum);
    }
  }
  return [...counts].map(([words, count]) => `${words.replaceAll('_', ' ')}: ${count}`);
}

function shortened(value: number): number {
  return Number(value.toPrecision(6));
}
