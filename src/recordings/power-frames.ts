import { basename } from 'node:path';
import type { PowerComponent, PowerFrame, PowerOrigin } from '../frames/power.ts';
import { timeColumn, unitFactor } from './column-names.ts';
import { recordedHeader } from './frame-layer.ts';
import { numberRows, tableHeader } from './number-rows.ts';
import type { ReadingNotes } from './reading-notes.ts';
import { RecordingError } from './recording-error.ts';

const SAMPLES_MAX = 32_768;

/** A table of power, one row a sample: which columns hold what. */
export interface PowerFile {
  readonly path: string;
  readonly deviceType: string;
  readonly chipId: string;
  readonly rail: string;
  readonly component: PowerComponent;
  readonly origin: PowerOrigin;
  /** Factor to µs of the time column. */
  readonly timeColumn: string;
  readonly timeUnitUs: number;
  /** Watts, or undefined where they are energy / step. */
  readonly powerColumn: string | undefined;
  readonly energyColumn: string | undefined;
  readonly stepColumn: string | undefined;
}

/** Columns as meta.json names them. */
export type PowerColumns = Readonly<
  Partial<Record<'time' | 'step' | 'energy' | 'power', string | undefined>>
>;

/**
 * Finds the columns of a table of power: those named, else by SANA-FE's names. A row with a
 * timestep goes by model time (timestep × dt), whatever the hardware's clock said.
 */
export async function describePower(
  file: Omit<
    PowerFile,
    'timeColumn' | 'timeUnitUs' | 'powerColumn' | 'energyColumn' | 'stepColumn'
  >,
  named: PowerColumns,
  dtUs: number,
): Promise<PowerFile> {
  const header = await tableHeader(file.path);
  const find = (name: string | undefined, ...usual: string[]) => {
    return name ?? usual.find((column) => header.includes(column));
  };
  const stepped = header.find((name) => timeColumn(name)?.isStep);
  const time = stepped ?? find(named.time) ?? header.find((name) => timeColumn(name) !== undefined);
  const powerColumn = find(named.power, 'power_w', 'watts', 'power');
  const energyColumn = find(named.energy, 'energy_nj', 'total_energy', 'energy_j');
  const stepColumn = find(named.step, 'step_time_us', 'sim_time');
  const hasPower =
    powerColumn !== undefined || (energyColumn !== undefined && stepColumn !== undefined);
  if (time === undefined || !hasPower) {
    const found = header.join(', ') || 'unnamed';
    throw new RecordingError(
      'table',
      `${basename(file.path)}: needs a column of the time (timestep \
or time_ms) and one of the power (power_w); its columns are ${found}. Name them in meta.json.`,
    );
  }
  const timeUnitUs = stepped === undefined ? (timeColumn(time)?.unitUs ?? unitUs(time)) : dtUs;
  return { ...file, timeColumn: time, timeUnitUs, powerColumn, energyColumn, stepColumn };
}

/** µs of a unit of a column of time by the end of its name. */
function unitUs(column: string): number {
  return unitFactor(column, 's') * 1e6;
}

