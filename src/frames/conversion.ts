import {
  booleanField,
  type Fields,
  integerField,
  nameField,
  numberField,
  optionalIntegerField,
  optionalNameField,
  optionalTextField,
  wordField,
} from './fields.ts';
import type { FrameHeader } from './header.ts';
import type { FrameLimits } from './limits.ts';

export const CONVERSION_STEPS = ['calibration', 'convert_layer', 'hardware_compilation'] as const;
export type ConversionStep = (typeof CONVERSION_STEPS)[number];
const EVENTS = ['started', 'step', 'finished'] as const;

interface ConversionBase extends FrameHeader {
  readonly kind: 'conversion';
  readonly conversionId: string;
}

export interface ConversionStarted extends ConversionBase {
  readonly event: 'started';
  readonly modelType: string;
  readonly modelName: string;
  readonly modelSize: string;
  readonly modelParameters: number;
  readonly hardwareTarget: string;
}

/** t0Us is the end of the step. */
export interface ConversionStepped extends ConversionBase {
  readonly event: 'step';
  readonly step: ConversionStep;
  readonly durationUs: number;
  readonly layerIndex: number | undefined;
  readonly layerType: string | undefined;
  readonly calibrationSamples: number | undefined;
}

/** t0Us is the end of the conversion. */
export interface ConversionFinished extends ConversionBase {
  readonly event: 'finished';
  readonly success: boolean;
  readonly durationUs: number;
  readonly errorType: string | undefined;
  readonly errorMessage: string | undefined;
}

/** One event of the conversion of a model to a spiking network. */
export type ConversionFrame = ConversionStarted | ConversionStepped | ConversionFinished;

const COUNT_MAX = Number.MAX_SAFE_INTEGER;

export function readConversion(
  fields: Fields,
  header: FrameHeader,
  limits: FrameLimits,
): ConversionFrame {
  const event = wordField(fields, 'event', EVENTS);
  const conversionId = nameField(fields, 'conversion_id', limits);
  const base = { kind: 'conversion' as const, ...header, conversionId };
  if (event === 'started') {
    return {
      ...base,
      event,
      modelType: nameField(fields, 'model_type', limits),
      modelName: nameField(fields, 'model_name', limits),
      modelSize: nameField(fields, 'model_size', limits),
      modelParameters: integerField(fields, 'model_parameters', 0, COUNT_MAX),
      hardwareTarget: nameField(fields, 'hardware_target', limits),
    };
  }
  const durationUs = numberField(fields, 'duration_us', 0, COUNT_MAX);
  if (event === 'step') return readStep(fields, base, durationUs, limits);
  const success = booleanField(fields, 'success');
  const errorType = success
    ? optionalNameField(fields, 'error_type', limits)
    : nameField(fields, 'error_type', limits);
  const errorMessage = optionalTextField(fields, 'error_message', limits);
  return { ...base, event, success, durationUs, errorType, errorMessage };
}

function readStep(
  fields: Fields,
  base: ConversionBase,
  durationUs: number,
  limits: FrameLimits,
): ConversionStepped {
  const step = wordField(fields, 'step', CONVERSION_STEPS);
  return {
    ...base,
    event: 'step',
    step,
    durationUs,
    layerIndex:
      step === 'convert_layer'
        ? integerField(fields, 'layer_index', 0, COUNT_MAX)
        : optionalIntegerField(fields, 'layer_index', 0, COUNT_MAX),
    layerType: optionalNameField(fields, 'layer_type', limits),
    calibrationSamples: optionalIntegerField(fields, 'calibration_samples', 0, COUNT_MAX),
  };
}

export function conversionFields(frame: ConversionFrame, fields: Fields): Fields {
  fields['conversion_id'] = frame.conversionId;
  fields['event'] = frame.event;
  if (frame.event === 'started') {
    fields['model_type'] = frame.modelType;
    fields['model_name'] = frame.modelName;
    fields['model_size'] = frame.modelSize;
    fields['model_parameters'] = frame.modelParameters;
    fields['hardware_target'] = frame.hardwareTarget;
    return fields;
  }
  fields['duration_us'] = frame.durationUs;
  if (frame.event === 'step') {
    fields['step'] = frame.step;
    if (frame.layerIndex !== undefined) fields['layer_index'] = frame.layerIndex;
    if (frame.layerType !== undefined) fields['layer_type'] = frame.layerType;
    if (frame.calibrationSamples !== undefined) {
      fields['calibration_samples'] = frame.calibrationSamples;
    }
    return fields;
  }
  fields['success'] = frame.success;
  if (frame.errorType !== undefined) fields['error_type'] = frame.errorType;
  if (frame.errorMessage !== undefined) fields['error_message'] = frame.errorMessage;
  return fields;
}
