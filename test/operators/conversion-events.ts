import { type ConversionInput, conversionFrame } from '../../src/emitter/frame-builders.ts';
import type { ConversionFrame } from '../../src/frames/conversion.ts';

const HOST = { deviceType: 'cpu', chipId: 'host' } as const;

/** Frames of a conversion that starts at a time; times of the others are after its start. */
export function conversionEvents(conversionId: string, startUs: number, emitter = 'e') {
  const base = (atUs: number) => ({ ...HOST, t0Us: startUs + atUs, emitter, conversionId });
  const make = (input: ConversionInput): ConversionFrame => conversionFrame(input);
  return {
    started: (more: Partial<ConversionInput> = {}) =>
      make({
        ...base(0),
        event: 'started',
        modelType: 'vit',
        modelName: 'vit-tiny',
        modelSize: 'tiny',
        modelParameters: 5_717_416,
        hardwareTarget: 'loihi2',
        ...more,
      } as ConversionInput),
    calibration: (endUs: number, durationUs: number) =>
      make({
        ...base(endUs),
        event: 'step',
        step: 'calibration',
        durationUs,
        calibrationSamples: 512,
      }),
    layer: (layerIndex: number, endUs: number, durationUs: number) =>
      make({
        ...base(endUs),
        event: 'step',
        step: 'convert_layer',
        durationUs,
        layerIndex,
        layerType: 'attention',
      }),
    compilation: (endUs: number, durationUs: number) =>
      make({ ...base(endUs), event: 'step', step: 'hardware_compilation', durationUs }),
    finished: (endUs: number, error?: string) =>
      make({
        ...base(endUs),
        event: 'finished',
        success: error === undefined,
        durationUs: endUs,
        ...(error !== undefined && { errorType: error, errorMessage: `${error} happened` }),
      }),
  };
}
