import { type ColumnReader, requireFinite, requireLength } from './columns.ts';
import {
  type Fields,
  integerField,
  nameField,
  numberField,
  optionalNameField,
  optionalNumberField,
} from './fields.ts';
import type { FrameHeader } from './header.ts';
import type { FrameLimits } from './limits.ts';

/** A batch of inferences of one model, with the energy of all of them together. */
export interface InferenceFrame extends FrameHeader {
  readonly kind: 'inference';
  readonly modelName: string;
  readonly hardware: string;
  readonly count: number;
  readonly energyJoules: number;
  /** [count] */
  readonly latencyUs: Float32Array;
  readonly synapticOperations: number | undefined;
  readonly baselineEnergyJoules: number | undefined;
  readonly baselineName: string | undefined;
}

export function readInference(
  fields: Fields,
  header: FrameHeader,
  columns: ColumnReader,
  limits: FrameLimits,
): InferenceFrame {
  const count = integerField(fields, 'count', 0, limits.samplesMax);
  const latencyUs = columns.f32(fields, 'latency_us');
  requireLength('latency_us', latencyUs.length, count);
  requireFinite(latencyUs, 'latency_us');
  return {
    kind: 'inference',
    ...header,
    modelName: nameField(fields, 'model_name', limits),
    hardware: nameField(fields, 'hardware', limits),
    count,
    energyJoules: numberField(fields, 'energy_joules', 0, Number.MAX_VALUE),
    latencyUs,
    synapticOperations: optionalNumberField(fields, 'synaptic_operations', 0, Number.MAX_VALUE),
    baselineEnergyJoules: optionalNumberField(
      fields,
      'baseline_energy_joules',
      0,
      Number.MAX_VALUE,
    ),
    baselineName: optionalNameField(fields, 'baseline_name', limits),
  };
}

export function inferenceFields(frame: InferenceFrame, fields: Fields): Fields {
  fields['model_name'] = frame.modelName;
  fields['hardware'] = frame.hardware;
  fields['count'] = frame.count;
  fields['energy_joules'] = frame.energyJoules;
  if (frame.synapticOperations !== undefined) {
    fields['synaptic_operations'] = frame.synapticOperations;
  }
  if (frame.baselineEnergyJoules !== undefined) {
    fields['baseline_energy_joules'] = frame.baselineEnergyJoules;
  }
  if (frame.baselineName !== undefined) fields['baseline_name'] = frame.baselineName;
  fields['latency_us'] = frame.latencyUs;
  return fields;
}
