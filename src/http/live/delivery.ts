import { partitionsShown, type SharedView } from '../../component/partition-view.ts';
import type { Delivery, SinkState } from '../../sinks/live/delivery-schemas.ts';
import type { MetricValues } from '../../sinks/live/metric-values.ts';
import type { RateMeter } from '../../sinks/live/rate-meter.ts';

/** The last time that frames were found missing, by the clock of the service. */
export type LastGap = Delivery['last_gap'];

/** Messages of a stream that were gone before they were read. */
export interface FoundGap {
  readonly messages: number;
  /** By the clock of the service. */
  readonly foundUs: number;
}

/** Looks once a second for what was lost since the last look. */
export class GapWatch {
  private readonly ofStream: () => FoundGap | undefined;
  private frames: number | undefined;
  private missing: { readonly frames: number; readonly foundUs: number } | undefined;

  constructor(ofStream: () => FoundGap | undefined) {
    this.ofStream = ofStream;
  }

  look(values: MetricValues, nowUs: number): void {
    const frames = values.count('spikescope_frames_missing_total');
    const more = frames - (this.frames ?? frames);
    // While it catches up, what a checkpoint knows comes back: nothing of that is new.
    const isNew = values.sum('spikescope_catching_up') !== 1;
    if (more > 0 && isNew) this.missing = { frames: more, foundUs: nowUs };
    this.frames = frames;
  }

  get last(): LastGap {
    const { missing } = this;
    const gone = this.ofStream();
    if (missing !== undefined && missing.foundUs > (gone?.foundUs ?? 0)) {
      return { at_us: missing.foundUs, messages: 0, frames: missing.frames };
    }
    return gone === undefined ? null : { at_us: gone.foundUs, messages: gone.messages, frames: 0 };
  }
}

/** How frames come: of JetStream how far behind, and how safe what they made is. */
export function deliveryOf(
  values: MetricValues,
  gaps: GapWatch,
  partitions?: SharedView,
): Delivery {
  const isCatchingUp = values.sum('spikescope_catching_up');
  const common = {
    frames_missing: values.count('spikescope_frames_missing_total'),
    last_gap: gaps.last,
    partitions: partitionsShown(partitions),
  };
  // Only JetStream has anything to catch up with.
  if (isCatchingUp === null) return { ...common, jetstream: null };
  return {
    ...common,
    jetstream: {
      catching_up: isCatchingUp === 1,
      lag_messages: values.sum('spikescope_stream_lag_messages'),
      messages_lost: values.count('spikescope_stream_messages_lost_total'),
      checkpoint_age_seconds: values.sum('spikescope_checkpoint_age_seconds'),
      checkpoint_bytes: values.sum('spikescope_checkpoint_bytes'),
      checkpoint_held_seconds: values.sum('spikescope_checkpoint_held_seconds'),
      checkpoints: Object.fromEntries(values.by('spikescope_checkpoints_total', 'outcome')),
      commit_seconds: values.sum('spikescope_commit_seconds'),
      commit_failures: values.count('spikescope_commit_failures_total'),
      interruptions: Object.fromEntries(
        values.by('spikescope_stream_interruptions_total', 'reader'),
      ),
    },
  };
}

/** Every sink and queue: what waits there, how far behind it is, what it dropped. */
export function sinksOf(values: MetricValues, meter: RateMeter): SinkState[] {
  const entries = values.by('spikescope_queue_depth', 'queue');
  const bytes = values.by('spikescope_queue_bytes', 'queue');
  const dropped = values.by('spikescope_dropped_total', 'sink');
  const up = values.sum('spikescope_document_store_up');
  const names = new Set([...entries.keys(), ...dropped.keys()]);
  return [...names].sort().map((name) => {
    const isDocuments = name === 'documents';
    return {
      name,
      waiting: entries.get(name) ?? null,
      bytes: bytes.get(name) ?? null,
      dropped: dropped.get(name) ?? 0,
      per_second: isDocuments ? meter.perSecond('documents') : null,
      lag_seconds: isDocuments ? values.sum('spikescope_documents_oldest_seconds') : null,
      works: isDocuments && up !== null ? up === 1 : null,
    };
  });
}
