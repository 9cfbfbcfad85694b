import type { ConversionFinished, ConversionStepped } from '../frames/conversion.ts';
import { Recent } from './recent.ts';

/** A conversion as its first event said it. */
export interface StartedConversion {
  readonly t0Us: number;
  readonly modelType: string;
  readonly modelName: string;
  readonly modelSize: string;
  readonly modelParameters: number;
  readonly hardwareTarget: string;
  readonly runId: string | undefined;
}

/** The sender's span, by W3C Trace Context. */
export interface ParentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  readonly traceState: string | null;
}

/** Which trace a conversion is, and the span of the conversion itself. */
export interface ConversionTrace {
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: ParentSpan | null;
}

export type Step = Pick<
  ConversionStepped,
  't0Us' | 'step' | 'durationUs' | 'layerIndex' | 'layerType' | 'calibrationSamples'
>;
export interface Finish
  extends Pick<
    ConversionFinished,
    't0Us' | 'success' | 'durationUs' | 'errorType' | 'errorMessage'
  > {
  /** It was given up, not finished. */
  readonly isTimeout: boolean;
}

/** What is remembered of one conversion that has not ended. */
export interface OpenConversion {
  started: StartedConversion | null;
  parent: ParentSpan | null;
  /** What came before the start, in the order it came. */
  earlySteps: Step[];
  earlyFinish: Finish | null;
  /** Which steps have come, so that one that comes twice counts once. */
  stepsSeen: string[];
  layers: number;
  layersStartUs: number;
  layersEndUs: number;
}

export function newConversion(): OpenConversion {
  return {
    started: null,
    parent: null,
    earlySteps: [],
    earlyFinish: null,
    stepsSeen: [],
    layers: 0,
    layersStartUs: 0,
    layersEndUs: 0,
  };
}

/** Conversions that are open, and those that ended last: their ids, with when they started. */
export class Conversions {
  readonly open = new Map<string, OpenConversion>();
  readonly ended: Recent<number>;
  /** Open ones that have started: those that are active. */
  active = 0;

  constructor(endedMax: number) {
    this.ended = new Recent(endedMax);
  }
}
