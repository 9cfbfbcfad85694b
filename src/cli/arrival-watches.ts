import type { FrameWatch, Inlet } from '../component/source.ts';
import type { HeldState } from '../component/state.ts';
import { ArrivalClock } from '../sources/arrival-clock.ts';
import { ConversionWatch } from '../sources/conversion-watch.ts';
import { RunWatch } from '../sources/run-watch.ts';
import { SilenceWatch } from '../sources/silence-watch.ts';
import type { OwnMetrics } from '../telemetry/own-metrics.ts';
import type { Config } from './config/schema.ts';

/** What finds by arrival what frames' own times can't tell: what has no end, and who is silent. */
export interface ArrivalWatches {
  readonly all: readonly (FrameWatch & HeldState & { readonly stateName: string })[];
  /** Puts what they found into the stream. */
  check(inlet: Inlet, isSourceThere: boolean): void;
}

export function arrivalWatches(config: Config, own: OwnMetrics): ArrivalWatches {
  const clock = new ArrivalClock();
  const nowUs = () => clock.nowUs();
  const conversions = new ConversionWatch({
    boundUs: config.conversions.timeout,
    watchedMax: config.conversions.watched_max,
    nowUs,
    refused: () => own.stateRefused.series('conversions_watched').add(1),
  });
  const runs = new RunWatch({
    silenceUs: config.runs.silence,
    watchedMax: config.runs.watched_max,
    nowUs,
    refused: (frames) => own.stateRefused.series('runs_watched').add(frames),
  });
  const silence = new SilenceWatch({
    afterUs: config.silence.after,
    forgetUs: config.silence.forget,
    watchedMax: config.silence.watched_max,
    nowUs,
    refused: (frames) => own.stateRefused.series('silence_watched').add(frames),
  });
  return {
    all: [conversions, runs, silence],
    check: (inlet, isSourceThere) => {
      silence.check(inlet, isSourceThere);
      conversions.check(inlet);
      runs.check(inlet);
    },
  };
}
