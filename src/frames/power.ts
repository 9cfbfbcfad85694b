import {
  type ColumnReader,
  requireFinite,
  requireLength,
  requireOrderedTimes,
  singlePrecision,
} from './columns.ts';
import { type Fields, optionalNameField, wordField } from './fields.ts';
import { FrameError } from './frame-error.ts';
import type { FrameHeader } from './header.ts';
import type { FrameLimits } from './limits.ts';

export const POWER_COMPONENTS = ['total', 'static', 'dynamic'] as const;
/** Best first: the gauge and the counter take the best origin seen. */
export const POWER_ORIGINS = ['measured', 'estimated', 'simulated'] as const;

export type PowerComponent = (typeof POWER_COMPONENTS)[number];
export type PowerOrigin = (typeof POWER_ORIGINS)[number];

/** Power of one rail of a chip. */
export interface PowerFrame extends FrameHeader {
  readonly kind: 'power';
  /** [m] µs after t0, not decreasing, below spanUs. */
  readonly dtUs: Uint32Array;
  /**
   * [m] W; negative values are real (measured dynamic power can be). Single precision from the
   * wire; double from recordings.
   */
  readonly watts: Float32Array | Float64Array;
  /** [m] J since the previous sample, where the chip states energy itself. */
  readonly joules: Float64Array | undefined;
  /** [m] µs of hardware time each sample took. */
  readonly stepUs: Float64Array | undefined;
  readonly rail: string;
  readonly component: PowerComponent;
  readonly origin: PowerOrigin;
}

export function readPower(
  fields: Fields,
  header: FrameHeader,
  columns: ColumnReader,
  limits: FrameLimits,
): PowerFrame {
  const dtUs = columns.u32(fields, 'dt');
  requireOrderedTimes(dtUs, header.spanUs);
  const watts = columns.f32(fields, 'watts');
  requireLength('watts', watts.length, dtUs.length);
  requireFinite(watts, 'watts');
  return {
    kind: 'power',
    ...header,
    dtUs,
    watts,
    joules: readSteps(fields, 'joules', columns, dtUs.length, false),
    stepUs: readSteps(fields, 'step_us', columns, dtUs.length, true),
    rail: optionalNameField(fields, 'rail', limits) ?? 'total',
    component: optionalWord(fields, 'component', POWER_COMPONENTS),
    origin: optionalWord(fields, 'origin', POWER_ORIGINS),
  };
}

function optionalWord<W extends string>(fields: Fields, name: string, words: readonly W[]): W {
  const absent = fields[name] === undefined || fields[name] === null;
  return absent ? (words[0] as W) : wordField(fields, name, words);
}

function readSteps(
  fields: Fields,
  name: string,
  columns: ColumnReader,
  length: number,
  isDuration: boolean,
): Float64Array | undefined {
  if (!columns.has(fields, name)) return undefined;
  const column = columns.f64(fields, name);
  requireLength(name, column.length, length);
  requireFinite(column, name);
  for (let i = 0; isDuration && i < column.length; i++) {
    if ((column[i] as number) < 0) {
      throw new FrameError('out_of_range', name, `value ${i}: ${column[i]} is negative`);
    }
  }
  return column;
}

export function powerFields(frame: PowerFrame, fields: Fields): Fields {
  fields['rail'] = frame.rail;
  fields['component'] = frame.component;
  fields['origin'] = frame.origin;
  fields['dt'] = frame.dtUs;
  fields['watts'] = singlePrecision(frame.watts);
  if (frame.joules !== undefined) fields['joules'] = frame.joules;
  if (frame.stepUs !== undefined) fields['step_us'] = frame.stepUs;
  return fields;
}
