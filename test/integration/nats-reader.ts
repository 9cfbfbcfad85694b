import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { InboundMessage } from '../../src/component/message.ts';
import type { Inlet } from '../../src/component/source.ts';
import { ArrivalClock } from '../../src/sources/arrival-clock.ts';
import { EVENT_LOOP, Inbox, type InboxLimits, inboxLimits } from '../../src/sources/inbox.ts';
import { NatsSource } from '../../src/sources/nats.ts';
import { NatsLink } from '../../src/sources/nats-link.ts';
import { natsOptions } from '../../src/sources/nats-options.ts';

export interface ReaderOptions {
  /** As in the section `nats` of a configuration file. */
  readonly nats: Readonly<Record<string, unknown>>;
  readonly limits?: Partial<InboxLimits>;
  /** Called for each message, beside keeping it. */
  readonly onMessage?: (message: InboundMessage) => void;
  /** What is kept of a message; by default subject and payload. */
  readonly keep?: boolean;
}

/** A NatsSource with all that belongs to it, and a record of what it delivered and said. */
export class TestReader {
  readonly messages: InboundMessage[] = [];
  /** Lines such as `connected 127.0.0.1:4222`, in the order of what happened. */
  readonly said: string[] = [];
  readonly drops = new Map<string, number>();
  readonly inbox: Inbox;
  readonly link: NatsLink;
  readonly ended: Promise<void>;
  private readonly stopping = new AbortController();

  constructor(options: ReaderOptions) {
    const say =
      (word: string) =>
      (...texts: string[]) =>
        this.said.push([word, ...texts].join(' '));
    const nats = natsOptions.parse({ reconnect_wait: '50ms', ...options.nats });
    this.link = new NatsLink(nats, {
      waiting: say('waiting'),
      connected: say('connected'),
      disconnected: say('disconnected'),
      reconnected: say('reconnected'),
      refused: say('refused'),
    });
    const limits = { ...inboxLimits(nats.buffer_bytes), ...options.limits };
    this.inbox = new Inbox(limits, EVENT_LOOP, (reason, count) => {
      this.drops.set(reason, (this.drops.get(reason) ?? 0) + count);
    });
    const inlet: Inlet = {
      message: (message) => {
        if (options.keep !== false)
          this.messages.push({ ...message, data: new Uint8Array(message.data) });
        options.onMessage?.(message);
      },
      frame: () => {
        throw new Error('NATS gives no decoded frames');
      },
    };
    const source = new NatsSource({
      link: this.link,
      prefix: 'spikeformer',
      inbox: this.inbox,
      clock: new ArrivalClock(),
      listening: () => this.said.push('listening'),
    });
    this.ended = source.run(inlet, this.stopping.signal);
    // The tests look at it when they want to; until then it is no unhandled rejection.
    this.ended.catch(() => {});
  }

  hasSaid(word: string): boolean {
    return this.said.some((line) => line.startsWith(word));
  }

  /** Stops the source and waits for the end of its run, then closes the link. */
  async stop(): Promise<void> {
    this.stopping.abort();
    try {
      await this.ended;
    } finally {
      await this.link.close();
    }
  }
}

/** A plain connection that publishes, as an emitter would. */
export function connectEmitter(url: string): Promise<NatsConnection> {
  return connect({ servers: url, reconnectTimeWait: 50, maxReconnectAttempts: -1 });
}
