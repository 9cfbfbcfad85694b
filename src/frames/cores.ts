import { type ColumnReader, requireLength } from './columns.ts';
import { type Fields, listField, requireText } from './fields.ts';
import { FrameError, shown } from './frame-error.ts';
import type { FrameHeader } from './header.ts';
import type { FrameLimits } from './limits.ts';

/** A snapshot of a chip's cores over the span. */
export interface CoresFrame extends FrameHeader {
  readonly kind: 'cores';
  /** [n] */
  readonly coreId: Uint32Array;
  /** [n] 0 … 100 */
  readonly utilizationPercent: Float32Array;
  /** [n] which layer sits on which core ('' for none); undefined where the chip does not say. */
  readonly layerNames: readonly string[] | undefined;
}

export function readCores(
  fields: Fields,
  header: FrameHeader,
  columns: ColumnReader,
  limits: FrameLimits,
): CoresFrame {
  const coreId = columns.u32(fields, 'core_id');
  const utilizationPercent = columns.f32(fields, 'utilization_percent');
  requireLength('utilization_percent', utilizationPercent.length, coreId.length);
  for (let i = 0; i < utilizationPercent.length; i++) {
    const value = utilizationPercent[i] as number;
    if (!Number.isFinite(value)) {
      throw new FrameError('not_finite', 'utilization_percent', `value ${i} is ${value}`);
    }
    if (value < 0 || value > 100) {
      const detail = `value ${i}: ${value} is not within 0 … 100`;
      throw new FrameError('out_of_range', 'utilization_percent', detail);
    }
  }
  return {
    kind: 'cores',
    ...header,
    coreId,
    utilizationPercent,
    layerNames: readLayerNames(fields, coreId.length, limits),
  };
}

function readLayerNames(
  fields: Fields,
  length: number,
  limits: FrameLimits,
): readonly string[] | undefined {
  const list = fields['layer_name'];
  if (list === undefined || list === null) return undefined;
  const names = listField(fields, 'layer_name', { ...limits, entriesMax: limits.samplesMax });
  requireLength('layer_name', names.length, length);
  return names.map((name, i) => {
    if (name === null || name === undefined) return '';
    if (typeof name !== 'string') {
      throw new FrameError('wrong_type', `layer_name[${i}]`, `needs a string, got ${shown(name)}`);
    }
    return requireText(name, `layer_name[${i}]`, limits.stringCharsMax);
  });
}

export function coresFields(frame: CoresFrame, fields: Fields): Fields {
  if (frame.layerNames !== undefined) fields['layer_name'] = [...frame.layerNames];
  fields['core_id'] = frame.coreId;
  fields['utilization_percent'] = frame.utilizationPercent;
  return fields;
}
