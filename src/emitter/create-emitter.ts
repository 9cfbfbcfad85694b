import type { Frame } from '../frames/frame.ts';
import { FRAME_LIMITS } from '../frames/limits.ts';
import type { LogLevel } from '../frames/log.ts';
import { type CallerPlace, callerPlace } from './caller-place.ts';
import { type Conversion, type ModelConversion, runConversion } from './conversion-recorder.ts';
import { EmitterCore } from './emitter-core.ts';
import { type EmitterOptions, emitterSettings } from './emitter-options.ts';
import type { EmitterStats } from './emitter-tally.ts';
import {
  type ActivityInput,
  activityFrame,
  type CoresInput,
  coresFrame,
  type HealthInput,
  healthFrame,
  type InferenceInput,
  inferenceFrame,
  type LogInput,
  logFrame,
  type MembraneInput,
  membraneFrame,
  type PowerInput,
  powerFrame,
  type SpikesInput,
  type SynapsesInput,
  spikesFrame,
  synapsesFrame,
} from './frame-builders.ts';
import { type LayerOptions, LayerRecorder } from './layer-recorder.ts';
import {
  answerPings,
  type CheckHealth,
  type Chip,
  type RunBenchmark,
  serveBenchmarks,
} from './responders.ts';

/** What the emitter fills in where it is left out; `t0Us` is by default now, less the span. */
type Filled = 'deviceType' | 'chipId' | 'runId' | 't0Us';
/** What frames that are recorded are given: the emitter numbers them. */
export type Recorded<Input> = Input extends unknown
  ? Omit<Input, Filled | 'seq' | 'emitter'> & {
      readonly [K in Filled]?: (K extends 't0Us' ? number : string) | undefined;
    }
  : never;

type LogFields = Partial<Recorded<LogInput>>;

const LAYERS_MAX = 4096;
const CLOSE_MS_DEFAULT = 5000;

/**
 * Publishes to NATS from a program that has better things to do: methods that record return at
 * once and never throw, whether NATS is there or not. What could not be sent is in `stats`.
 */
export class Emitter {
  private readonly core: EmitterCore;
  private readonly layers = new Map<string, LayerRecorder>();

  /** @throws TypeError or FrameError where an option is none; never because of NATS */
  constructor(options: EmitterOptions) {
    this.core = new EmitterCore(emitterSettings(options));
  }

  /** The name that its frames carry: another one at each start. */
  get name(): string {
    return this.core.counter.emitter;
  }

  /** More than half of the buffer waits for NATS: whoever can, waits for `ready`. */
  get isFull(): boolean {
    return this.core.isFull;
  }

  /** Resolves when there is room again, or the emitter is closed. Never rejects. */
  ready(): Promise<void> {
    return this.core.ready();
  }

  stats(): EmitterStats {
    return this.core.stats();
  }

  /**
   * A layer whose spikes come one by one, or some at a time.
   * @throws FrameError or TypeError that names what is wrong
   */
  layer(options: LayerOptions): LayerRecorder {
    const { deviceType, chipId } = { ...this.core.settings, ...withoutUndefined(options) };
    const key = `${deviceType}/${chipId}/${options.layerName}`;
    if (this.layers.has(key)) throw new TypeError(`layer_name: ${key} is declared already`);
    if (this.layers.size >= LAYERS_MAX) throw new TypeError(`more than ${LAYERS_MAX} layers`);
    const layer = new LayerRecorder(this.core, options);
    this.layers.set(key, layer);
    this.core.addBatcher(layer);
    return layer;
  }

  /** A whole frame of spikes, for those who have columns already. */
  recordSpikes(input: Recorded<SpikesInput>): void {
    this.core.post(() => spikesFrame(this.whole(input)));
  }

  recordMembrane(input: Recorded<MembraneInput>): void {
    this.core.post(() => membraneFrame(this.whole(input)));
  }

  recordPower(input: Recorded<PowerInput>): void {
    this.core.post(() => powerFrame(this.whole(input)));
  }

  recordCores(input: Recorded<CoresInput>): void {
    this.core.post(() => coresFrame(this.whole(input)));
  }

  recordActivity(input: Recorded<ActivityInput>): void {
    this.core.post(() => activityFrame(this.whole(input)));
  }

