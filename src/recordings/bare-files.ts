import { basename } from 'node:path';
import { timeColumn, timeUnitUs } from './column-names.ts';
import { type CoreFile, isCoreTable } from './core-frames.ts';
import { type CsvHeader, readCsvHeader } from './csv-header.ts';
import { type FileHead, readFileHead } from './file-head.ts';
import { Hdf5File } from './hdf5-file.ts';
import { hdf5Start } from './hdf5-signature.ts';
import { type OpenOptions, stepUs } from './plan-options.ts';
import { countsSteps, planEndUs, planStartUs } from './plan-time.ts';
import { layersOfSurvey, requireDistinctIds } from './population.ts';
import { describePower, type PowerFile } from './power-frames.ts';
import type { ReadingNotes } from './reading-notes.ts';
import { deviceOf } from './recorded-device.ts';
import { RecordingError } from './recording-error.ts';
import { SAMPLE_FORMATS } from './sample-formats.ts';
import type { RecordingPlan } from './sampled-recording.ts';
import type { SampleFile, SampleFormat, SampleKind } from './samples.ts';
import { surveySamples } from './survey.ts';
import { readTextTable } from './text-table.ts';
import { isColumn, textTimes } from './text-times.ts';

interface RecognisedSamples {
  readonly head: FileHead;
  readonly format: SampleFormat;
  readonly kind: SampleKind;
}

interface Recognised {
  readonly samples: RecognisedSamples[];
  readonly power: FileHead[];
  readonly perf: FileHead[];
  readonly cores: FileHead[];
  readonly unknown: FileHead[];
}

/**
 * Files without a meta.json: what each holds shows in its content, layers and duration in its
 * samples. Undefined when nothing is recognised.
 */
export async function planOfFiles(
  name: string,
  paths: readonly string[],
  options: OpenOptions,
  notes: ReadingNotes,
): Promise<RecordingPlan | undefined> {
  const found = await recognise(paths, options);
  const samples = await openSamples(found, options, notes);
  samples.sort((a, b) => Number(a.kind === 'membrane') - Number(b.kind === 'membrane'));
  const formats = samples.map((file) => file.format);
  if (found.perf.length > 0) formats.push('sanafe-perf');
  const usual = deviceOf('', formats);
  const device = {
    deviceType: options.deviceType ?? usual.deviceType,
    chipId: options.chipId ?? usual.chipId,
  };
  const dtUs = stepUs(options.dtMs);
  const power: PowerFile[] = [];
  for (const head of found.power.length > 0 ? found.power : found.perf) {
    const origin = usual.deviceType === 'loihi2' ? 'simulated' : 'measured';
    const file = { path: head.path, ...device, rail: 'total', component: 'total', origin } as const;
    power.push(await describePower(file, {}, dtUs));
  }
  const cores: CoreFile[] = found.cores.map(({ path }) => {
    return { path, ...device, dtUs, layerOfCore: undefined };
  });
  if (samples.length + power.length + cores.length === 0) return undefined;
  const stated = statedBy(found);
  if (stated !== undefined) {
    return { ...planOfHeader(stated, options), samples, power, cores };
  }
  remarkUnknown(found, samples, notes);
  if (countsSteps({ samples, power, cores }) && options.dtMs === undefined) {
    notes.remark('A timestep is taken as 1 ms, for there is no meta.json with a dt_ms.');
  }
  const survey = await surveySamples(samples);
  const given = { deviceType: options.deviceType, chipId: options.chipId };
  const layers = layersOfSurvey(survey, samples, device, given);
  requireDistinctIds(layers, samples);
  if (samples.length > 0 && survey.samples === 0) notes.remark(`${name} holds no samples.`);
  return {
    name,
    format: formats[0] ?? 'csv',
    startUs: planStartUs(survey, samples),
    endUs: await planEndUs(survey, samples, power, cores),
    layers,
    samples,
    power,
    cores,
    sorts: options.sorts ?? false,
  };
}

/** What a file of our own says of its recording, where there is no other beside it. */
function statedBy(found: Recognised): CsvHeader | undefined {
  const [only, ...others] = found.samples;
  const rest = found.power.length + found.perf.length + found.cores.length + others.length;
  return only === undefined || rest > 0 ? undefined : readCsvHeader(only.head);
}

function planOfHeader(header: CsvHeader, options: OpenOptions) {
  return {
    name: header.name,
    format: 'csv',
    startUs: header.startUs,
    endUs: header.durationUs,
    layers: header.layers.map((layer) => {
      const { deviceType = layer.deviceType, chipId = layer.chipId } = options;
      return { ...layer, deviceType, chipId, firstId: 0 };
    }),
    sorts: options.sorts ?? false,
  };
}

async function recognise(paths: readonly string[], options: OpenOptions): Promise<Recognised> {
  const found: Recognised = { samples: [], power: [], perf: [], cores: [], unknown: [] };
  for (const path of paths) {
    const head = await readFileHead(path);
    const table = readTextTable(head);
    let samples = await recogniseSamples(head);
    // Bare numbers may be anything, until somebody says what unit they have.
    if (samples.length === 0 && options.timeUnit !== undefined && table && isColumn(table)) {
      samples = [{ head, format: textTimes, kind: 'spikes' }];
    }
    const header = table?.header ?? [];
    const has = (...names: string[]) => names.every((column) => header.includes(column));
    const hasTime = header.some((column) => timeColumn(column) !== undefined);
    if (samples.length > 0) found.samples.push(...samples);
    else if (isCoreTable(header)) found.cores.push(head);
    else if (has('timestep', 'total_energy', 'sim_time')) found.perf.push(head);
    else if (hasTime && (has('power_w') || has('watts'))) found.power.push(head);
    else found.unknown.push(head);
  }
  return found;
}

