import {
  type ColumnReader,
  requireLength,
  requireOrderedTimes,
  singlePrecision,
} from './columns.ts';
import { type Fields, nameField, optionalIntegerField, optionalNameField } from './fields.ts';
import { FrameError } from './frame-error.ts';
import type { FrameHeader } from './header.ts';
import type { FrameLimits } from './limits.ts';

/** Membrane potentials of some neurons of a layer at some times. */
export interface MembraneFrame extends FrameHeader {
  readonly kind: 'membrane';
  readonly layerName: string;
  /** [n] the neurons sampled. */
  readonly neuronId: Uint32Array;
  /** [m] µs after t0, not decreasing, below spanUs. */
  readonly dtUs: Uint32Array;
  /**
   * [m·n] values[i·n + j] is neuron j at time i. NaN and infinities mean "no sample". Single
   * precision from the wire; double from recordings that have it, so that their numbers are exact.
   */
  readonly values: Float32Array | Float64Array;
  /** `mV`, or `1` for a chip's fixed-point numbers. */
  readonly unit: string;
  readonly neuronOffset: number;
}

export const MEMBRANE_UNIT_DEFAULT = 'mV';

export function readMembrane(
  fields: Fields,
  header: FrameHeader,
  columns: ColumnReader,
  limits: FrameLimits,
): MembraneFrame {
  const neuronId = columns.u32(fields, 'neuron_id');
  for (let i = 0; i < neuronId.length; i++) {
    if ((neuronId[i] as number) >= limits.neuronCountMax) {
      const detail = `value ${i}: ${neuronId[i]} is not below ${limits.neuronCountMax}`;
      throw new FrameError('neuron_outside_population', 'neuron_id', detail);
    }
  }
  const dtUs = columns.u32(fields, 'dt');
  requireOrderedTimes(dtUs, header.spanUs);
  const values = columns.f32(fields, 'values');
  requireLength('values', values.length, neuronId.length * dtUs.length);
  return {
    kind: 'membrane',
    ...header,
    layerName: nameField(fields, 'layer_name', limits),
    neuronId,
    dtUs,
    values,
    unit: optionalNameField(fields, 'unit', limits) ?? MEMBRANE_UNIT_DEFAULT,
    neuronOffset: optionalIntegerField(fields, 'neuron_offset', 0, Number.MAX_SAFE_INTEGER) ?? 0,
  };
}

export function membraneFields(frame: MembraneFrame, fields: Fields): Fields {
  fields['layer_name'] = frame.layerName;
  fields['unit'] = frame.unit;
  if (frame.neuronOffset !== 0) fields['neuron_offset'] = frame.neuronOffset;
  fields['neuron_id'] = frame.neuronId;
  fields['dt'] = frame.dtUs;
  fields['values'] = singlePrecision(frame.values);
  return fields;
}
