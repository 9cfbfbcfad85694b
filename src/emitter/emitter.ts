/**
 * `spikescope/emitter`: for programs that publish. It makes messages; which NATS client sends them
 * is the caller's choice.
 *
 *     const counter = new SequenceCounter('my-chip');
 *     const { subject, data, headers } = frameMessage(spikesFrame({ ... }), { counter });
 *     connection.publish(subject, data, { headers: natsHeaders(headers) });
 */
export type { ActivityFrame } from '../frames/activity.ts';
export type { BenchmarkFrame } from '../frames/benchmark.ts';
export type { ConversionFrame } from '../frames/conversion.ts';
export type { CoresFrame } from '../frames/cores.ts';
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
export { SequenceCounter } from './sequence-counter.ts';
