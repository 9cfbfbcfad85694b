import { z } from 'zod';
import type { WriteLog } from '../src/component/log-event.ts';
import type { MetricDefiner } from '../src/component/metric.ts';
import { definePipeline } from '../src/component/pipeline.ts';
import { bucketOf } from '../src/numerics/bucket-of.ts';
import { type ConversionRecord, trackConversions } from '../src/operators/track-conversions.ts';

/** From a layer's calibration to a night's work. */
const DURATION_LE_S = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600];
/** In labels, for a conversion whose start never came. */
const UNKNOWN = 'unknown';

export default definePipeline({
  name: 'conversions',
  summary: 'Conversions of models to spiking networks: how many, how long, and their traces.',
  reads: 'conversion',
  options: z.strictObject({
    open_max: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(131_072)
      .describe('Conversions that have not finished and are remembered.'),
    ended_max: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(65_536)
      .describe('Finished conversions that are remembered, so that a repeat counts once.'),
  }),
  through: ({ options, state, count }) =>
    trackConversions(
      { openMax: options.open_max, endedMax: options.ended_max },
      state('conversions'),
      count,
    ),
  metrics: defineMetrics,
  derived: (record) => ({
    record: 'conversion',
    key: [record.conversionId],
    t0Us: record.t0Us,
    spanUs: 0,
    fields: derivedFields(record),
  }),
  log: { levelMax: 'ERROR', write: writeLog },
  spans: (record) => record.spans,
});

function defineMetrics(define: MetricDefiner): (record: ConversionRecord) => void {
  const succeeded = define.counter({
    name: 'spikeformer_conversions_total',
    help: 'Conversions that succeeded.',
    labels: ['model_type', 'hardware_target'],
    expires: 'never',
  });
  const failed = define.counter({
    name: 'spikeformer_conversion_errors_total',
    help: 'Conversions that failed; timeout: it did not finish within the bound.',
    labels: ['error_type', 'hardware_target'],
    expires: 'never',
  });
  const durations = define.histogram({
    name: 'spikeformer_conversion_duration_seconds',
    help: 'How long conversions took, also those that failed.',
    labels: ['model_size'],
    expires: 'never',
    le: DURATION_LE_S,
    sumScale: 1e-6,
  });
  const active = define
    .gauge({
      name: 'spikeformer_active_conversions',
      help: 'Conversions that have started and not finished.',
      labels: [],
      expires: 'never',
    })
    .series();
  active.set(0);
  const one = new Uint32Array(DURATION_LE_S.length + 1);
  return (record) => {
    active.set(record.active);
    const { finish, started } = record;
    if (finish === undefined) return;
    const target = started?.hardwareTarget ?? UNKNOWN;
    if (finish.success) succeeded.series(started?.modelType ?? UNKNOWN, target).add(1);
    else failed.series(finish.errorType ?? UNKNOWN, target).add(1);
    // One that was given up has not finished.
    if (finish.isTimeout) return;
    one.fill(0);
    one[bucketOf(DURATION_LE_S, finish.durationUs / 1e6)] = 1;
    durations.series(started?.modelSize ?? UNKNOWN).add(one, finish.durationUs);
  };
}

function derivedFields(record: ConversionRecord): Readonly<Record<string, unknown>> {
  const { conversionId, event, started, step, finish } = record;
  return {
    conversion_id: conversionId,
    event,
    model_type: started?.modelType,
    model_name: started?.modelName,
    model_size: started?.modelSize,
    model_parameters: started?.modelParameters,
    hardware_target: started?.hardwareTarget,
    run_id: started?.runId,
    started_us: started?.t0Us,
    step: step?.step,
    layer_index: step?.layerIndex,
    layer_type: step?.layerType,
    calibration_samples: step?.calibrationSamples,
    duration_us: step?.durationUs ?? finish?.durationUs,
    success: finish?.success,
    error_type: finish?.errorType,
    error_message: finish?.errorMessage,
    trace_id: record.trace?.traceId,
    span_id: record.trace?.spanId,
  };
}

function writeLog(record: ConversionRecord, log: WriteLog): void {
  const { conversionId, event, t0Us, started, finish, trace } = record;
  const line = { logger: 'spikeformer', timeUs: t0Us };
  const fields = {
    model_id: started?.modelName,
    model_type: started?.modelType,
    model_size: started?.modelSize,
    hardware_target: started?.hardwareTarget,
    conversion_id: conversionId,
    run_id: started?.runId,
    trace_id: trace?.traceId,
    span_id: trace?.spanId,
  };
  const what = `${started?.modelName ?? conversionId} to ${started?.hardwareTarget ?? UNKNOWN}`;
  if (event === 'started') {
    const message = `conversion of ${what} started`;
    log({ ...line, level: 'INFO', eventType: 'conversion_start', message, fields });
  } else if (finish?.success === true) {
    const message = `conversion of ${what} finished`;
    const more = { ...fields, duration_seconds: finish.durationUs / 1e6 };
    log({ ...line, level: 'INFO', eventType: 'conversion_end', message, fields: more });
  } else if (finish !== undefined) {
    const message = `conversion of ${what} failed: ${finish.errorMessage ?? finish.errorType}`;
    const more = {
      ...fields,
      duration_seconds: finish.durationUs / 1e6,
      error_type: finish.errorType,
      error_message: finish.errorMessage,
    };
    log({ ...line, level: 'ERROR', eventType: 'conversion_error', message, fields: more });
  }
}
