import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { holdsSamples, isWholeTable, planOfFiles, unrecognised } from './bare-files.ts';
import { META_FILE, type Meta, readMeta } from './meta.ts';
import { planOfMeta } from './meta-folder.ts';
import { ndjsonFormat } from './ndjson-read.ts';
import { type OpenOptions, requireOptions } from './plan-options.ts';
import { openProvenance, PROVENANCE, provenanceFormat } from './provenance/provenance.ts';
import { ReadingNotes } from './reading-notes.ts';
import type { Recording, RecordingFormat } from './recording.ts';
import { RecordingError } from './recording-error.ts';
import { SampledRecording } from './sampled-recording.ts';
import { spkFormat } from './spk-format.ts';

const FOLDER_FILES_MAX = 4096;

/** Formats that hold whole frames; tried before anything else. */
const FRAME_FORMATS: readonly RecordingFormat[] = [spkFormat, ndjsonFormat, provenanceFormat];

/**
 * Opens a recording, a file or a folder, by its content. What is odd about it is said in `notes`.
 * @throws RecordingError when there is nothing to read, saying what to do
 */
export async function openRecording(path: string, options: OpenOptions = {}): Promise<Recording> {
  requireOptions(options);
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'does not exist' : `cannot be opened: ${cause.message}`;
    throw new RecordingError('not_found', `${path} ${why}.`, { cause });
  });
  if (!found.isDirectory() && basename(path) !== META_FILE) {
    for (const format of FRAME_FORMATS) {
      if (await format.recognise(path)) return format.open(path);
    }
    return openFile(path, options);
  }
  return openFolder(found.isDirectory() ? path : dirname(path), options);
}

async function openFile(path: string, options: OpenOptions): Promise<Recording> {
  const notes = new ReadingNotes();
  const plan = await planOfFiles(basename(path), [path], options, notes);
  if (plan === undefined) throw await unrecognised(path);
  return new SampledRecording(plan, notes);
}

async function openFolder(path: string, options: OpenOptions): Promise<Recording> {
  const notes = new ReadingNotes();
  const meta = await readMeta(path);
  if (meta !== undefined) {
    const telemetry = telemetryOf(meta);
    if (telemetry !== undefined && samplesAndTables(meta) === 0) {
      return openProvenance(join(path, telemetry.path), meta.name ?? basename(resolve(path)));
    }
    if (telemetry !== undefined) {
      notes.remark(`${telemetry.path} is left out: its time is not that of the samples. Name it \
itself to read it.`);
    }
    return new SampledRecording(await planOfMeta(path, meta, options, notes), notes);
  }
  const entries = await readdir(path, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'));
  if (files.length > FOLDER_FILES_MAX) {
    throw new RecordingError(
      'too_large',
      `${path} has ${files.length} files, at most \
${FOLDER_FILES_MAX} are looked at. Name those of the recording in a meta.json.`,
    );
  }
  const paths = files.map((entry) => join(path, entry.name)).sort();
  const whole = await wholeRecording(path, paths);
  if (whole !== undefined) return openRecording(whole, options);
  const plan = await planOfFiles(basename(resolve(path)), paths, options, notes);
  if (plan === undefined) {
    const folders = entries.filter((entry) => entry.isDirectory());
    const names = entries.slice(0, 5).map((entry) => entry.name);
    const advice = folders.length > 0 ? ' Name a folder in it, if that is the recording.' : '';
    throw new RecordingError(
      'unrecognised',
      `${path} has no meta.json and no file of a format that \
this program reads (it holds ${names.join(', ') || 'nothing'}${entries.length > 5 ? ', …' : ''}).\
${advice}`,
    );
  }
  return new SampledRecording(plan, notes);
}

function telemetryOf({ telemetry = [] }: Meta) {
  return telemetry.find(({ format, alternative }) => format === PROVENANCE && !alternative);
}

/** Files of a meta.json that hold anything but what came after the run. */
function samplesAndTables({ spikes, events, vm, power, perf, core_activity }: Meta): number {
  const lists = [spikes, events, vm, power, perf, core_activity];
  return lists.reduce((sum, list) => sum + (list?.length ?? 0), 0);
}

/**
 * The file of a folder that is a recording by itself; undefined where there is none.
 * @throws RecordingError where there are more, or other samples beside it
 */
async function wholeRecording(
  folder: string,
  paths: readonly string[],
): Promise<string | undefined> {
  const whole: string[] = [];
  for (const path of paths) if (await isWhole(path)) whole.push(path);
  const [first] = whole;
  if (first === undefined) return undefined;
  for (const path of paths) {
    if (!whole.includes(path) && (await holdsSamples(path))) whole.push(path);
  }
  if (whole.length === 1) return first;
  const names = whole.slice(0, 5).map((path) => basename(path));
  throw new RecordingError(
    'several',
    `${folder} holds ${whole.length} recordings (${names.join(', ')}\
${whole.length > names.length ? ', …' : ''}): name one of them.`,
  );
}

async function isWhole(path: string): Promise<boolean> {
  for (const format of FRAME_FORMATS) if (await format.recognise(path)) return true;
  return isWholeTable(path);
}
