import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node';
import type { InboundMessage } from '../component/message.ts';
import type { Timers } from '../component/timers.ts';
import { type FrameSubject, formatSubject } from '../frames/subject.ts';
import type { ChipPings, PingResult } from './chip-pings.ts';
import type { NatsLink } from './nats-link.ts';
import { WireHeaders } from './wire-headers.ts';
import { wireMessageOf } from './wire-message.ts';

export interface NatsPingsParts {
  readonly link: Pick<NatsLink, 'connection' | 'isConnected' | 'connects'>;
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly timers: Timers;
  /** µs since the Unix epoch. */
  readonly nowUs: () => number;
}

/** A time-out that comes later than this is no word on the chip: the process was held up. */
const HELD_UP_MS = 1000;
/** After an outage chips connect again at their time; until then they are not asked. */
const SETTLE_MS = 5000;
const NO_RESPONDERS = 503;

interface Waiting {
  readonly subject: FrameSubject;
  readonly resolve: (result: PingResult) => void;
  readonly callOff: () => void;
}

/**
 * Pings as requests on `<prefix>.ping.<device_type>.<chip_id>`, without a payload. They have one
 * subscription of their own: the client's way of requests reads the headers of what comes back
 * where an error would end all its reading, and anybody may answer.
 */
export class NatsPings implements ChipPings {
  private readonly parts: NatsPingsParts;
  private readonly waiting = new Map<string, Waiting>();
  private readonly headers = new WireHeaders();
  private asked = 0;
  private connects = 0;
  private settledMs = 0;
  /** The connection that answers come by, and where to. */
  private connection: NatsConnection | undefined;
  private inbox = '';
  private isRefused = false;

  constructor(parts: NatsPingsParts) {
    this.parts = parts;
  }

  get canAsk(): boolean {
    const { link, timers } = this.parts;
    if (link.connects !== this.connects) {
      const isFirst = this.connects === 0 && link.connects === 1;
      this.connects = link.connects;
      // What the server did not allow may have been allowed meanwhile.
      if (this.isRefused) this.connection = undefined;
      this.isRefused = false;
      this.settledMs = timers.nowMs() + (isFirst ? 0 : SETTLE_MS);
    }
    return link.isConnected && !this.isRefused && timers.nowMs() >= this.settledMs;
  }

  async ask(deviceType: string, chipId: string): Promise<PingResult> {
    const { link, prefix } = this.parts;
    const { connection } = link;
    if (connection === undefined) return { outcome: 'undecided' };
    const token = String(this.asked++);
    return await new Promise((resolve) => {
      const subject: FrameSubject = { kind: 'health', deviceType, chipId };
      this.waiting.set(token, { subject, resolve, callOff: this.limit(token) });
      try {
        const reply = `${this.inboxOf(connection)}.${token}`;
        connection.publish(`${prefix}.ping.${deviceType}.${chipId}`, undefined, { reply });
      } catch {
        // The connection is being closed.
        this.settle(token, { outcome: 'undecided' });
      }
    });
  }

  /** Nothing is waited for any more. */
  close(): void {
    for (const token of [...this.waiting.keys()]) this.settle(token, { outcome: 'undecided' });
  }

  private inboxOf(connection: NatsConnection): string {
    if (this.connection !== connection) {
      this.connection = connection;
      this.inbox = createInbox();
      const callback = (error: Error | null, answer: Msg) => {
        if (error === null) this.take(answer);
        else this.isRefused = true;
      };
      connection.subscribe(`${this.inbox}.*`, { callback });
    }
    return this.inbox;
  }

  /** Ends the wait when the time is up; gives what calls that off. */
  private limit(token: string): () => void {
    const { link, timers, timeoutMs } = this.parts;
    const { connects } = link;
    const lateMs = timers.nowMs() + timeoutMs + HELD_UP_MS;
    const end = (): void => {
      const wasCut = !link.isConnected || link.connects !== connects || this.isRefused;
      const isUndecided = wasCut || timers.nowMs() > lateMs;
      this.settle(token, { outcome: isUndecided ? 'undecided' : 'timed_out' });
    };
    // Timers come before what lies in the socket: that is read first, for the answer may be there.
    return timers.after(timeoutMs, () => void timers.after(0, end));
  }

  private take(answer: Msg): void {
    const token = answer.subject.slice(answer.subject.lastIndexOf('.') + 1);
    const waiting = this.waiting.get(token);
    if (waiting === undefined) return;
    if (isNoResponders(answer)) this.settle(token, { outcome: 'no_responders' });
    else this.settle(token, { outcome: 'answer', message: this.messageOf(answer, waiting) });
  }

  private messageOf(answer: Msg, { subject }: Waiting): InboundMessage {
    return {
      subject: formatSubject(this.parts.prefix, subject),
      // The client's memory is written over by its next read.
      data: new Uint8Array(answer.data),
      ...this.headers.of(wireMessageOf(answer)),
      arrivedUs: this.parts.nowUs(),
      sequence: undefined,
    };
  }

  private settle(token: string, result: PingResult): void {
    const waiting = this.waiting.get(token);
    this.waiting.delete(token);
    waiting?.callOff();
    waiting?.resolve(result);
  }
}

/** Headers that can't be read are not the server's. */
function isNoResponders(answer: Msg): boolean {
  if (answer.data.length > 0) return false;
  try {
    return answer.headers?.code === NO_RESPONDERS;
  } catch {
    return false;
  }
}
