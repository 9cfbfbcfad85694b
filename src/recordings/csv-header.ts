import { asMap, type Fields, integerField, nameField } from '../frames/fields.ts';
import { FrameError } from '../frames/frame-error.ts';
import { FRAME_LIMITS } from '../frames/limits.ts';
import type { FileHead } from './file-head.ts';
import type { RecordedLayer } from './recording.ts';
import { RecordingError } from './recording-error.ts';
import { layerFields, readLayer } from './spk-header.ts';

/**
 * The comment that our CSV files begin with, so that nothing of the spikes is lost: other tools
 * skip it (pandas with `comment='#'`).
 *
 *     # spikescope-csv {"version":1,"name":"…","start_us":0,"duration_us":1000000}
 *     # layer {"name":"in","neuron_type":"lif","neuron_count":64,…,"column":"in"}
 *     time_us,layer,neuron
 *
 * `column` is what the column `layer` holds for this layer: its name, where that is plain and its
 * own. `timestep_us` is there where times are whole steps of that length.
 */
export interface CsvHeader {
  readonly name: string;
  readonly startUs: number;
  readonly durationUs: number;
  readonly timestepUs: number | undefined;
  readonly layers: readonly CsvLayer[];
}

export interface CsvLayer extends RecordedLayer {
  readonly column: string;
}

const VERSION = 1;
const MARK = '# spikescope-csv ';
const LAYER = '# layer ';
/** Readers look at the first 256 KiB of a file to know what it is. */
const HEADER_BYTES_MAX = 240 * 1024;

export function writeCsvHeader(header: CsvHeader): string {
  const about = {
    version: VERSION,
    name: header.name,
    start_us: header.startUs,
    duration_us: header.durationUs,
    timestep_us: header.timestepUs,
  };
  const layers = header.layers.map(
    (layer) => `${LAYER}${JSON.stringify({ ...layerFields(layer), column: layer.column })}\n`,
  );
  const text = `${MARK}${JSON.stringify(about)}\n${layers.join('')}time_us,layer,neuron\n`;
  if (Buffer.byteLength(text) > HEADER_BYTES_MAX) {
    throw new RecordingError(
      'too_large',
      `${header.layers.length} layers do not fit into the header of a CSV file, of at most \
${HEADER_BYTES_MAX} bytes. Write a .spk file instead.`,
    );
  }
  return text;
}

/**
 * The header of a CSV file of ours; undefined for any other file.
 * @throws RecordingError where the file says that it is one and its header is damaged
 */
export function readCsvHeader(file: FileHead): CsvHeader | undefined {
  const bytes = Buffer.from(file.bytes.buffer, file.bytes.byteOffset, file.bytes.length);
  if (!bytes.subarray(0, MARK.length).equals(Buffer.from(MARK))) return undefined;
  const layers: CsvLayer[] = [];
  let about: Omit<CsvHeader, 'layers'> | undefined;
  let number = 0;
  for (const line of bytes.toString('utf8').split(/\r?\n/)) {
    number++;
    if (!line.startsWith('#')) break;
    try {
      if (line.startsWith(MARK)) about = readAbout(fieldsOf(line.slice(MARK.length)));
      else if (line.startsWith(LAYER))
        layers.push(readCsvLayer(fieldsOf(line.slice(LAYER.length))));
    } catch (cause) {
      if (!(cause instanceof FrameError)) throw cause;
      throw new RecordingError(
        'table',
        `${file.name} line ${number}: ${cause.message}. It should be as this program wrote it; \
without the lines that begin with #, the file is read as any table.`,
        { cause },
      );
    }
  }
  return about && { ...about, layers };
}

function fieldsOf(json: string): Fields {
  try {
    return asMap(JSON.parse(json), 'header', FRAME_LIMITS);
  } catch (cause) {
    if (cause instanceof FrameError) throw cause;
    throw new FrameError('malformed', 'header', `is no JSON: ${(cause as Error).message}`);
  }
}

function readAbout(fields: Fields): Omit<CsvHeader, 'layers'> {
  integerField(fields, 'version', VERSION, VERSION);
  const startUs = integerField(fields, 'start_us', 0, Number.MAX_SAFE_INTEGER);
  return {
    name: nameField(fields, 'name', { ...FRAME_LIMITS, stringCharsMax: 1024 }),
    startUs,
    durationUs: integerField(fields, 'duration_us', startUs, Number.MAX_SAFE_INTEGER),
    timestepUs:
      fields['timestep_us'] === undefined
        ? undefined
        : integerField(fields, 'timestep_us', 1, Number.MAX_SAFE_INTEGER),
  };
}

function readCsvLayer(fields: Fields): CsvLayer {
  return { ...readLayer(fields), column: nameField(fields, 'column', FRAME_LIMITS) };
}

const PLAIN = /^[\p{L}\p{N}_][\p{L}\p{N}_.:/()+ -]*$/u;

/** What stands for a layer in the column: its name, or another one where that is not plain. */
export function columnOf(name: string, number: number, taken: ReadonlySet<string>): string {
  if (PLAIN.test(name) && name.trim() === name && !taken.has(name)) return name;
  let column = `layer-${number}`;
  while (taken.has(column)) column += '_';
  return column;
}
