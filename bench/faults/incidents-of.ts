import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { driveOperator, NO_CHECKPOINT } from '../../src/analysis/drive-operator.ts';
import type { Incident } from '../../src/anomalies/incident.ts';
import type { MuteRecord } from '../../src/anomalies/mutes.ts';
import { anomalyOptions } from '../../src/anomalies/options.ts';
import { isIncident, isWatched, watchAnomalies } from '../../src/anomalies/watch-anomalies.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { openRecording } from '../../src/recordings/open.ts';
import { Simulation } from '../../src/simulation/simulation.ts';
import type { Truth } from '../../src/simulation/truth.ts';

const SPAN_US = 100_000;

export interface Watched {
  readonly incidents: readonly Incident[];
  readonly truth: Truth | undefined;
  readonly durationUs: number;
}

/** The operator with its defaults, fed by hand. */
export function watch() {
  const incidents: Incident[] = [];
  const mutes: MuteRecord[] = [];
  const driven = driveOperator(
    watchAnomalies(anomalyOptions.parse({}), NO_CHECKPOINT, () => {}),
    (record) => {
      if (isIncident(record)) incidents.push(record);
      else mutes.push(record);
    },
  );
  return {
    incidents,
    mutes,
    next: (frame: Frame) => {
      if (isWatched(frame)) driven.next(frame);
    },
    complete: () => driven.complete(),
  };
}

export async function ofRecording(folder: string, spanUs = SPAN_US): Promise<Watched> {
  const watched = watch();
  const recording = await openRecording(folder);
  try {
    for await (const frame of recording.frames(spanUs)) watched.next(frame);
  } finally {
    await recording.close();
  }
  watched.complete();
  const labels = await readFile(join(folder, 'labels.json'), 'utf8').catch(() => undefined);
  const parsed = labels === undefined ? undefined : (JSON.parse(labels) as unknown);
  const truth = Array.isArray(parsed) ? { labels: parsed } : parsed;
  return {
    incidents: watched.incidents,
    truth: truth as Truth | undefined,
    durationUs: recording.info.durationUs,
  };
}

export function ofSimulation(scenario: string, seed: number, seconds: number): Watched {
  const durationUs = seconds * 1_000_000;
  const simulation = new Simulation({ scenario, seed, startUs: 0, durationUs });
  const watched = watch();
  for (const frame of simulation.frames(SPAN_US)) watched.next(frame);
  watched.complete();
  return { incidents: watched.incidents, truth: simulation.truth(), durationUs };
}
