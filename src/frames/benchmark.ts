import { type Fields, nameField, numberField, optionalNumberField } from './fields.ts';
import type { FrameHeader } from './header.ts';
import type { FrameLimits } from './limits.ts';

/** The result of one benchmark run of a model on some hardware. */
export interface BenchmarkFrame extends FrameHeader {
  readonly kind: 'benchmark';
  readonly model: string;
  readonly hardware: string;
  readonly latencySeconds: number;
  readonly throughputPerSecond: number;
  readonly durationUs: number;
  /** 0 … 1 */
  readonly accuracy: number | undefined;
  readonly energyJoules: number | undefined;
  /** Of one inference: spikes times fan-out. */
  readonly synapticOperations: number | undefined;
}

export function readBenchmark(
  fields: Fields,
  header: FrameHeader,
  limits: FrameLimits,
): BenchmarkFrame {
  return {
    kind: 'benchmark',
    ...header,
    model: nameField(fields, 'model', limits),
    hardware: nameField(fields, 'hardware', limits),
    latencySeconds: numberField(fields, 'latency_seconds', 0, Number.MAX_VALUE),
    throughputPerSecond: numberField(fields, 'throughput_per_second', 0, Number.MAX_VALUE),
    durationUs: numberField(fields, 'duration_us', 0, Number.MAX_SAFE_INTEGER),
    accuracy: optionalNumberField(fields, 'accuracy', 0, 1),
    energyJoules: optionalNumberField(fields, 'energy_joules', 0, Number.MAX_VALUE),
    synapticOperations: optionalNumberField(fields, 'synaptic_operations', 0, Number.MAX_VALUE),
  };
}

export function benchmarkFields(frame: BenchmarkFrame, fields: Fields): Fields {
  fields['model'] = frame.model;
  fields['hardware'] = frame.hardware;
  fields['latency_seconds'] = frame.latencySeconds;
  fields['throughput_per_second'] = frame.throughputPerSecond;
  fields['duration_us'] = frame.durationUs;
  if (frame.accuracy !== undefined) fields['accuracy'] = frame.accuracy;
  if (frame.energyJoules !== undefined) fields['energy_joules'] = frame.energyJoules;
  if (frame.synapticOperations !== undefined) {
    fields['synaptic_operations'] = frame.synapticOperations;
  }
  return fields;
}
