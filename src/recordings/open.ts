import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { planOfFiles, unrecognised } from './bare-files.ts';
import { META_FILE, readMeta } from './meta.ts';
import { planOfMeta } from './meta-folder.ts';
import { ndjsonFormat } from './ndjson-read.ts';
import { type OpenOptions, requireOptions } from './plan-options.ts';
import { ReadingNotes } from './reading-notes.ts';
import type { Recording, RecordingFormat } from './recording.ts';
import { RecordingError } from './recording-error.ts';
import { SampledRecording } from './sampled-recording.ts';
import { spkFormat } from './spk-format.ts';

const FOLDER_FILES_MAX = 4096;

/** Formats that hold whole frames; tried before anything else. */
const FRAME_FORMATS: readonly RecordingFormat[] = [spkFormat, ndjsonFormat];

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
  const plan = await planOfFiles(basename(resolve(path)), paths, options, notes);
  if (plan === undefined) {
    const names = files.slice(0, 5).map((entry) => entry.name);
    throw new RecordingError(
      'unrecognised',
      `${path} has no meta.json and no file of a format that \
this program reads (it holds ${names.join(', ') || 'nothing'}${files.length > 5 ? ', …' : ''}).`,
    );
  }
  return new SampledRecording(plan, notes);
}
