import type { AdaptedSubject, Adapters } from '../adapters/adapter.ts';
import type { DeadMessage, InboundMessage } from '../component/message.ts';
import type { FrameWatch, Inlet } from '../component/source.ts';
import { FrameDecoder } from '../frames/decode.ts';
import type { Frame } from '../frames/frame.ts';
import { frameCount, sampleCount } from '../frames/frame.ts';
import { FrameError, type InvalidReason } from '../frames/frame-error.ts';
import { type FrameKind, OWN_EMITTER } from '../frames/header.ts';
import type { FrameLimits } from '../frames/limits.ts';
import type { SpikesFrame } from '../frames/spikes.ts';
import { type FrameSubject, formatSubject, parseSubject } from '../frames/subject.ts';
import { SequenceTracker } from '../operators/track-sequence.ts';
import { FrameJoiner } from './frame-joiner.ts';
import type { StateRegistry } from './state-registry.ts';

/** What is counted at the door; each is one of the service's own metrics. */
export interface IngestCounts {
  received(kind: FrameKind, samples: number, frames: number): void;
  invalid(reason: InvalidReason): void;
  missing(frames: number): void;
  repeated(): void;
  recovered(): void;
  /** A frame of this chip came; `lagS` is arrival less the frame's end, NaN without a clock. */
  heard(deviceType: string, chipId: string, lagS: number): void;
}

export interface IngestOptions {
  readonly prefix: string;
  readonly limits: FrameLimits;
  /** What reads messages on subjects that are not of frames; undefined where nothing does. */
  readonly adapters?: Adapters | undefined;
  readonly counts: IngestCounts;
  readonly states: StateRegistry;
  readonly watches: readonly FrameWatch[];
  /** Where a frame that counts goes. */
  readonly next: (frame: Frame) => void;
  /** As `QuietState` has it; undefined where frames are wanted one by one. */
  readonly quietUntilUs?: (frame: SpikesFrame) => number;
  /** Where a message goes that is no frame. */
  readonly dead: (dead: DeadMessage) => void;
}

/** Subjects whose tokens and sequence numbers are remembered. */
const SUBJECTS_MAX = 65_536;

/**
 * The door: decodes each message once, refuses what is no frame (counted by reason, sent to the
 * dead subject, nothing else stops), and follows sequence numbers so that repeats count once.
 */
export class Ingest implements Inlet {
  private readonly options: IngestOptions;
  private readonly decoder: FrameDecoder;
  private readonly tracker = new SequenceTracker(SUBJECTS_MAX);
  private readonly subjects = new Map<string, FrameSubject | AdaptedPlace>();
  private readonly joiner: FrameJoiner;
  private isGathering = false;

  constructor(options: IngestOptions) {
    this.options = options;
    this.joiner = new FrameJoiner(options.quietUntilUs ?? never, (frame) => this.pass(frame));
    this.decoder = new FrameDecoder(options.limits, true);
    options.states.slot('ingest/sequence').hold({
      snapshot: () => this.tracker.snapshot(),
      restore: (snapshot) => {
        // What operators said of parts was said of another state.
        this.joiner.forget();
        this.tracker.restore(snapshot);
      },
    });
  }

  message(message: InboundMessage): void {
    let frame: Frame;
    try {
      const subject = this.subjectOf(message.subject);
      if ('adapter' in subject) {
        this.adapted(message, subject, subject.adapter.read(message.data, subject));
        return;
      }
      frame = this.decode(message, subject);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.options.counts.invalid(error.reason);
      this.options.dead({ message, reason: error.reason, detail: error.message });
      return;
    }
    frame.arrivedUs = message.arrivedUs;
    frame.trace = message.trace;
    this.accept(message.subject, frame);
  }

  private decode(message: InboundMessage, subject: FrameSubject): Frame {
    const { dataAt, contentType } = message;
    const known =
      dataAt === undefined ? undefined : this.decoder.known(dataAt, subject, contentType);
    return known ?? this.decoder.decode(message.data, subject, contentType);
  }

  /** One message, all of its frames: each as if it had come on its own subject. */
  private adapted(message: InboundMessage, place: AdaptedPlace, frames: readonly Frame[]): void {
    for (const frame of frames) {
      frame.arrivedUs = message.arrivedUs;
      frame.trace = message.trace;
      this.accept(frame.kind === 'spikes' ? place.spikes : place.membrane, frame);
    }
  }

  frame(frame: Frame): void {
    this.accept(formatSubject(this.options.prefix, frame), frame);
  }

  close(): void {
    this.decoder.close();
  }

  gather(): void {
    this.isGathering = true;
  }

  gathered(): void {
    this.isGathering = false;
    this.joiner.flush();
  }

  private accept(subject: string, frame: Frame): void {
    const { counts } = this.options;
    const verdict = this.tracker.track(subject, frame);
    if (frame.emitter === OWN_EMITTER) {
      // What a watch found came from nobody: the counts stay those of what emitters sent.
      this.joiner.forget();
      this.options.next(frame);
      return;
    }
    if (verdict.missing > 0) counts.missing(verdict.missing);
    if (verdict.recovered) counts.recovered();
    if (verdict.repeated) this.repeated(frame);
    else this.take(frame);
  }

  private repeated(frame: Frame): void {
    const { counts, watches } = this.options;
    this.joiner.flush();
    counts.heard(frame.deviceType, frame.chipId, lagOf(frame));
    for (const watch of watches) watch.saw(frame, true);
    counts.repeated();
  }

  private take(frame: Frame): void {
    const { joiner } = this;
    if (!this.isGathering) {
      joiner.forget();
      this.pass(frame);
      return;
    }
    if (frame.kind === 'spikes' && joiner.take(frame)) return;
    joiner.flushBefore(frame);
    this.pass(frame);
    joiner.passed(frame);
  }

  /** A frame that counts, or several as one. */
  private pass(frame: Frame): void {
    const { counts, watches, next } = this.options;
    counts.heard(frame.deviceType, frame.chipId, lagOf(frame));
    for (const watch of watches) watch.saw(frame, false);
    counts.received(frame.kind, sampleCount(frame), frameCount(frame));
    next(frame);
  }

  /** A subject is read once; its names then are the same objects in every frame. */
  private subjectOf(text: string): FrameSubject | AdaptedPlace {
    const known = this.subjects.get(text);
    if (known !== undefined) return known;
    const { adapters, prefix } = this.options;
    const adapted = adapters?.find(text);
    const subject =
      adapted === undefined ? parseSubject(prefix, text) : adaptedPlace(prefix, adapted);
    if (this.subjects.size >= SUBJECTS_MAX) this.subjects.clear();
    this.subjects.set(text, subject);
    return subject;
  }
}

/** A subject that an adapter reads, and those that its frames would have come on. */
interface AdaptedPlace extends AdaptedSubject {
  readonly spikes: string;
  readonly membrane: string;
}

function adaptedPlace(prefix: string, subject: AdaptedSubject): AdaptedPlace {
  return {
    ...subject,
    spikes: formatSubject(prefix, { ...subject, kind: 'spikes' }),
    membrane: formatSubject(prefix, { ...subject, kind: 'membrane' }),
  };
}

/** Where nobody can say, no frame waits. */
function never(): number {
  return 0;
}

function lagOf(frame: Frame): number {
  return (frame.arrivedUs - (frame.t0Us + frame.spanUs)) / 1e6;
}