/** What the first format that knows the file finds in it: several kinds, in some. */
async function recogniseSamples(head: FileHead): Promise<RecognisedSamples[]> {
  for (const format of SAMPLE_FORMATS) {
    const found = await format.recognise(head);
    const kinds = typeof found === 'string' ? [found] : (found ?? []);
    if (kinds.length > 0) return kinds.map((kind) => ({ head, format, kind }));
  }
  return [];
}

/**
 * Opens the files of samples. Several files of one format are parts of one recording; files of
 * another format most likely hold the same again, so only the first format of each kind is read.
 */
async function openSamples(
  found: Recognised,
  options: OpenOptions,
  notes: ReadingNotes,
): Promise<SampleFile[]> {
  const files: SampleFile[] = [];
  const chosen = new Map<SampleKind, string>();
  for (const { head, format, kind } of found.samples) {
    const opened = [
      await format.open(head, {
        kind,
        dtUs: stepUs(options.dtMs),
        timeUnitUs: timeUnitUs(options.timeUnit),
        unit: undefined,
        columns: undefined,
        valueColumn: undefined,
        layer: undefined,
      }),
    ].flat();
    const header = readTextTable(head)?.header?.join() ?? '';
    const family = `${opened[0]?.format ?? format.name} ${header}`;
    const first = chosen.get(kind) ?? family;
    chosen.set(kind, first);
    if (first === family) {
      files.push(...opened);
      continue;
    }
    notes.remark(`${head.name} is left out: there are ${kind} in another format already, and they \
may be the same. Say in a meta.json what each file holds.`);
  }
  return files;
}

function remarkUnknown(
  found: Recognised,
  samples: readonly SampleFile[],
  notes: ReadingNotes,
): void {
  if (samples.length > 0 && !areDescribed(samples)) {
    notes.remark(
      'There is no meta.json: layers, neurons and duration are those that occur in the \
data, so silent neurons past the last active one are not counted.',
    );
  }
  const spikes = found.samples.filter(({ kind }) => kind === 'spikes').map(({ head }) => head);
  if (spikes.length > 1) {
    notes.remark(`Read as parts of one recording: ${listed(spikes)}. Where they are several, name \
one of them instead of the folder.`);
  }
  if (found.unknown.length === 0) return;
  notes.remark(`Not recognised and left out: ${listed(found.unknown)}.`);
}

function listed(heads: readonly FileHead[]): string {
  const names = heads.slice(0, 5).map((head) => head.name);
  return `${names.join(', ')}${heads.length > names.length ? ', …' : ''}`;
}

/** Whether a file says all of a recording by itself. */
export async function isWholeTable(path: string): Promise<boolean> {
  const head = await readFileHead(path);
  return readCsvHeader(head) !== undefined;
}

/** Whether a file holds samples in one of the formats. */
export async function holdsSamples(path: string): Promise<boolean> {
  const head = await readFileHead(path);
  return (await recogniseSamples(head)).length > 0;
}

/** Whether the files say themselves how many neurons there are, and for how long. */
function areDescribed(files: readonly SampleFile[]): boolean {
  if (files.some(({ layers = [] }) => layers.length === 0)) return false;
  const layers = files.flatMap((file) => file.layers ?? []);
  const counted = layers.filter((layer) => layer.neuronCount !== undefined);
  const names = new Set(counted.map((layer) => layer.name));
  return layers.every(({ name }) => names.has(name)) && files.some(({ endUs }) => endUs);
}

/** Says why a single file cannot be read. */
export async function unrecognised(path: string): Promise<RecordingError> {
  const head = await readFileHead(path);
  const name = basename(path);
  if (head.size === 0) {
    return new RecordingError(
      'unrecognised',
      `${name} is empty (0 bytes): nothing was recorded, or \
its copy failed.`,
    );
  }
  const table = readTextTable(head);
  const formats = SAMPLE_FORMATS.map((format) => format.name).join(', ');
  if (hdf5Start(head) !== undefined) {
    const groups = await Hdf5File.with(path, (file) => file.children('/'));
    return new RecordingError(
      'unrecognised',
      `${name} is an HDF5 file, but neither SONATA nor NWB with spikes or membrane potentials: it \
holds ${groups.slice(0, 5).join(', ') || 'nothing'}${groups.length > 5 ? ', …' : ''}.`,
    );
  }
  if (table === undefined) {
    return new RecordingError(
      'unrecognised',
      `${name} is of no format that this program reads \
(${formats}).`,
    );
  }
  if (isColumn(table)) {
    return new RecordingError(
      'unrecognised',
      `${name} holds one number a line and does not say what they are. If they are the spike \
times of a neuron, say their unit with --time-unit, or write time_ms (or time_us, time_s) as its \
first line.`,
    );
  }
  const first = (table.header ?? table.rows[0] ?? []).join(' ').slice(0, 80);
  return new RecordingError(
    'unrecognised',
    `${name} is text of no format that this program reads \
(${formats}); its first line reads ${JSON.stringify(first)}. A table of spikes has the columns \
time_ms (or time_us, time_s, timestep) and neuron, named in its first line.`,
  );
}
