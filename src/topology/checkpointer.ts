import { setTimeout as sleep } from 'node:timers/promises';
import { aborted } from '../component/together.ts';
import type { CheckpointContent } from './checkpoint-file.ts';
import type { CheckpointFolder } from './checkpoint-folder.ts';

export interface CheckpointEvents {
  /** `heldMs`: how long the copy held the event loop. */
  written(bytes: number, heldMs: number, tookMs: number): void;
  /** The service goes on, and the earlier ones stay. */
  failed(error: unknown): void;
}

export interface CheckpointerParts {
  readonly folder: Pick<CheckpointFolder, 'write'>;
  readonly everyMs: number;
  /** Until the first one: several that begin together need not all write at once. */
  readonly firstMs?: number;
  /** Frames after which a checkpoint is due before its time. */
  readonly framesMax: number;
  /** A copy of all that is to be kept; undefined before there is anything. */
  readonly copy: () => CheckpointContent | undefined;
  /** Resolves when all that was put out by the copied state is where it belongs. */
  readonly settled: (copy: CheckpointContent) => Promise<CheckpointContent>;
  readonly events: CheckpointEvents;
}

/**
 * Writes checkpoints: copies the state between two frames, waits until its outputs are stored, and
 * writes the copy. So a checkpoint is never ahead of what is in the sinks.
 */
export class Checkpointer {
  private readonly parts: CheckpointerParts;
  private frames = 0;
  private writtenSequence: number | undefined;
  private writtenMs: number | undefined;
  private due = Promise.withResolvers<void>();
  private writing: Promise<boolean> | undefined;

  constructor(parts: CheckpointerParts) {
    this.parts = parts;
  }

  /** Since the last one was written or read; undefined where there is none. */
  get ageMs(): number | undefined {
    return this.writtenMs === undefined ? undefined : performance.now() - this.writtenMs;
  }

  /** The service began with a checkpoint of that age. */
  began(sequence: number, ageMs: number): void {
    this.writtenSequence = sequence;
    this.writtenMs = performance.now() - ageMs;
  }

  /** A frame was processed. */
  count(): void {
    if (++this.frames === this.parts.framesMax) this.due.resolve();
  }

  /** Writes one from time to time, until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const { everyMs, firstMs = everyMs } = this.parts;
    let pauseMs = firstMs;
    for (; !signal.aborted; pauseMs = everyMs) {
      const timer = new AbortController();
      const either = AbortSignal.any([signal, timer.signal]);
      const pause = sleep(pauseMs, undefined, { signal: either }).catch(() => {});
      await Promise.race([pause, this.due.promise]);
      timer.abort();
      if (signal.aborted) return;
      // What it waits for may never come: nobody waits for that when all ends.
      const written = new AbortController();
      const writing = this.write().finally(() => written.abort());
      await Promise.race([writing, aborted(AbortSignal.any([signal, written.signal]))]);
    }
  }

  /** Writes one now; gives whether it stands. What fails is told, and tried again when due. */
  async write(): Promise<boolean> {
    while (this.writing !== undefined) await this.writing;
    this.writing = this.writeOne().finally(() => {
      this.writing = undefined;
    });
    return await this.writing;
  }

  private async writeOne(): Promise<boolean> {
    this.due = Promise.withResolvers();
    this.frames = 0;
    const beganMs = performance.now();
    try {
      const copy = this.parts.copy();
      const heldMs = performance.now() - beganMs;
      if (copy === undefined) return false;
      // What is idle has nothing new to keep.
      if (copy.sequence !== this.writtenSequence) {
        const bytes = await this.parts.folder.write(await this.parts.settled(copy));
        this.parts.events.written(bytes, heldMs, performance.now() - beganMs);
        this.writtenSequence = copy.sequence;
      }
      this.writtenMs = performance.now();
      return true;
    } catch (error) {
      this.parts.events.failed(error);
      return false;
    }
  }
}
