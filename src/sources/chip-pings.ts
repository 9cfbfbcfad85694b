import type { InboundMessage } from '../component/message.ts';

/**
 * What came of a ping. `no_responders`: nobody listens there. `undecided`: the connection was lost
 * meanwhile, or this process was held up, so that the time-out says nothing of the chip.
 */
export type PingResult =
  | { readonly outcome: 'answer'; readonly message: InboundMessage }
  | { readonly outcome: 'no_responders' | 'timed_out' | 'undecided' };

/** Asks chips for their health. */
export interface ChipPings {
  /** Whether a ping can get anywhere now; where not, a chip is judged by its frames. */
  readonly canAsk: boolean;
  /** Resolves within the time-out, or a little after; never rejects. */
  ask(deviceType: string, chipId: string): Promise<PingResult>;
  /** Gives up what is under way. */
  close(): void;
}
