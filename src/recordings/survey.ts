import { FRAME_LIMITS } from '../frames/limits.ts';
import { NAMES_MAX } from './name-table.ts';
import { ReadingNotes } from './reading-notes.ts';
import { RecordingError } from './recording-error.ts';
import { allocateSamples, type SampleFile } from './samples.ts';

const CHUNK_BYTES = 1 << 18;
const BATCH_SAMPLES = 1 << 14;

export interface IdRange {
  readonly min: number;
  readonly max: number;
}

/** What only the samples themselves tell, where no meta.json does. */
export interface Survey {
  readonly samples: number;
  readonly minUs: number;
  readonly maxUs: number;
  /** Ids by the name of their layer; '' for files that name none. */
  readonly ids: ReadonlyMap<string, IdRange>;
}

/** Reads all files once: the times they span and the ids in them. */
export async function surveySamples(files: readonly SampleFile[]): Promise<Survey> {
  const ids = new Map<string, { min: number; max: number }>();
  let samples = 0;
  let minUs = Number.POSITIVE_INFINITY;
  let maxUs = 0;
  for (const file of files) {
    const batch = allocateSamples(Math.max(BATCH_SAMPLES, file.samplesAtOnce), file.kind);
    // What is wrong with the file is said when it is read for its samples.
    const reader = await file.read(new ReadingNotes(), CHUNK_BYTES);
    try {
      for (await reader.fill(batch); batch.length > 0; await reader.fill(batch)) {
        samples += batch.length;
        let last = -2;
        let range = { min: 0, max: 0 };
        for (let i = 0; i < batch.length; i++) {
          const time = batch.timeUs[i] as number;
          if (time < minUs) minUs = time;
          if (time > maxUs) maxUs = time;
          const named = batch.layer[i] as number;
          const id = batch.neuron[i] as number;
          if (named !== last) {
            const name = reader.names[named] ?? '';
            range = ids.get(name) ?? { min: id, max: id };
            ids.set(name, range);
            last = named;
          }
          if (id < range.min) range.min = id;
          if (id > range.max) range.max = id;
        }
      }
    } finally {
      await reader.close();
    }
  }
  requireBounds(ids);
  return { samples, minUs: samples > 0 ? minUs : 0, maxUs, ids };
}

function requireBounds(ids: ReadonlyMap<string, IdRange>): void {
  if (ids.size > NAMES_MAX) {
    throw new RecordingError('too_large', `more than ${NAMES_MAX} layers are named in the files.`);
  }
  for (const [name, { max }] of ids) {
    if (max < FRAME_LIMITS.neuronCountMax) continue;
    const where = name === '' ? '' : ` in layer ${JSON.stringify(name)}`;
    throw new RecordingError(
      'too_large',
      `a neuron id ${max}${where}: without a meta.json ids lie \
below ${FRAME_LIMITS.neuronCountMax}. Write one that gives first_id and last_id of each layer.`,
    );
  }
}
