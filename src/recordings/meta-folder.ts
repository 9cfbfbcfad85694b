import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { timeUnitUs } from './column-names.ts';
import type { CoreFile } from './core-frames.ts';
import { readFileHead } from './file-head.ts';
import { META_FILE, type Meta, type MetaSamples } from './meta.ts';
import { type OpenOptions, stepUs } from './plan-options.ts';
import { countsSteps, planEndUs, planStartUs } from './plan-time.ts';
import { layersOfMeta, layersOfSurvey, requireDistinctIds } from './population.ts';
import { describePower, type PowerFile } from './power-frames.ts';
import type { ReadingNotes } from './reading-notes.ts';
import { deviceOf, type RecordedDevice } from './recorded-device.ts';
import { RecordingError } from './recording-error.ts';
import { SAMPLE_FORMATS } from './sample-formats.ts';
import type { RecordingPlan } from './sampled-recording.ts';
import type { SampleFile, SampleKind } from './samples.ts';
import { type Survey, surveySamples } from './survey.ts';

/** Formats of tables that hold power, as meta.json names them. */
const POWER_FORMATS = ['csv', 'sanafe-perf'];

interface MetaFolder {
  readonly path: string;
  readonly meta: Meta;
  readonly dtUs: number;
  readonly device: RecordedDevice;
  readonly notes: ReadingNotes;
  /** As whoever opens the folder says, instead of meta.json. */
  readonly timeUnit: string | undefined;
}

/** A folder as its meta.json describes it: only the files named there without `alternative`. */
export async function planOfMeta(
  path: string,
  meta: Meta,
  options: OpenOptions,
  notes: ReadingNotes,
): Promise<RecordingPlan> {
  const dtMs = options.dtMs ?? meta.dt_ms;
  const folder = {
    path,
    meta,
    dtUs: stepUs(dtMs),
    device: deviceFor(meta, options),
    notes,
    timeUnit: options.timeUnit,
  };
  const name = meta.name ?? basename(path);
  const samples = [
    ...(await samplesOf(folder, [...(meta.spikes ?? []), ...(meta.events ?? [])], 'spikes')),
    ...(await samplesOf(folder, meta.vm ?? [], 'membrane')),
  ];
  const power = await powerOf(folder);
  const cores = await coresOf(folder);
  const common = { name, samples, power, cores, sorts: options.sorts ?? false };
  if (samples.length + power.length + cores.length === 0) {
    notes.remark(`${join(path, META_FILE)} names no file of a kind that this program reads.`);
    const endUs = Math.round((meta.duration_ms ?? 0) * 1000);
    return { ...common, format: 'meta.json', startUs: 0, endUs, layers: [] };
  }
  if (countsSteps(common) && dtMs == null) {
    notes.remark('A timestep is taken as 1 ms, for meta.json gives no dt_ms.');
  }
  const countsEpoch = samples.some((file) => file.isEpoch);
  const needsSurvey = meta.duration_ms == null || meta.layers === undefined || countsEpoch;
  const survey = needsSurvey ? await surveySamples(samples) : undefined;
  const layers =
    meta.layers === undefined
      ? layersOfSurvey(survey as Survey, samples, folder.device, givenDevice(meta, options))
      : layersOfMeta(meta, folder.device);
  requireDistinctIds(layers, samples);
  const statedUs = Math.round((meta.t_start_ms ?? 0) * 1000);
  // A start at 0 is that of a run; events of a camera that count from the epoch bring their own.
  const startUs = Math.max(statedUs, countsEpoch ? planStartUs(survey as Survey, samples) : 0);
  const endUs =
    meta.duration_ms == null
      ? await planEndUs(survey as Survey, samples, power, cores)
      : startUs + Math.round(meta.duration_ms * 1000);
  const format = samples[0]?.format ?? META_FILE;
  return { ...common, format, startUs, endUs: Math.max(startUs, endUs), layers };
}

function deviceFor(meta: Meta, options: OpenOptions): RecordedDevice {
  const formats = [meta.spikes, meta.vm, meta.perf].flatMap((list) => list ?? []);
  const usual = deviceOf(
    meta.source?.simulator ?? '',
    formats.map((entry) => entry.format),
  );
  const given = givenDevice(meta, options);
  return {
    deviceType: given.deviceType ?? usual.deviceType,
    chipId: given.chipId ?? usual.chipId,
  };
}

/** The device that somebody states, whatever the files say. */
function givenDevice(meta: Meta, options: OpenOptions) {
  return {
    deviceType: options.deviceType ?? meta.device_type,
    chipId: options.chipId ?? meta.chip_id,
  };
}

