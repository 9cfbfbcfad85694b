/**
 * `spikescope/emitter`: for programs that publish (docs/emitters.md).
 *
 *     const emitter = createEmitter({ deviceType: 'loihi2', chipId: 'chip0' });
 *     const layer = emitter.layer({ layerName: 'encoder.0', neuronCount: 768 });
 *     layer.record(neuronId, tUs);
 *
 * Those who have a NATS client of their own let it make the messages only:
 *
 *     const counter = new SequenceCounter('my-chip');
 *     const { subject, data, headers } = frameMessage(spikesFrame({ ... }), { counter });
 */
export type { ActivityFrame } from '../frames/activity.ts';
export type { BenchmarkFrame } from '../frames/benchmark.ts';
export type { ConversionFrame } from '../frames/conversion.ts';
export type { CoresFrame } from '../frames/cores.ts';
export type { DenseColumns } from '../frames/dense-spikes.ts';
export { CONTENT_TYPES, type Encoding, FrameEncoder } from '../frames/encode.ts';
export type { Frame, FrameOfKind } from '../frames/frame.ts';
export { FrameError, INVALID_REASONS, type InvalidReason } from '../frames/frame-error.ts';
export { FRAME_KINDS, type FrameHeader, type FrameKind } from '../frames/header.ts';
export type { HealthFrame } from '../frames/health.ts';
export type { InferenceFrame } from '../frames/inference.ts';
export { FRAME_LIMITS, type FrameLimits } from '../frames/limits.ts';
export type { LogFrame } from '../frames/log.ts';
export type { MembraneFrame } from '../frames/membrane.ts';
export type { PowerFrame } from '../frames/power.ts';
export type { SpikesFrame } from '../frames/spikes.ts';
export { type FrameSubject, formatSubject, isToken, PREFIX_DEFAULT } from '../frames/subject.ts';
export type { SynapsesFrame, SynapseUpdate } from '../frames/synapses.ts';
export type { Conversion, ModelConversion } from './conversion-recorder.ts';
export { createEmitter, Emitter, type Recorded } from './create-emitter.ts';
export type { Delivery, EmitterOptions } from './emitter-options.ts';
export { DROP_REASONS, type DropReason, type Drops, type EmitterStats } from './emitter-tally.ts';
export {
  type ActivityInput,
  activityFrame,
  type BenchmarkInput,
  benchmarkFrame,
  type ConversionInput,
  type CoresInput,
  conversionFrame,
  coresFrame,
  type HealthInput,
  healthFrame,
  type InferenceInput,
  inferenceFrame,
  type LogInput,
  logFrame,
  type MembraneInput,
  membraneFrame,
  type PowerInput,
  powerFrame,
  type SpikesInput,
  type SynapsesInput,
  spikesFrame,
  synapsesFrame,
} from './frame-builders.ts';
export {
  encodeFrame,
  type FrameMessage,
  type FrameMessageOptions,
  frameMessage,
} from './frame-message.ts';
export type { LayerOptions, LayerRecorder } from './layer-recorder.ts';
export type { NatsClientOptions } from './nats-session.ts';
export type { EmitterProblem, OnProblem } from './problem-reports.ts';
export type {
  BenchmarkAnswer,
  BenchmarkRequest,
  CheckHealth,
  HealthAnswer,
  RunBenchmark,
} from './responders.ts';
export { SequenceCounter } from './sequence-counter.ts';
export type { TraceHeaders } from './trace-context.ts';
