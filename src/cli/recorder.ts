import type { Adapters } from '../adapters/adapter.ts';
import type { InboundMessage } from '../component/message.ts';
import type { Inlet } from '../component/source.ts';
import type { Frame } from '../frames/frame.ts';
import type { FrameLimits } from '../frames/limits.ts';
import type { OutputWriter } from '../recordings/recording-output.ts';
import type { Inbox } from '../sources/inbox.ts';
import { Ingest } from '../topology/ingest.ts';
import { StateRegistry } from '../topology/state-registry.ts';

/** Bytes of messages whose frames wait for the file, above which what arrives is held. */
const WAITING_BYTES_MAX = 16 * 1024 * 1024;

export interface RecorderOptions {
  readonly prefix: string;
  readonly limits: FrameLimits;
  readonly adapters: Adapters | undefined;
  readonly writer: OutputWriter;
  readonly inbox: Pick<Inbox, 'hold' | 'release'>;
  /** Hears of the first frame that cannot be written: the recording ends there. */
  readonly failed: (error: unknown) => void;
}

/**
 * Writes what arrives to a recording, through the same door as the service: what is no frame is
 * counted by reason, a repeated frame is skipped, lost ones are counted. A file that is slower than
 * the network holds what arrives back, in a buffer with a bound.
 */
export class Recorder implements Inlet {
  frames = 0;
  samples = 0;
  repeated = 0;
  recovered = 0;
  missing = 0;
  readonly invalid = new Map<string, number>();
  private readonly options: RecorderOptions;
  private readonly ingest: Ingest;
  private messageBytes = 0;
  private waitingBytes = 0;
  private isHeld = false;
  private hasFailed = false;

  constructor(options: RecorderOptions) {
    this.options = options;
    this.ingest = new Ingest({
      prefix: options.prefix,
      limits: options.limits,
      adapters: options.adapters,
      states: new StateRegistry(),
      watches: [],
      counts: {
        received: (_kind, samples) => {
          this.samples += samples;
        },
        invalid: (reason) => this.invalid.set(reason, (this.invalid.get(reason) ?? 0) + 1),
        missing: (frames) => {
          this.missing += frames;
        },
        repeated: () => {
          this.repeated++;
        },
        recovered: () => {
          this.recovered++;
        },
        heard: () => {},
      },
      next: (frame) => this.take(frame),
      dead: () => {},
    });
  }

  message(message: InboundMessage): void {
    this.messageBytes = message.data.length;
    this.ingest.message(message);
  }

  frame(frame: Frame): void {
    this.ingest.frame(frame);
  }

  private take(frame: Frame): void {
    if (this.hasFailed) return;
    const bytes = this.messageBytes;
    this.waitingBytes += bytes;
    this.frames++;
    this.options.writer.write(frame).then(
      () => this.settle(bytes),
      (error: unknown) => {
        this.frames--;
        if (!this.hasFailed) this.options.failed(error);
        this.hasFailed = true;
        this.settle(bytes);
      },
    );
    if (this.waitingBytes <= WAITING_BYTES_MAX || this.isHeld) return;
    this.isHeld = true;
    this.options.inbox.hold();
  }

  private settle(bytes: number): void {
    this.waitingBytes -= bytes;
    if (!this.isHeld || this.waitingBytes > WAITING_BYTES_MAX / 2) return;
    this.isHeld = false;
    this.options.inbox.release();
  }
}