async function samplesOf(
  folder: MetaFolder,
  entries: readonly MetaSamples[],
  kind: SampleKind,
): Promise<SampleFile[]> {
  const files: SampleFile[] = [];
  for (const entry of entries) {
    if (entry.alternative) continue;
    const format = SAMPLE_FORMATS.find(({ metaFormats }) => metaFormats.includes(entry.format));
    if (format === undefined) {
      folder.notes.remark(`${entry.path} is left out: this program does not read ${entry.format}.`);
      continue;
    }
    const path = await presentFile(folder, entry.path);
    if (path === undefined) continue;
    requireTimeUnit(folder, entry);
    const unit = folder.timeUnit ?? entry.time_unit ?? folder.meta.units?.['time'];
    const context = {
      kind,
      dtUs: folder.dtUs,
      timeUnitUs: timeUnitUs(unit),
      unit: entry.unit,
      columns: entry.columns,
      valueColumn: entry.column,
      layer: entry.layer ?? undefined,
      hasLayers: folder.meta.layers !== undefined,
    };
    files.push(...[await format.open(await readFileHead(path), context)].flat());
  }
  return files;
}

function requireTimeUnit(folder: MetaFolder, { path, time_unit: unit }: MetaSamples): void {
  if (unit === undefined || timeUnitUs(unit) !== undefined) return;
  throw new RecordingError(
    'meta',
    `${join(folder.path, META_FILE)}: the "time_unit" of ${path} is ${JSON.stringify(unit)}; it \
should be ns, us, ms or s.`,
  );
}

/** Path of a file that is there and holds something; a file that lost its end is noted. */
async function presentFile(folder: MetaFolder, path: string): Promise<string | undefined> {
  const full = join(folder.path, path);
  const found = await stat(full).catch(() => undefined);
  if (!found?.isFile()) {
    throw new RecordingError(
      'not_found',
      `${join(folder.path, META_FILE)} names ${path}, which is \
no file there. Copy it into the folder, or take it out of meta.json.`,
    );
  }
  const bytes = folder.meta.files?.[path]?.bytes;
  if (bytes !== undefined && found.size < bytes) {
    folder.notes.truncated = true;
    folder.notes.remark(`${path} has ${found.size} bytes where meta.json says ${bytes}: its end is \
missing.`);
  }
  if (found.size > 0) return full;
  folder.notes.remark(`${path} is empty (0 bytes): it is read as holding no samples.`);
  return undefined;
}

async function powerOf(folder: MetaFolder): Promise<PowerFile[]> {
  const { meta, device, dtUs, notes } = folder;
  const listed = (meta.power ?? []).filter((entry) => !entry.alternative);
  // SANA-FE's own trace states energy per step too: it serves where there is no table of power.
  const entries = listed.length > 0 ? listed : (meta.perf ?? []).filter((e) => !e.alternative);
  const files: PowerFile[] = [];
  for (const entry of entries) {
    if (!POWER_FORMATS.includes(entry.format)) {
      notes.remark(
        `${entry.path} is left out: this program does not read ${entry.format} as power.`,
      );
      continue;
    }
    const path = await presentFile(folder, entry.path);
    if (path === undefined) continue;
    const { time, step, energy, power, rail, component, origin } = entry as (typeof listed)[number];
    const isSimulated = meta.source?.simulator !== undefined;
    const file = {
      path,
      ...device,
      rail: rail ?? 'total',
      component: component ?? 'total',
      origin: origin ?? (isSimulated ? 'simulated' : 'measured'),
    } as const;
    files.push(await describePower(file, { time, step, energy, power }, dtUs));
  }
  return files;
}

async function coresOf(folder: MetaFolder): Promise<CoreFile[]> {
  const { meta, device, dtUs, notes } = folder;
  const files: CoreFile[] = [];
  for (const entry of meta.core_activity ?? []) {
    if (entry.alternative) continue;
    if (entry.format !== 'csv') {
      notes.remark(`${entry.path} is left out: this program does not read ${entry.format}.`);
      continue;
    }
    const path = await presentFile(folder, entry.path);
    if (path === undefined) continue;
    files.push({ path, ...device, dtUs, layerOfCore: layerOfCore(meta) });
  }
  return files;
}

const CORES_MAX = 1 << 16;

function layerOfCore(meta: Meta): ReadonlyMap<number, string> | undefined {
  const layers = (meta.layers ?? []).filter((layer) => layer.first_core !== undefined);
  if (layers.length === 0) return undefined;
  const map = new Map<number, string>();
  for (const { name, first_core: first = 0, n_cores: count = 1 } of layers) {
    for (let i = 0; i < count && map.size < CORES_MAX; i++) map.set(first + i, name);
  }
  return map;
}
