import type { SpanRecord } from '../component/span.ts';
import { murmur3 } from '../numerics/murmur3.ts';
import type {
  ConversionTrace,
  Finish,
  OpenConversion,
  ParentSpan,
  StartedConversion,
  Step,
} from './conversion-state.ts';

/**
 * The spans of a conversion (DESIGN §5, Traces). Ids are hashes of the conversion (its id and its
 * start) and the step, so that a conversion that is processed again gives the same spans.
 */
export function traceOf(
  conversionId: string,
  startedUs: number,
  parent: ParentSpan | null,
): ConversionTrace {
  const own = murmur3(`conversion\n${conversionId}\n${startedUs}`);
  return {
    traceId: parent?.traceId ?? own,
    spanId: spanIdOf(conversionId, startedUs, 'model_conversion'),
    parent,
  };
}

function spanIdOf(conversionId: string, startedUs: number, what: string): string {
  return murmur3(`${conversionId}\n${startedUs}\n${what}`).slice(0, 16);
}

type SpanBase = Pick<SpanRecord, 'traceId' | 'traceState' | 'sampled'>;

function baseOf({ traceId, parent }: ConversionTrace): SpanBase {
  const traceState = parent?.traceState ?? undefined;
  return { traceId, traceState, sampled: parent?.sampled };
}

/** The span of one step; a layer's is a child of `layer_conversion`. */
export function stepSpan(
  conversionId: string,
  started: StartedConversion,
  trace: ConversionTrace,
  step: Step,
): SpanRecord {
  const isLayer = step.step === 'convert_layer';
  const what = `${step.step}\n${step.layerIndex ?? ''}\n${step.t0Us}`;
  const layers = spanIdOf(conversionId, started.t0Us, 'layer_conversion');
  return {
    ...baseOf(trace),
    name: isLayer ? `convert_layer_${step.layerIndex}` : step.step,
    spanId: spanIdOf(conversionId, started.t0Us, what),
    parentSpanId: isLayer ? layers : trace.spanId,
    startUs: step.t0Us - step.durationUs,
    endUs: step.t0Us,
    attributes: attributesOf({
      'layer.index': step.layerIndex,
      'layer.type': step.layerType,
      'calibration.samples': step.calibrationSamples,
    }),
    error: undefined,
  };
}

/** The span of the conversion and that of its layers, which are known when it has ended. */
export function endSpans(
  conversionId: string,
  started: StartedConversion,
  trace: ConversionTrace,
  conversion: OpenConversion,
  finish: Finish,
): readonly SpanRecord[] {
  const spans: SpanRecord[] = [];
  if (conversion.layers > 0) {
    spans.push({
      ...baseOf(trace),
      name: 'layer_conversion',
      spanId: spanIdOf(conversionId, started.t0Us, 'layer_conversion'),
      parentSpanId: trace.spanId,
      startUs: conversion.layersStartUs,
      endUs: conversion.layersEndUs,
      attributes: { 'layer.count': conversion.layers },
      error: undefined,
    });
  }
  const { errorType, errorMessage } = finish;
  spans.push({
    ...baseOf(trace),
    name: 'model_conversion',
    spanId: trace.spanId,
    parentSpanId: trace.parent?.spanId,
    startUs: finish.t0Us - finish.durationUs,
    endUs: finish.t0Us,
    attributes: attributesOf({
      'model.type': started.modelType,
      'model.name': started.modelName,
      'model.size': started.modelSize,
      'model.parameters': started.modelParameters,
      'hardware.target': started.hardwareTarget,
      'conversion.id': conversionId,
      'conversion.success': finish.success,
      'error.type': finish.success ? undefined : errorType,
    }),
    error: finish.success ? undefined : (errorMessage ?? errorType ?? 'failed'),
  });
  return spans;
}

type Attributes = SpanRecord['attributes'];

function attributesOf(
  given: Readonly<Record<string, string | number | boolean | undefined>>,
): Attributes {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Attributes;
}