/** Rows of a table of power as frames, cut at multiples of the span. */
export async function* powerFrames(
  file: PowerFile,
  range: { readonly startUs: number; readonly endUs: number },
  spanUs: number,
  notes: ReadingNotes,
): AsyncGenerator<PowerFrame, void, void> {
  const { timeColumn: time, powerColumn, energyColumn, stepColumn } = file;
  const names = [time, powerColumn, energyColumn, stepColumn].filter((name) => name !== undefined);
  const toJoules = energyColumn === undefined ? 0 : unitFactor(energyColumn, 'j');
  const toStepUs = stepColumn === undefined ? 0 : unitUs(stepColumn);
  const toWatts = powerColumn === undefined ? 0 : unitFactor(powerColumn, 'w');
  const batch = new PowerBatch(file);
  let outside = 0;
  for await (const { count, columns } of numberRows(file.path, names, notes)) {
    const column = (name: string | undefined) =>
      name === undefined ? undefined : columns[names.indexOf(name)];
    const times = column(time) as Float64Array;
    const [watts, energy, steps] = [powerColumn, energyColumn, stepColumn].map(column);
    for (let i = 0; i < count; i++) {
      const timeUs = Math.round((times[i] as number) * file.timeUnitUs);
      if (timeUs < range.startUs || timeUs > range.endUs) {
        outside++;
        continue;
      }
      const frame = batch.before(timeUs, spanUs, range);
      if (frame !== undefined) yield frame;
      const joules = energy === undefined ? 0 : (energy[i] as number) * toJoules;
      const stepUs = steps === undefined ? 0 : (steps[i] as number) * toStepUs;
      const measured =
        watts === undefined ? joules / (stepUs * 1e-6) : (watts[i] as number) * toWatts;
      batch.add(timeUs, Number.isFinite(measured) ? measured : 0, joules, stepUs);
    }
  }
  const frame = batch.last();
  if (frame !== undefined) yield frame;
  if (outside > 0) {
    notes.samplesOutside += outside;
    notes.remark(`${basename(file.path)}: ${outside} rows lie outside the recording's time and are \
left out.`);
  }
}

/** Collects the samples of one frame. */
class PowerBatch {
  private readonly file: PowerFile;
  private readonly dtUs = new Uint32Array(SAMPLES_MAX);
  private readonly watts = new Float64Array(SAMPLES_MAX);
  private readonly joules = new Float64Array(SAMPLES_MAX);
  private readonly stepUs = new Float64Array(SAMPLES_MAX);
  private count = 0;
  private t0Us = 0;
  private endUs = 0;
  private lastUs = Number.NEGATIVE_INFINITY;

  constructor(file: PowerFile) {
    this.file = file;
  }

  /** The frame that ends before a sample at this time; undefined while the sample belongs to it. */
  before(
    timeUs: number,
    spanUs: number,
    range: { readonly startUs: number; readonly endUs: number },
  ): PowerFrame | undefined {
    if (timeUs < this.lastUs) {
      const name = basename(this.file.path);
      throw new RecordingError(
        'unsorted',
        `${name}: a row at ${timeUs} µs comes after one at \
${this.lastUs} µs; sort its rows by time.`,
      );
    }
    if (timeUs < this.endUs && this.count < SAMPLES_MAX) return undefined;
    const isFull = timeUs < this.endUs;
    const frame = this.frame(isFull ? Math.max(timeUs, this.lastUs + 1) : this.endUs);
    const start = Math.floor(timeUs / spanUs) * spanUs;
    this.t0Us = isFull ? timeUs : Math.max(start, range.startUs);
    this.endUs = Math.min(start + spanUs, range.endUs);
    if (timeUs === range.endUs) {
      this.t0Us = timeUs;
      this.endUs = timeUs + 1;
    }
    return frame;
  }

  add(timeUs: number, watts: number, joules: number, stepUs: number): void {
    const at = this.count++;
    this.dtUs[at] = timeUs - this.t0Us;
    this.watts[at] = watts;
    this.joules[at] = joules;
    this.stepUs[at] = stepUs;
    this.lastUs = timeUs;
  }

  last(): PowerFrame | undefined {
    return this.frame(this.endUs);
  }

  /** The columns are copies: the batch goes on before the frame is read. */
  private frame(endUs: number): PowerFrame | undefined {
    const { file, count, t0Us } = this;
    this.count = 0;
    if (count === 0) return undefined;
    return {
      kind: 'power',
      ...recordedHeader(file, t0Us, endUs - t0Us),
      dtUs: this.dtUs.slice(0, count),
      watts: this.watts.slice(0, count),
      joules: file.energyColumn === undefined ? undefined : this.joules.slice(0, count),
      stepUs: file.stepColumn === undefined ? undefined : this.stepUs.slice(0, count),
      rail: file.rail,
      component: file.component,
      origin: file.origin,
    };
  }
}
