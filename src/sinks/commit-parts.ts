import type { NatsConnection } from '@nats-io/transport-node';
import type { FenceParts, FenceShare } from './fence.ts';

export interface CommitLimits {
  /** Between two commits, while there is something to store. */
  readonly everyMs: number;
  /** Bytes of records that may wait; above half of it nothing more is read. */
  readonly waitingBytesMax: number;
}

export interface CommitEvents {
  stored(records: number, tookMs: number): void;
  /** An attempt failed; it is made again for ever. */
  failed(reason: string): void;
  worked(): void;
  /** The server's max_payload has no room for them: nothing can store them. */
  tooLarge(records: number): void;
}

/** What is different where several workers share the frames. */
export interface CommitShare extends FenceShare {
  /** A marker without anything new: others must see that its owner is there. */
  readonly renewMs: number;
}

export interface DerivedCommitParts extends FenceParts {
  readonly connection: () => NatsConnection | undefined;
  readonly share?: CommitShare | undefined;
  readonly limits: CommitLimits;
  /** The derived stream is not there: makes it. */
  readonly missing: () => Promise<void>;
  /** Room for more records has come. */
  readonly roomMade: () => void;
  readonly events: CommitEvents;
}
