import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Frame } from '../frames/frame.ts';
import { FRAME_KINDS, type FrameKind } from '../frames/header.ts';
import type { Recording, RecordingInfo } from './recording.ts';
import { type Examined, examine, noteEnd } from './spk-examine.ts';
import { BlockFrames } from './spk-frames.ts';
import type { SpkHeader } from './spk-header.ts';
import type { Stretch } from './spk-index.ts';
import { BLOCK_FRAMES, type BlockHeader } from './spk-layout.ts';
import { SpkNotes } from './spk-notes.ts';
import { BlockWalk } from './spk-walk.ts';
import { touches } from './time-slice.ts';

export interface FollowOptions {
  /** How often the file is looked at for what is new. */
  readonly pollMs: number;
  readonly signal: AbortSignal;
}

/**
 * Opens a `.spk` file, whole, cut, damaged or still being written.
 * @throws RecordingError where it is none, or of a version that this program does not read
 */
export async function openSpk(path: string): Promise<SpkRecording> {
  const handle = await open(path, 'r');
  try {
    const notes = new SpkNotes();
    return new SpkRecording(handle, await examine(handle, path, notes, false), notes);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * A recording in the native format. Its frames are those that were recorded, with their spans and
 * in the order in which they were written: that of t0 where a converter wrote them, that of arrival
 * where they came from NATS.
 */
export class SpkRecording implements Recording {
  readonly info: RecordingInfo;
  readonly notes: SpkNotes;
  /** What the file says of itself. */
  readonly header: SpkHeader;
  private readonly handle: FileHandle;
  private readonly examined: Examined;

  constructor(handle: FileHandle, examined: Examined, notes: SpkNotes) {
    this.handle = handle;
    this.examined = examined;
    this.notes = notes;
    this.header = examined.header;
    this.info = infoOf(examined);
    const omitted = examined.header.layersOmitted;
    if (omitted !== undefined)
      notes.remark(`Layers that the file does not declare, for there are too many: ${omitted}.`);
  }

  /** Frames of each kind, as the blocks say; of a file that is being written, as at opening. */
  frameCounts(): ReadonlyMap<FrameKind, number> {
    const counts = this.examined.index.counts();
    return new Map(FRAME_KINDS.map((kind, number) => [kind, counts[number] as number]));
  }

  /** All frames as recorded; `frameSpanUs` is ignored. Notes start anew with every call. */
  frames(_frameSpanUs?: number): AsyncGenerator<Frame, void, undefined> {
    const { from, to, indexNumber } = this.examined;
    this.notes.restart();
    const walk = this.walk(from, to, 0, false);
    return this.read([walk], EVERYTHING, () => {
      if (indexNumber !== undefined) walk.noteMissing(indexNumber, to);
      if (to === Number.POSITIVE_INFINITY) noteEnd(walk.ended, this.notes);
    });
  }

  /**
   * The frames that touch [fromUs, toUs), found by the index: those that start before `toUs` and
   * end after `fromUs`, or start at it. In the order of the file.
   */
  framesBetween(fromUs: number, toUs: number): AsyncGenerator<Frame, void, undefined> {
    const { index, to, soundEnd } = this.examined;
    const stretches = index.between(fromUs, toUs);
    // Blocks that were written since the file was opened are in no index yet.
    if (to === Number.POSITIVE_INFINITY) stretches.push({ offset: soundEnd, end: to });
    return this.read(this.walksOver(stretches), { fromUs, toUs }, () => {});
  }

  /**
   * All frames, then those that are still being written, until the file is closed by its writer or
   * the signal says stop.
   */
  async *follow(options: FollowOptions): AsyncGenerator<Frame, void, undefined> {
    const { from } = this.examined;
    this.notes.restart();
    const walk = this.walk(from, Number.POSITIVE_INFINITY, 0, true);
    while (!options.signal.aborted) {
      yield* this.read([walk], EVERYTHING, () => {});
      if (walk.ended?.how === 'index') return;
      await pause(options.pollMs, undefined, { signal: options.signal }).catch(ignoreAbort);
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private walk(from: number, to: number, number: number | undefined, growing: boolean): BlockWalk {
    return new BlockWalk(this.handle, this.notes, { from, to, number, growing });
  }

  /** One after the other, for each has a buffer. */
  private *walksOver(stretches: readonly Stretch[]): Generator<BlockWalk, void, undefined> {
    for (const { offset, end } of stretches) yield this.walk(offset, end, undefined, false);
  }

  private async *read(
    walks: Iterable<BlockWalk>,
    time: TimeRange,
    done: () => void,
  ): AsyncGenerator<Frame, void, undefined> {
    const frames = new BlockFrames(this.notes);
    for (const walk of walks) {
      for (let block = await walk.next(); block !== undefined; block = await walk.next()) {
        if (block.header.type !== BLOCK_FRAMES || !mayTouch(block.header, time)) continue;
        const payload = await walk.payload(block);
        // A block that is still being written ends the walk for now.
        if (payload === undefined && walk.ended !== undefined) break;
        if (payload === undefined) continue;
        frames.open(payload, block.offset);
        for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
          if (touches(frame, time.fromUs, time.toUs)) yield frame;
        }
      }
    }
    done();
  }
}

interface TimeRange {
  readonly fromUs: number;
  readonly toUs: number;
}

const EVERYTHING: TimeRange = { fromUs: 0, toUs: Number.POSITIVE_INFINITY };

function mayTouch(header: BlockHeader, { fromUs, toUs }: TimeRange): boolean {
  return header.minT0Us < toUs && header.maxEndUs >= fromUs;
}

function ignoreAbort(error: unknown): void {
  if ((error as Error).name !== 'AbortError') throw error;
}

function infoOf(examined: Examined): RecordingInfo {
  const { header, index } = examined;
  const span = index.span();
  const startUs = header.startUs ?? span?.minT0Us ?? 0;
  const endUs = span?.maxEndUs ?? 0;
  // Frames may reach 1 µs past what the header says, where samples lie at exactly that time; what
  // reaches further was appended, or the header never knew.
  const stated = header.durationUs;
  const durationUs = stated !== undefined && endUs <= stated + 1 ? stated : endUs;
  return {
    name: header.name,
    format: 'spk',
    durationUs: Math.max(durationUs, startUs),
    startUs,
    layers: header.layers ?? [],
  };
}
