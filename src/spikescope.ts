/**
 * The package `spikescope`: reading and writing frames, and declaring pipelines. To publish, see
 * `spikescope/emitter`; to run the service, the command `spikescope`.
 */
export { duration, parseDurationUs } from './component/duration.ts';
export type {
  CounterSeries,
  GaugeSeries,
  HistogramSeries,
  HistogramSpec,
  MetricDefiner,
  MetricFamily,
  MetricSpec,
} from './component/metric.ts';
export type { CountEvent, OperatorEvent } from './component/operator-event.ts';
export {
  definePipeline,
  type PipelineContext,
  type PipelineDefinition,
} from './component/pipeline.ts';
export type { DeclareState, HeldState, Snapshot, StateSlot } from './component/state.ts';
export type { ActivityFrame } from './frames/activity.ts';
export type { BenchmarkFrame } from './frames/benchmark.ts';
export type { ConversionFrame } from './frames/conversion.ts';
export type { CoresFrame } from './frames/cores.ts';
export { FrameDecoder } from './frames/decode.ts';
export type { DenseColumns } from './frames/dense-spikes.ts';
export { CONTENT_TYPES, type Encoding, FrameEncoder } from './frames/encode.ts';
export { changedFrame, type Frame, type FrameOfKind, sampleCount } from './frames/frame.ts';
export { FrameError, INVALID_REASONS, type InvalidReason } from './frames/frame-error.ts';
export { FRAME_KINDS, type FrameHeader, type FrameKind } from './frames/header.ts';
export type { HealthFrame } from './frames/health.ts';
export type { InferenceFrame } from './frames/inference.ts';
export { FRAME_LIMITS, type FrameLimits } from './frames/limits.ts';
export type { LogFrame } from './frames/log.ts';
export type { MembraneFrame } from './frames/membrane.ts';
export type { PowerFrame } from './frames/power.ts';
export type { SpikesFrame } from './frames/spikes.ts';
export {
  type FrameSubject,
  formatSubject,
  PREFIX_DEFAULT,
  parseSubject,
} from './frames/subject.ts';
export type { SynapsesFrame, SynapseUpdate } from './frames/synapses.ts';
export { openRecording } from './recordings/open.ts';
export type { Recording, RecordingInfo, RecordingNotes } from './recordings/recording.ts';
export type { RecordingWriter } from './recordings/recording-writer.ts';
export { type SonataInfo, SonataWriter } from './recordings/sonata-write.ts';
export { SpkWriter } from './recordings/spk-write.ts';
