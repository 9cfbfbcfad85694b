import { z } from 'zod';
import { duration, formatDuration } from '../component/duration.ts';
import type { FrameWatch, Inlet } from '../component/source.ts';
import type { HeldState, Snapshot } from '../component/state.ts';
import { type Frame, frameCount } from '../frames/frame.ts';
import { OWN_EMITTER } from '../frames/header.ts';
import type { LogFrame } from '../frames/log.ts';

/** The section `runs` of the configuration. */
export const runOptions = z.strictObject({
  silence: duration(1_000_000, 24 * 3_600_000_000)
    .prefault('10m')
    .describe('A run of which no frame arrives for so long has ended.'),
  watched_max: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1024)
    .describe('Runs whose silence is looked for at once.'),
});

export interface RunWatchOptions {
  readonly silenceUs: number;
  /** Runs that are watched at most. */
  readonly watchedMax: number;
  /** µs since the Unix epoch, of the clock that frames' arrivals are told by. */
  readonly nowUs: () => number;
  /** So many frames came of one run more; its silence is not looked for. */
  readonly refused: (frames: number) => void;
}

interface Watched {
  deviceType: string;
  chipId: string;
  /** End of its last frame. */
  endUs: number;
  /** A frame came since the last check. */
  isHeard: boolean;
  silentSinceUs: number;
}

type KeptRun = Pick<Watched, 'deviceType' | 'chipId' | 'endUs'> & { readonly runId: string };

/**
 * Finds runs that fall silent: when no frame of one has arrived for so long, a log line of emitter
 * `spikescope` with the event `run_end` enters the stream. Frames' own times can't tell that: a
 * chip that sends nothing has none.
 */
export class RunWatch implements FrameWatch, HeldState {
  readonly stateName = 'runs';
  private readonly options: RunWatchOptions;
  private readonly watched = new Map<string, Watched>();

  constructor(options: RunWatchOptions) {
    this.options = options;
  }

  saw(frame: Frame): void {
    const { runId, deviceType, chipId, t0Us, spanUs } = frame;
    if (runId === undefined) return;
    const watched = this.watched.get(runId) ?? this.add(runId, frame);
    if (watched === undefined) return;
    watched.deviceType = deviceType;
    watched.chipId = chipId;
    watched.endUs = t0Us + spanUs;
    // No clock is asked for each frame: the next check does it once.
    watched.isHeard = true;
  }

  private add(runId: string, frame: Frame): Watched | undefined {
    if (this.watched.size >= this.options.watchedMax) {
      this.options.refused(frameCount(frame));
      return undefined;
    }
    const added = { deviceType: '', chipId: '', endUs: 0, isHeard: true, silentSinceUs: 0 };
    this.watched.set(runId, added);
    return added;
  }

  snapshot(): Snapshot {
    return [...this.watched].map(([runId, { deviceType, chipId, endUs }]) => {
      return { runId, deviceType, chipId, endUs };
    });
  }

  /** Their silence begins with the next check. */
  restore(snapshot: Snapshot): void {
    this.watched.clear();
    for (const entry of snapshot as readonly Snapshot[]) {
      const { runId, ...kept } = entry as unknown as KeptRun;
      this.watched.set(runId, { ...kept, isHeard: true, silentSinceUs: 0 });
    }
  }

  /** Ends those that were silent for long enough. */
  check(inlet: Inlet): void {
    const nowUs = this.options.nowUs();
    for (const [runId, watched] of this.watched) {
      if (watched.isHeard) {
        watched.isHeard = false;
        watched.silentSinceUs = nowUs;
      } else if (nowUs - watched.silentSinceUs >= this.options.silenceUs) {
        this.watched.delete(runId);
        inlet.frame(this.endOf(runId, watched, nowUs));
      }
    }
  }

  private endOf(runId: string, { deviceType, chipId, endUs }: Watched, nowUs: number): LogFrame {
    const silence = formatDuration(this.options.silenceUs);
    return {
      kind: 'log',
      ...{ deviceType, chipId, t0Us: endUs, spanUs: 0, seq: undefined, runId },
      ...{ emitter: OWN_EMITTER, arrivedUs: nowUs, restarts: 0 },
      level: 'INFO',
      text: `run ${runId} has ended: nothing came of it for ${silence}`,
      line: undefined,
      eventType: 'run_end',
      names: new Map([['logger', 'spikeformer']]),
      ...{ errorMessage: undefined, requiresAttention: undefined },
      ...{ spikeCount: undefined, timestep: undefined, spikeRate: undefined },
    };
  }
}
