import type { ActivityFrame } from './activity.ts';
import type { BenchmarkFrame } from './benchmark.ts';
import type { ConversionFrame } from './conversion.ts';
import type { CoresFrame } from './cores.ts';
import { DenseSpikesFrame } from './dense-spikes.ts';
import type { FrameHeader, FrameKind } from './header.ts';
import type { HealthFrame } from './health.ts';
import type { InferenceFrame } from './inference.ts';
import type { LogFrame } from './log.ts';
import type { MembraneFrame } from './membrane.ts';
import type { PowerFrame } from './power.ts';
import { type SpikesFrame, spikeCount } from './spikes.ts';
import type { SynapsesFrame } from './synapses.ts';

/** Frame type of each kind. */
export interface FrameOfKind {
  spikes: SpikesFrame;
  membrane: MembraneFrame;
  power: PowerFrame;
  cores: CoresFrame;
  activity: ActivityFrame;
  synapses: SynapsesFrame;
  health: HealthFrame;
  conversion: ConversionFrame;
  inference: InferenceFrame;
  benchmark: BenchmarkFrame;
  log: LogFrame;
}

/** The unit of flow: a batch of samples of one kind from one source, in columns. */
export type Frame = FrameOfKind[FrameKind];

/** A copy under another header; its columns are the frame's own. */
export function changedFrame<F extends Frame>(frame: F, changes: Partial<FrameHeader>): F {
  if (frame instanceof DenseSpikesFrame) return frame.changed(changes) as Frame as F;
  return { ...frame, ...changes };
}

/** How many frames these were. */
export function frameCount(frame: Frame): number {
  return frame.kind === 'spikes' ? (frame.framesJoined ?? 1) : 1;
}

/** Samples in a frame, as `spikescope_samples_total` counts them; one where it has no columns. */
export function sampleCount(frame: Frame): number {
  switch (frame.kind) {
    case 'spikes':
      return spikeCount(frame);
    case 'membrane':
      return frame.values.length;
    case 'power':
      return frame.watts.length;
    case 'cores':
      return frame.coreId.length;
    case 'activity': {
      const rows = frame.scope === 'chip' ? 1 : frame.coreId.length;
      return rows * frame.counters.size;
    }
    case 'synapses':
      return frame.updates.length;
    case 'inference':
      return frame.count;
    default:
      return 1;
  }
}