  recordSynapses(input: Recorded<SynapsesInput>): void {
    this.core.post(() => synapsesFrame(this.whole(input)));
  }

  recordHealth(input: Recorded<HealthInput>): void {
    this.core.post(() => healthFrame(this.whole(input)));
  }

  recordInference(input: Recorded<InferenceInput>): void {
    this.core.post(() => inferenceFrame(this.whole(input)));
  }

  /** One log line; it says where it was called, unless `fields` name another place. */
  log(level: LogLevel, text: string, fields: LogFields = {}): void {
    this.writeLine(level, text, fields, callerPlace(1));
  }

  /** An error of the hardware that somebody has to look at. */
  logHardwareError(hardwareType: string, message: string): void {
    const fields = {
      eventType: 'hardware_error',
      names: { logger: 'spikeformer.neuromorphic', hardware_type: hardwareType },
      errorMessage: cut(message),
      requiresAttention: true,
    };
    const text = `Hardware error on ${hardwareType}: ${message}`;
    this.writeLine('ERROR', text, fields, callerPlace(1));
  }

  private writeLine(
    level: LogLevel,
    text: string,
    fields: LogFields,
    place: CallerPlace | undefined,
  ): void {
    this.core.post(() => {
      const placed = { ...fields, ...placeIn(fields, place), level, text: cut(text) };
      return logFrame(this.whole(placed));
    });
  }

  /**
   * Runs a conversion, timed and traced; gives and throws what `work` does. Where the host has
   * @opentelemetry/api and a span is active, the conversion's spans become its children.
   */
  convertModel<T>(model: ModelConversion, work: (conversion: Conversion) => T): T {
    return runConversion(this.core, model, work);
  }

  /**
   * Answers pings of a chip, by default the emitter's own, until the returned function is called;
   * without a check it says `ok`.
   */
  answerPings(check: CheckHealth = () => ({ status: 'ok' }), chip: Chip = {}): () => void {
    return answerPings(this.core, check, chip);
  }

  /**
   * Runs benchmarks when they are asked for, until the returned function is called. As any server,
   * it keeps the process alive.
   */
  serveBenchmarks(hardware: string, run: RunBenchmark): () => void {
    return serveBenchmarks(this.core, hardware, run);
  }

  /** True when NATS has all that was recorded; false when that takes longer. Never rejects. */
  flush({ timeoutMs = CLOSE_MS_DEFAULT } = {}): Promise<boolean> {
    return this.core.flush(timeoutMs);
  }

  /** Sends what is left, for so long at most, and ends; gives the last figures. Never rejects. */
  close({ timeoutMs = CLOSE_MS_DEFAULT } = {}): Promise<EmitterStats> {
    return this.core.close(timeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private whole<Input extends { readonly spanUs?: number | undefined }>(
    input: Input,
  ): Input & Pick<Frame, 'deviceType' | 'chipId' | 't0Us'> {
    const { deviceType, chipId, runId } = this.core.settings;
    const t0Us = Math.max(0, Date.now() * 1000 - (input.spanUs ?? 0));
    return { deviceType, chipId, runId, t0Us, ...withoutUndefined(input) };
  }
}

/** An emitter that connects by itself, now or when NATS comes. */
export function createEmitter(options: EmitterOptions): Emitter {
  return new Emitter(options);
}

function withoutUndefined<T extends object>(fields: T): T {
  return Object.fromEntries(
    Object.entries(fields ?? {}).filter(([, value]) => value !== undefined),
  ) as T;
}

/** What a log line lacks to say where it was called; names that are none are left as they are. */
function placeIn(fields: LogFields | null, place: CallerPlace | undefined): LogFields {
  const { line, names = {} } = fields ?? {};
  const isMap = typeof names === 'object' && names !== null && !Array.isArray(names);
  if (!isMap || place === undefined) return {};
  const given = new Map(names instanceof Map ? names : Object.entries(names));
  if (line !== undefined || given.has('module') || given.has('function')) return {};
  given.set('module', place.module).set('function', place.function);
  return { line: place.line, names: given };
}

/** Prose that is too long says what it can. */
function cut(text: string): string {
  if (typeof text !== 'string' || text.length <= FRAME_LIMITS.textCharsMax) return text;
  return text.slice(0, FRAME_LIMITS.textCharsMax - 1).toWellFormed();
}
