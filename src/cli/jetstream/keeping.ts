import type { CountedFrames } from '../../component/counted-frames.ts';
import type { AnyPipeline } from '../../component/pipeline.ts';
import type { StreamPosition } from '../../component/stream-position.ts';
import { type CheckpointContent, stateHash } from '../../topology/checkpoint-file.ts';
import type { CheckpointFolder, FoundCheckpoint } from '../../topology/checkpoint-folder.ts';
import { Checkpointer } from '../../topology/checkpointer.ts';
import { KeptState } from '../../topology/kept-state.ts';
import type { Topology } from '../../topology/topology.ts';
import type { Config } from '../config/schema.ts';
import { configHash } from '../frame-side.ts';
import type { OwnTelemetry } from '../own-telemetry.ts';
import type { RareLog } from './rare-log.ts';

/** Where checkpoints are kept. */
export type CheckpointPlace = Pick<CheckpointFolder, 'newest' | 'setAside' | 'write'>;

export interface KeepingParts {
  readonly version: string;
  readonly config: Config;
  readonly telemetry: OwnTelemetry;
  readonly rare: RareLog;
  readonly pipelines: readonly AnyPipeline[];
  readonly topology: Pick<Topology, 'states' | 'metricsOf'>;
  readonly place: CheckpointPlace;
  /** Name of the stream of frames. */
  readonly stream: string;
  /** The part of its frames; undefined where it is all of them. */
  readonly part?: string;
  /** When it was made: another one of the same name is another stream. */
  readonly created: () => string;
  /** Up to which message frames are processed. */
  readonly position: () => number | undefined;
  readonly stored: () => StreamPosition;
  /** Where the frames are those of one part of several. */
  readonly frames?: () => CountedFrames;
  readonly documentsTo: () => number;
  /** Resolves when what frames up to this one put out is where it belongs. */
  readonly settled: (sequence: number) => Promise<void>;
}

/** Where the state of a checkpoint stands. */
export interface KeptPlace {
  /** The last message that it covers, and the records that were stored; undefined where it is of
   *  another stream. */
  readonly frames:
    | {
        readonly sequence: number;
        readonly stored: StreamPosition;
        readonly counted: CountedFrames;
      }
    | undefined;
  /** All messages of the derived stream up to this one were documents. */
  readonly documentsTo: number;
}

/** State in the folder of the service: what was kept by the process before, and what this keeps. */
export class Keeping {
  readonly checkpointer: Checkpointer;
  private readonly parts: KeepingParts;
  private readonly state: KeptState;

  constructor(parts: KeepingParts) {
    this.parts = parts;
    this.state = this.makeState();
    this.checkpointer = this.makeCheckpointer();
  }

  /**
   * Restores the newest checkpoint that can be used, for a stream made then; gives where it stands.
   * Where it is of another stream, only the counters go on.
   */
  async restore(created: string, newest?: FoundCheckpoint): Promise<KeptPlace | undefined> {
    const { log } = this.parts.telemetry;
    const { content, refused } = newest ?? (await this.parts.place.newest());
    for (const { reason } of refused) log.error(`a checkpoint can't be used: ${reason}`);
    await this.parts.place.setAside(refused);
    if (content === undefined) return undefined;
    const { sequence, stream, streamCreated, stored, documentsTo } = content;
    const { frames: counted = { stored: 0, seen: 0 } } = content;
    const frames = { sequence, stored, counted };
    const isSame = streamCreated === created && stream === this.parts.stream;
    let said: string[];
    if (isSame) {
      said = this.state.restore(content, content.pipelines);
      const what = this.parts.part === undefined ? '' : `${this.parts.part} of `;
      log.info(`going on behind message ${sequence} of ${what}${stream}`);
    } else {
      said = this.state.restoreMetrics(content.metrics);
      this.state.startAfresh();
      log.warn(
        `the checkpoint is of another stream (${stream}, made ${streamCreated}): operators begin \
anew, counters go on`,
      );
    }
    for (const sentence of said) log.warn(sentence);
    this.checkpointer.began(sequence, Date.now() - Date.parse(content.writtenAt));
    return { documentsTo, frames: isSame ? frames : undefined };
  }

  /** The frames to come are those of another stream: operators begin anew, counters go on. */
  startAfresh(): void {
    this.state.startAfresh();
  }

  private makeState(): KeptState {
    const { config, pipelines, telemetry, topology } = this.parts;
    const { store } = telemetry;
    const ofFrames = ({ spec }: { readonly spec: { readonly ofProcess?: boolean } }): boolean =>
      spec.ofProcess !== true;
    return new KeptState({
      states: topology.states,
      metrics: {
        snapshot: () => store.snapshot(ofFrames),
        restore: (values) => store.restore(values),
        rebase: (names) => store.rebase(names),
      },
      pipelines: hashesOf(pipelines, config),
      metricsOf: (pipeline) => topology.metricsOf(pipeline),
    });
  }

  private makeCheckpointer(): Checkpointer {
    const { config, telemetry, rare, settled, stored, documentsTo, frames, part } = this.parts;
    const { own, log } = telemetry;
    const everyMs = config.checkpoints.interval / 1000;
    return new Checkpointer({
      folder: this.parts.place,
      everyMs,
      firstMs: everyMs * spread(part),
      framesMax: config.checkpoints.frames_max,
      copy: () => this.copy(),
      settled: async (copy) => {
        await settled(copy.sequence);
        const now = { ...copy, stored: stored(), documentsTo: documentsTo() };
        if (copy.frames === undefined || frames === undefined) return now;
        return { ...now, frames: { stored: frames().stored, seen: copy.frames.seen } };
      },
      events: {
        written: (bytes, heldMs) => {
          own.checkpoints.series('written').add(1);
          own.checkpointBytes.series().set(bytes);
          own.checkpointHeld.series().set(heldMs / 1000);
        },
        failed: (error) => {
          own.checkpoints.series('failed').add(1);
          rare.warn('checkpoint', `no checkpoint could be written: ${(error as Error).message}`);
          log.debug('a checkpoint failed', { error });
        },
      },
    });
  }

  private copy(): CheckpointContent | undefined {
    const { config, pipelines, position, stored, documentsTo, frames } = this.parts;
    const sequence = position();
    if (sequence === undefined) return undefined;
    return {
      version: 1,
      writtenAt: new Date().toISOString(),
      service: this.parts.version,
      stream: this.parts.stream,
      streamCreated: this.parts.created(),
      sequence,
      stored: stored(),
      documentsTo: documentsTo(),
      ...(frames === undefined ? {} : { frames: frames() }),
      pipelines: hashesOf(pipelines, config),
      configHash: configHash(config),
      ...this.state.copy(),
    };
  }
}

/** Parts of one process that begin together keep their state one after the other: 0 up to 1. */
function spread(part: string | undefined): number {
  const index = Number(part?.replace(/^p/, '') ?? Number.NaN);
  return Number.isNaN(index) ? 1 : ((index + 1) * GOLDEN) % 1;
}

/** Whatever partitions a worker has, their fractions lie apart. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** What the form and the meaning of each pipeline's state depend on. */
export function hashesOf(
  pipelines: readonly AnyPipeline[],
  config: Config,
): Record<string, string> {
  const options = config.pipelines as Readonly<Record<string, unknown>>;
  const entries = pipelines.map(({ name, stateVersion = 1 }) => {
    return [name, stateHash(options[name], stateVersion)] as const;
  });
  return Object.fromEntries(entries);
}
