import { basename } from 'node:path';
import type { Frame } from '../../frames/frame.ts';
import { ReadingNotes } from '../reading-notes.ts';
import type { Recording, RecordingFormat, RecordingInfo } from '../recording.ts';
import { coreFrames, healthFrames } from './chips.ts';
import { activityFrames } from './counters.ts';
import { isProvenance, type Provenance, readProvenance } from './database.ts';
import { EXECUTION, type Phase, phasesOf, powerFrames } from './phases.ts';

/** Name of the format in meta.json. */
export const PROVENANCE = 'spinnaker-provenance-sqlite';

/**
 * sPyNNaker's provenance of a run on SpiNNaker: what it cost and what went wrong, written when it
 * had ended. The recording's time is that of the session: mapping, data generation, loading,
 * execution, saving.
 */
export const provenanceFormat: RecordingFormat = {
  name: PROVENANCE,
  recognise: isProvenance,
  open: (path) => Promise.resolve(openProvenance(path, basename(path))),
};

export function openProvenance(path: string, name: string): Recording {
  const provenance = readProvenance(path);
  const notes = new ReadingNotes();
  const phases = phasesOf(provenance, notes);
  const frames = framesOf(provenance, phases, notes);
  remarkOn(provenance, notes);
  notes.openingDone();
  const info: RecordingInfo = {
    name,
    format: PROVENANCE,
    startUs: 0,
    durationUs: phases.at(-1)?.endUs ?? 0,
    layers: [],
  };
  return {
    info,
    notes,
    // A run's provenance is a few frames a chip, whatever span is asked for.
    async *frames() {
      yield* frames;
    },
    async close() {},
  };
}

function framesOf(provenance: Provenance, phases: Phase[], notes: ReadingNotes): Frame[] {
  const execution = (phases.find(({ name }) => name === EXECUTION) ?? phases[0]) as Phase;
  const frames: Frame[] = [
    ...powerFrames(phases),
    ...coreFrames(provenance, execution, notes),
    ...activityFrames(provenance, execution),
    ...healthFrames(provenance, execution),
  ];
  // Stable: frames of the same time stay in the order above.
  return frames.sort((a, b) => a.t0Us - b.t0Us);
}

function remarkOn({ power, runs, timersAreFractions }: Provenance, notes: ReadingNotes): void {
  if (power.size > 0) {
    notes.remark(
      'Its energies are estimates of sPyNNaker, from times and activity; the machine as a whole is \
chip "machine".',
    );
  }
  if (runs > 1) notes.remark(`It holds ${runs} runs: their times and energies are added up.`);
  if (timersAreFractions) {
    notes.remark(
      'Its timers hold the fraction of a second only (a fault of sPyNNaker of that time): phases \
take their lengths from its energy report.',
    );
  }
}
