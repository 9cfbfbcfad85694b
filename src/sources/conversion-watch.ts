import { z } from 'zod';
import { duration, formatDuration } from '../component/duration.ts';
import type { FrameWatch, Inlet } from '../component/source.ts';
import type { HeldState, Snapshot } from '../component/state.ts';
import type { ConversionFinished, ConversionFrame } from '../frames/conversion.ts';
import type { Frame } from '../frames/frame.ts';
import { OWN_EMITTER } from '../frames/header.ts';

/** The section `conversions` of the configuration. */
export const conversionOptions = z.strictObject({
  timeout: duration(1_000_000, 30 * 24 * 3_600_000_000)
    .prefault('6h')
    .describe('A conversion that has not finished by then counts as an error of type timeout.'),
  watched_max: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(131_072)
    .describe('Conversions that the time-out is kept for at once.'),
});

export interface ConversionWatchOptions {
  /** How long a conversion may take, by arrival of its first event. */
  readonly boundUs: number;
  /** Conversions that are watched at most. */
  readonly watchedMax: number;
  /** µs since the Unix epoch, of the clock that frames' arrivals are told by. */
  readonly nowUs: () => number;
  /** One more than `watchedMax` came; it is not watched. */
  readonly refused: () => void;
}

interface Watched {
  readonly deviceType: string;
  readonly chipId: string;
  /** Of its first event. */
  readonly t0Us: number;
  readonly dueUs: number;
  hasStarted: boolean;
  /** When it finished by its own time; -1 where it has not. */
  finishedUs: number;
}

/**
 * Gives up conversions that never finish: when the bound has passed since the first event of one
 * arrived, a finish of emitter `spikescope` with `error_type` `timeout` enters the stream.
 */
export class ConversionWatch implements FrameWatch, HeldState {
  readonly stateName = 'conversions';
  private readonly options: ConversionWatchOptions;
  /** In the order of their first events, which is that of their bounds. */
  private readonly watched = new Map<string, Watched>();

  constructor(options: ConversionWatchOptions) {
    this.options = options;
  }

  saw(frame: Frame, isRepeat: boolean): void {
    if (frame.kind !== 'conversion' || isRepeat) return;
    const { conversionId, event, t0Us } = frame;
    let watched = this.watched.get(conversionId);
    if (event === 'started' && watched?.hasStarted === false) {
      // What came before belongs to this start, or was left of an earlier use of the id.
      this.watched.delete(conversionId);
      const finishedUs = watched.finishedUs;
      watched = this.add(frame);
      if (watched !== undefined && finishedUs >= t0Us) watched.finishedUs = finishedUs;
    }
    watched ??= this.add(frame);
    if (watched === undefined) return;
    if (event === 'started') watched.hasStarted = true;
    if (event === 'finished') watched.finishedUs = t0Us;
    // A finish without its start is held by those who count it, until one of the two comes.
    if (watched.hasStarted && watched.finishedUs >= 0) this.watched.delete(conversionId);
  }

  snapshot(): Snapshot {
    return [...this.watched].map(([conversionId, watched]) => ({ conversionId, ...watched }));
  }

  restore(snapshot: Snapshot): void {
    this.watched.clear();
    for (const entry of snapshot as readonly Snapshot[]) {
      const { conversionId, ...watched } = entry as unknown as Watched & { conversionId: string };
      this.watched.set(conversionId, watched);
    }
  }

  private add(frame: ConversionFrame): Watched | undefined {
    const { conversionId, deviceType, chipId, t0Us, arrivedUs } = frame;
    if (this.watched.size >= this.options.watchedMax) {
      this.options.refused();
      return undefined;
    }
    // What a stream kept for a while has arrived when it was stored there.
    const cameUs = Number.isNaN(arrivedUs) ? this.options.nowUs() : arrivedUs;
    const dueUs = cameUs + this.options.boundUs;
    const added = { deviceType, chipId, t0Us, dueUs, hasStarted: false, finishedUs: -1 };
    this.watched.set(conversionId, added);
    return added;
  }

  /** Gives up those whose bound has passed. */
  check(inlet: Inlet): void {
    const nowUs = this.options.nowUs();
    for (const [conversionId, watched] of this.watched) {
      if (watched.dueUs > nowUs) return;
      this.watched.delete(conversionId);
      inlet.frame(this.finishOf(conversionId, watched, nowUs));
    }
  }

  private finishOf(conversionId: string, watched: Watched, nowUs: number): ConversionFinished {
    const { boundUs } = this.options;
    return {
      kind: 'conversion',
      deviceType: watched.deviceType,
      chipId: watched.chipId,
      t0Us: Math.min(watched.t0Us + boundUs, Number.MAX_SAFE_INTEGER),
      spanUs: 0,
      seq: undefined,
      runId: undefined,
      emitter: OWN_EMITTER,
      arrivedUs: nowUs,
      restarts: 0,
      conversionId,
      event: 'finished',
      success: false,
      durationUs: boundUs,
      errorType: 'timeout',
      errorMessage: `did not finish within ${formatDuration(boundUs)}`,
    };
  }
}
