import type { OperatorFunction } from 'rxjs';
import type { CountEvent } from '../component/operator-event.ts';
import { scrubText } from '../component/scrub.ts';
import type { SpanRecord } from '../component/span.ts';
import type { Snapshot, StateSlot } from '../component/state.ts';
import type {
  ConversionFinished,
  ConversionFrame,
  ConversionStarted,
  ConversionStepped,
} from '../frames/conversion.ts';
import { OWN_EMITTER } from '../frames/header.ts';
import { endSpans, stepSpan, traceOf } from './conversion-spans.ts';
import {
  Conversions,
  type ConversionTrace,
  type Finish,
  newConversion,
  type OpenConversion,
  type StartedConversion,
  type Step,
} from './conversion-state.ts';
import { type Stateful, stateful } from './stateful.ts';
import { parentSpanOf } from './trace-parent.ts';

/** What happened to a conversion; `active` is how many have started and not ended after it. */
export interface ConversionRecord {
  readonly conversionId: string;
  readonly event: 'started' | 'step' | 'finished';
  readonly t0Us: number;
  /** Undefined for one that ended and whose start never came. */
  readonly started: StartedConversion | undefined;
  readonly trace: ConversionTrace | undefined;
  readonly step: Step | undefined;
  readonly finish: Finish | undefined;
  readonly active: number;
  /** Spans that are whole now. */
  readonly spans: readonly SpanRecord[];
}

export interface TrackConversionsOptions {
  /** Conversions that have not ended. */
  readonly openMax: number;
  /** Ended ones that are remembered, to know what comes after the end. */
  readonly endedMax: number;
}

/** Steps that wait for the start of their conversions, of all of them. */
const EARLY_STEPS_MAX = 65_536;
/** Steps of a conversion that are told from repeats. */
const STEPS_SEEN_MAX = 256;

/**
 * Follows conversions by their id through started, steps and finished. What comes twice counts
 * once; what comes before the start waits for it. The bound on conversions arrives as a finish of
 * emitter `spikescope` (src/sources/conversion-watch.ts): with it, one that never finished ends as
 * an error, and a finish whose start never came counts without names.
 */
export function trackConversions(
  options: TrackConversionsOptions,
  slot: StateSlot,
  count: CountEvent,
): OperatorFunction<ConversionFrame, ConversionRecord> {
  return stateful(slot, (emit) => new ConversionTracker(options, count, emit));
}

class ConversionTracker implements Stateful<ConversionFrame> {
  private readonly options: TrackConversionsOptions;
  private readonly count: CountEvent;
  private readonly emit: (record: ConversionRecord) => void;
  private readonly conversions: Conversions;
  /** Steps that wait for a start. */
  private early = 0;

  constructor(
    options: TrackConversionsOptions,
    count: CountEvent,
    emit: (record: ConversionRecord) => void,
  ) {
    this.options = options;
    this.count = count;
    this.emit = emit;
    this.conversions = new Conversions(options.endedMax);
  }

  next(frame: ConversionFrame): void {
    const { conversionId: id } = frame;
    if (frame.emitter === OWN_EMITTER) {
      this.passBound(id, frame);
    } else if (this.hasEnded(frame)) {
      this.count('conversion_events_repeated', 1);
    } else {
      const conversion = this.openOf(frame);
      if (conversion === undefined) return;
      conversion.parent ??= parentSpanOf(frame.trace);
      if (frame.event === 'started') this.start(id, conversion, frame);
      else if (frame.event === 'step') this.step(id, conversion, frame);
      else this.finishOne(id, conversion, frame);
    }
  }

  /** An id that is used for a later start is another conversion. */
  private hasEnded({ conversionId, event, t0Us }: ConversionFrame): boolean {
    const startedUs = this.conversions.ended.get(conversionId);
    if (startedUs === undefined) return false;
    if (event !== 'started' || startedUs === t0Us) return true;
    this.conversions.ended.delete(conversionId);
    return false;
  }

  private openOf({ conversionId }: ConversionFrame): OpenConversion | undefined {
    const { open } = this.conversions;
    const known = open.get(conversionId);
    if (known !== undefined) return known;
    if (open.size >= this.options.openMax) {
      this.count('conversions_refused', 1);
      return undefined;
    }
    const fresh = newConversion();
    open.set(conversionId, fresh);
    return fresh;
  }

  private start(id: string, conversion: OpenConversion, frame: ConversionStarted): void {
    if (conversion.started !== null) {
      this.count('conversion_events_repeated', 1);
      return;
    }
    conversion.started = startedOf(frame);
    this.conversions.active++;
    this.say(id, conversion, { event: 'started', t0Us: frame.t0Us });
    const { earlySteps, earlyFinish } = conversion;
    conversion.earlySteps = [];
    this.early -= earlySteps.length;
    for (const step of earlySteps) this.takeStep(id, conversion, conversion.started, step);
    if (earlyFinish !== null) this.end(id, conversion, earlyFinish);
  }

