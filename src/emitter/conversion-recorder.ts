import { randomUUID } from 'node:crypto';
import type { ConversionStep } from '../frames/conversion.ts';
import { FRAME_LIMITS } from '../frames/limits.ts';
import type { EmitterCore } from './emitter-core.ts';
import { type ConversionInput, conversionFrame } from './frame-builders.ts';
import { activeTrace, givenTrace, type TraceHeaders } from './trace-context.ts';

export interface ModelConversion {
  /** `vit`, `bert`, … */
  readonly modelType: string;
  readonly modelName: string;
  /** `tiny`, `small`, `base`, … */
  readonly modelSize: string;
  /** How many. */
  readonly modelParameters: number;
  readonly hardwareTarget: string;
  /** A UUID by default. */
  readonly conversionId?: string | undefined;
  /** W3C Trace Context of the span that this belongs to; by default the host's active span. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

type StepFields = Partial<
  Readonly<Record<'layerIndex' | 'calibrationSamples', number> & Record<'layerType', string>>
>;

/**
 * Times a conversion and its steps by one clock: the wall's at the start, and what a steady one
 * adds, so that a step's end less its duration is its start to the microsecond.
 */
export class Conversion {
  readonly conversionId: string;
  private readonly core: EmitterCore;
  private readonly trace: TraceHeaders | undefined;
  private readonly startedUs: number;
  private readonly startedMs: number;

  constructor(core: EmitterCore, model: ModelConversion) {
    this.core = core;
    this.conversionId = model.conversionId ?? randomUUID();
    this.trace = traceOf(core, model);
    this.startedUs = Date.now() * 1000;
    this.startedMs = performance.now();
    const { modelType, modelName, modelSize, modelParameters, hardwareTarget } = model;
    const names = { modelType, modelName, modelSize, modelParameters, hardwareTarget };
    this.post({ event: 'started', t0Us: this.startedUs, ...names });
  }

  /** The search for thresholds, with so many samples. */
  calibration<T>(calibrationSamples: number, work: () => T): T {
    return this.step('calibration', { calibrationSamples }, work);
  }

  /** The conversion of one layer. */
  layer<T>(layerIndex: number, layerType: string, work: () => T): T {
    return this.step('convert_layer', { layerIndex, layerType }, work);
  }

  hardwareCompilation<T>(work: () => T): T {
    return this.step('hardware_compilation', {}, work);
  }

  /** Says how it ended. */
  finish(error?: { readonly thrown: unknown }): void {
    const t0Us = this.nowUs();
    const success = error === undefined;
    this.post({
      event: 'finished',
      t0Us,
      durationUs: t0Us - this.startedUs,
      success,
      ...(error !== undefined && errorFields(error.thrown)),
    });
  }

  /** Told at its end, failed or not: how the conversion ended says the rest. */
  private step<T>(step: ConversionStep, fields: StepFields, work: () => T): T {
    const fromUs = this.nowUs();
    return whenDone(work, () => {
      const t0Us = this.nowUs();
      this.post({ event: 'step', t0Us, step, durationUs: t0Us - fromUs, ...fields });
    });
  }

  private nowUs(): number {
    return this.startedUs + Math.round((performance.now() - this.startedMs) * 1000);
  }

  private post(event: object): void {
    const { deviceType, chipId, runId } = this.core.settings;
    const { conversionId } = this;
    const input = { deviceType, chipId, runId, conversionId, ...event } as ConversionInput;
    this.core.post(() => conversionFrame(input), this.trace);
  }
}

/** Runs a conversion; what it returns or throws is what comes out. */
export function runConversion<T>(
  core: EmitterCore,
  model: ModelConversion,
  work: (conversion: Conversion) => T,
): T {
  const conversion = new Conversion(core, model);
  return whenDone(
    () => work(conversion),
    (error) => conversion.finish(error),
  );
}

/** Calls `done` when work has returned, thrown, resolved or rejected; passes all of that on. */
function whenDone<T>(work: () => T, done: (error?: { readonly thrown: unknown }) => void): T {
  let result: T;
  try {
    result = work();
  } catch (thrown) {
    done({ thrown });
    throw thrown;
  }
  if (!isPromise(result)) {
    done();
    return result;
  }
  const settled = result.then(
    (value) => {
      done();
      return value;
    },
    (thrown: unknown) => {
      done({ thrown });
      throw thrown;
    },
  );
  return settled as T;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** Cut to what the wire takes: an error is not to be lost for its length. */
function errorFields(thrown: unknown): { errorType: string; errorMessage: string } {
  const { name, message } = wordsOf(thrown);
  const cut = (text: string, chars: number) =>
    [...text.slice(0, 2 * chars)].slice(0, chars).join('');
  return {
    errorType: cut(name || 'Error', FRAME_LIMITS.stringCharsMax),
    errorMessage: cut(message, FRAME_LIMITS.textCharsMax),
  };
}

/** Anything can be thrown, even what throws when it is looked at. */
function wordsOf(thrown: unknown): { readonly name: string; readonly message: string } {
  try {
    if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown) };
    return { name: String(thrown.name), message: String(thrown.message) };
  } catch {
    return { name: 'Error', message: '(its text could not be had)' };
  }
}

function traceOf(core: EmitterCore, model: ModelConversion): TraceHeaders | undefined {
  if (model.traceparent === undefined) return activeTrace();
  try {
    return givenTrace(model.traceparent, model.tracestate);
  } catch (error) {
    core.problems.report('invalid', 1, () => (error as Error).message);
    return undefined;
  }
}
