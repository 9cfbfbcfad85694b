import { type ColumnReader, requireFinite, requireLength } from './columns.ts';
import { type Fields, mapField, optionalBooleanField, requireText, wordField } from './fields.ts';
import { FrameError } from './frame-error.ts';
import type { FrameHeader } from './header.ts';
import type { FrameLimits } from './limits.ts';

export const ACTIVITY_SCOPES = ['core', 'router', 'chip'] as const;
export type ActivityScope = (typeof ACTIVITY_SCOPES)[number];

/** Event counters of a chip, its cores or its routers. */
export interface ActivityFrame extends FrameHeader {
  readonly kind: 'activity';
  readonly scope: ActivityScope;
  /** [n]; empty for the scope `chip`, whose counters have one value each. */
  readonly coreId: Uint32Array;
  /** Counter name to f64[n] (f64[1] for a chip), none negative. */
  readonly counters: ReadonlyMap<string, Float64Array>;
  /** Counted since the chip started, instead of since the previous frame. */
  readonly cumulative: boolean;
  /** Length of a step of the hardware; undefined where not given. */
  readonly stepUs: number | undefined;
}

const COUNTERS_MAX = 64;

export function readActivity(
  fields: Fields,
  header: FrameHeader,
  columns: ColumnReader,
  limits: FrameLimits,
): ActivityFrame {
  const scope = wordField(fields, 'scope', ACTIVITY_SCOPES);
  const hasIds = columns.has(fields, 'core_id');
  if (!hasIds && scope !== 'chip') {
    throw new FrameError('missing_field', 'core_id', `is needed for scope ${scope}`);
  }
  const coreId = hasIds ? columns.u32(fields, 'core_id') : new Uint32Array(0);
  if (scope === 'chip' && coreId.length > 0) {
    throw new FrameError('length_mismatch', 'core_id', 'a chip has none');
  }
  return {
    kind: 'activity',
    ...header,
    scope,
    coreId,
    counters: readCounters(fields, columns, scope === 'chip' ? 1 : coreId.length, limits),
    cumulative: optionalBooleanField(fields, 'cumulative') ?? false,
    stepUs: readStep(fields, columns),
  };
}

function readCounters(
  fields: Fields,
  columns: ColumnReader,
  length: number,
  limits: FrameLimits,
): ReadonlyMap<string, Float64Array> {
  const map = mapField(fields, 'counters', { ...limits, entriesMax: COUNTERS_MAX });
  const counters = new Map<string, Float64Array>();
  for (const name of Object.keys(map)) {
    if (name === '') throw new FrameError('out_of_range', 'counters', 'has an empty name');
    requireText(name, 'counters', limits.stringCharsMax);
    const column = columns.f64(map, name);
    requireLength(`counters.${name}`, column.length, length);
    requireFinite(column, `counters.${name}`);
    for (let i = 0; i < column.length; i++) {
      if ((column[i] as number) < 0) {
        const detail = `value ${i}: ${column[i]} is negative`;
        throw new FrameError('out_of_range', `counters.${name}`, detail);
      }
    }
    counters.set(name, column);
  }
  return counters;
}

/** A number, or an f32 column of which the last value counts. */
function readStep(fields: Fields, columns: ColumnReader): number | undefined {
  if (!columns.has(fields, 'step_us')) return undefined;
  const value = fields['step_us'];
  const step = typeof value === 'number' ? value : columns.f32(fields, 'step_us').at(-1);
  if (step === undefined) return undefined;
  if (!Number.isFinite(step)) throw new FrameError('not_finite', 'step_us', `is ${step}`);
  if (step < 0) throw new FrameError('out_of_range', 'step_us', `${step} is negative`);
  return step;
}

export function activityFields(frame: ActivityFrame, fields: Fields): Fields {
  fields['scope'] = frame.scope;
  fields['cumulative'] = frame.cumulative;
  if (frame.stepUs !== undefined) fields['step_us'] = frame.stepUs;
  if (frame.scope !== 'chip') fields['core_id'] = frame.coreId;
  const counters: Fields = Object.create(null) as Fields;
  for (const [name, column] of frame.counters) counters[name] = column;
  fields['counters'] = counters;
  return fields;
}