  private step(id: string, conversion: OpenConversion, frame: ConversionStepped): void {
    const step = stepOf(frame);
    const key = `${step.step} ${step.layerIndex ?? ''} ${step.t0Us}`;
    if (conversion.stepsSeen.includes(key)) {
      this.count('conversion_events_repeated', 1);
      return;
    }
    if (conversion.stepsSeen.length < STEPS_SEEN_MAX) conversion.stepsSeen.push(key);
    if (conversion.started !== null) {
      this.takeStep(id, conversion, conversion.started, step);
    } else if (this.early < EARLY_STEPS_MAX) {
      this.count('conversion_events_early', 1);
      conversion.earlySteps.push(step);
      this.early++;
    } else {
      this.count('conversions_refused', 1);
    }
  }

  private takeStep(
    id: string,
    conversion: OpenConversion,
    started: StartedConversion,
    step: Step,
  ): void {
    const startUs = step.t0Us - step.durationUs;
    if (step.step === 'convert_layer') {
      const isFirst = conversion.layers === 0;
      conversion.layersStartUs = isFirst ? startUs : Math.min(conversion.layersStartUs, startUs);
      conversion.layersEndUs = isFirst ? step.t0Us : Math.max(conversion.layersEndUs, step.t0Us);
      conversion.layers++;
    }
    const trace = traceOf(id, started.t0Us, conversion.parent);
    const spans = [stepSpan(id, started, trace, step)];
    this.say(id, conversion, { event: 'step', t0Us: step.t0Us, step, spans });
  }

  private finishOne(id: string, conversion: OpenConversion, frame: ConversionFinished): void {
    if (conversion.started !== null) {
      this.end(id, conversion, finishOf(frame));
    } else if (conversion.earlyFinish === null) {
      this.count('conversion_events_early', 1);
      conversion.earlyFinish = finishOf(frame);
    } else {
      this.count('conversion_events_repeated', 1);
    }
  }

  /** The bound on a conversion has passed: it ends as the frame says, or as is known of it. */
  private passBound(id: string, frame: ConversionFrame): void {
    const conversion = this.conversions.open.get(id);
    if (conversion === undefined || frame.event !== 'finished') return;
    if (conversion.started !== null) {
      this.end(id, conversion, finishOf(frame));
      return;
    }
    this.count('conversions_unstarted', 1);
    this.early -= conversion.earlySteps.length;
    if (conversion.earlyFinish !== null) this.end(id, conversion, conversion.earlyFinish);
    else this.conversions.open.delete(id);
  }

  private end(id: string, conversion: OpenConversion, finish: Finish): void {
    const { started, parent } = conversion;
    const { open, ended } = this.conversions;
    open.delete(id);
    ended.set(id, started?.t0Us ?? -1);
    const spans: SpanRecord[] = [];
    if (started !== null) {
      this.conversions.active--;
      const trace = traceOf(id, started.t0Us, parent);
      spans.push(...endSpans(id, started, trace, conversion, finish));
    }
    this.say(id, conversion, { event: 'finished', t0Us: finish.t0Us, finish, spans });
  }

  private say(
    conversionId: string,
    { started, parent }: OpenConversion,
    what: Pick<ConversionRecord, 'event' | 't0Us'> & Partial<ConversionRecord>,
  ): void {
    this.emit({
      step: undefined,
      finish: undefined,
      spans: [],
      ...what,
      conversionId,
      started: started ?? undefined,
      trace: started === null ? undefined : traceOf(conversionId, started.t0Us, parent),
      active: this.conversions.active,
    });
  }

  snapshot(): Snapshot {
    const { open, ended, active } = this.conversions;
    const entries = [...open].map(([id, conversion]) => [id, structuredClone(conversion)]);
    return { open: entries as unknown as Snapshot, ended: ended.entries(), active };
  }

  restore(snapshot: Snapshot): void {
    const kept = snapshot as unknown as {
      readonly open: readonly [string, OpenConversion][];
      readonly ended: readonly (readonly [string, number])[];
      readonly active: number;
    };
    this.conversions.open.clear();
    this.early = 0;
    for (const [id, conversion] of kept.open) {
      this.conversions.open.set(id, structuredClone(conversion));
      this.early += conversion.earlySteps.length;
    }
    this.conversions.ended.fill(kept.ended);
    this.conversions.active = kept.active;
  }
}

function startedOf(frame: ConversionStarted): StartedConversion {
  const { t0Us, modelType, modelName, modelSize, modelParameters, hardwareTarget, runId } = frame;
  return { runId, t0Us, modelType, modelName, modelSize, modelParameters, hardwareTarget };
}

function stepOf(frame: ConversionStepped): Step {
  const { t0Us, step, durationUs, layerIndex, layerType, calibrationSamples } = frame;
  return { t0Us, step, durationUs, layerIndex, layerType, calibrationSamples };
}

function finishOf(frame: ConversionFinished): Finish {
  const { t0Us, success, durationUs, errorType } = frame;
  const isTimeout = frame.emitter === OWN_EMITTER;
  // It goes into records, spans and documents, where no log writer takes secrets out.
  const errorMessage = frame.errorMessage && scrubText(frame.errorMessage);
  return { t0Us, success, durationUs, errorType, errorMessage, isTimeout };
}
