import type { InboundMessage } from '../component/message.ts';
import type { Inlet } from '../component/source.ts';

/**
 * The bounded buffer between core NATS and the pipelines. The client calls back while it parses
 * what the socket gave, and all that happens in the callback happens before anything else gets a
 * turn. So, in order of how often each occurs:
 *
 * 1. The service keeps up: a message goes through in place, without a copy.
 * 2. A burst: once a turn of the event loop has spent `turnMsMax` on messages, the rest of that
 * turn
 *    is copied and delivered in slices, between which HTTP, timers and pings get their turns.
 * 3. The service can't keep up: above `lagBytesMax` each arriving message first pays for itself by
 *    delivering its size from the front. Less is then read from the socket than the server has, TCP
 *    says so, and the server slows the publishers down: nothing is dropped here. Where that isn't
 *    enough the server cuts the connection as that of a slow consumer (64 MiB by its default), the
 *    link makes it again at once, and what was lost shows as gaps in `seq`.
 * 4. A turn has paid for `payMsMax`, or delivery is held (a checkpoint is recovered): all is
 * copied,
 *    and when `bytesMax` wait the newest are dropped and counted as `buffer_full`. They leave one
 *    gap at the end; the oldest would leave one for each message.
 */
export interface InboxLimits {
  /** Bytes that may wait, with what a waiting message costs beside its payload. */
  readonly bytesMax: number;
  /** Bytes that may wait before arrivals pay by delivering. */
  readonly lagBytesMax: number;
  /** Time that one turn of the event loop spends on messages in place. */
  readonly turnMsMax: number;
  /** Time that one turn spends at most when arrivals pay by delivering. */
  readonly payMsMax: number;
  /** Bytes, counted as above, between two looks at the clock: each costs as much as a message. */
  readonly lookEveryBytes: number;
}

export const BUFFER_BYTES_DEFAULT = 64 * 1024 * 1024;

/** Half the room is for bursts, before the publishers feel anything. */
export function inboxLimits(bytesMax: number): InboxLimits {
  return {
    bytesMax,
    lagBytesMax: bytesMax / 2,
    turnMsMax: 25,
    payMsMax: 100,
    lookEveryBytes: 64 * 1024,
  };
}

/** The event loop, as far as an inbox needs it; tests bring their own. */
export interface InboxLoop {
  nowMs(): number;
  /** Runs the callback once, after what is ready in this turn. */
  afterTurn(callback: () => void): void;
}

export const EVENT_LOOP: InboxLoop = {
  nowMs: () => performance.now(),
  afterTurn: (callback) => {
    setImmediate(callback);
  },
};

/** `buffer_full`: more waited than may. `stopped`: the service stopped while delivery was held. */
export type InboxDropReason = 'buffer_full' | 'stopped';

/**
 * What a waiting message takes beside its payload: objects, strings, allocator. An upper estimate.
 */
const MESSAGE_BYTES = 512;
/** Room that is given back to the array when this many entries at its front are spent. */
const SPENT_MAX = 1024;

export class Inbox {
  private readonly limits: InboxLimits;
  private readonly loop: InboxLoop;
  private readonly dropped: (reason: InboxDropReason, messages: number) => void;
  private inlet: Inlet | undefined;
  private failed: (error: unknown) => void = () => {};
  private readonly waiting: (InboundMessage | undefined)[] = [];
  private front = 0;
  private waitingBytes = 0;
  private held = false;
  private turnOpen = false;
  private turnStartMs = 0;
  /** Of what was delivered in place since the last look at the clock. */
  private unlookedBytes = 0;
  private onDrained: (() => void)[] = [];

  constructor(
    limits: InboxLimits,
    loop: InboxLoop,
    dropped: (reason: InboxDropReason, messages: number) => void,
  ) {
    this.limits = limits;
    this.loop = loop;
    this.dropped = dropped;
  }

  /**
   * Says where messages go; `failed` hears what the inlet throws, which is a fault of the program.
   */
  connect(inlet: Inlet, failed: (error: unknown) => void): void {
    this.inlet = inlet;
    this.failed = failed;
  }

  get depth(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.waiting.length - this.front, bytes: this.waitingBytes };
  }

  /** Keeps what arrives until `release`. */
  hold(): void {
    this.held = true;
  }

  release(): void {
    this.held = false;
    if (!this.isEmpty()) this.openTurn(this.loop.nowMs());
  }

  /** What is offered until `gathered` was there at once. */
  gather(): void {
    this.inlet?.gather?.();
  }

  gathered(): void {
    try {
      this.inlet?.gathered?.();
    } catch (error) {
      this.failed(error);
    }
  }

  /** Takes a message; never throws. Its data is copied where it can't be delivered at once. */
  offer(message: InboundMessage): void {
    const bytes = bytesOf(message);
    if (!this.held && this.isEmpty() && this.hasTimeFor(bytes)) {
      this.deliver(message);
      return;
    }
    if (!this.held && this.waitingBytes + bytes > this.limits.lagBytesMax) {
      this.payFor(bytes);
      if (this.isEmpty() && !this.held) {
        this.deliver(message);
        return;
      }
    }
    this.keep(message, bytes);
  }

  /** Resolves when nothing waits. Where delivery is held it is dropped: nobody will release it. */
  drained(): Promise<void> {
    if (this.held) {
      const { messages } = this.depth;
      if (messages > 0) this.dropped('stopped', messages);
      this.clear();
      this.sayDrained();
    }
    if (this.isEmpty()) return Promise.resolve();
    return new Promise((resolve) => this.onDrained.push(resolve));
  }

  private isEmpty(): boolean {
    return this.front === this.waiting.length;
  }

  private hasTimeFor(bytes: number): boolean {
    this.unlookedBytes += bytes;
    if (this.turnOpen && this.unlookedBytes < this.limits.lookEveryBytes) return true;
    this.unlookedBytes = 0;
    const nowMs = this.loop.nowMs();
    if (!this.turnOpen) this.openTurn(nowMs);
    return nowMs < this.turnStartMs + this.limits.turnMsMax;
  }

  private openTurn(nowMs: number): void {
    if (this.turnOpen) return;
    this.turnOpen = true;
    this.turnStartMs = nowMs;
    this.loop.afterTurn(this.endTurn);
  }

  private readonly endTurn = (): void => {
    this.turnOpen = false;
    const untilMs = this.loop.nowMs() + this.limits.turnMsMax;
    this.gather();
    while (!this.held && !this.isEmpty()) {
      this.deliverFront();
      if (this.loop.nowMs() >= untilMs) break;
    }
    this.gathered();
    if (!this.held && !this.isEmpty()) this.openTurn(untilMs);
  };

  private keep(message: InboundMessage, bytes: number): void {
    if (this.waitingBytes + bytes > this.limits.bytesMax) {
      this.dropped('buffer_full', 1);
      return;
    }
    // Not slice(): what comes from a socket is a Buffer, whose slice() shares the memory.
    const { subject, contentType, trace, arrivedUs, sequence } = message;
    const data = new Uint8Array(message.data);
    this.waiting.push({ subject, data, contentType, trace, arrivedUs, sequence });
    this.waitingBytes += bytes;
    if (!this.held && !this.turnOpen) this.openTurn(this.loop.nowMs());
  }

  private payFor(bytes: number): void {
    const untilBytes = this.waitingBytes - bytes;
    const untilMs = this.turnStartMs + this.limits.payMsMax;
    while (!this.held && !this.isEmpty() && this.waitingBytes > untilBytes) {
      if (this.loop.nowMs() >= untilMs) return;
      this.deliverFront();
    }
  }

  private deliverFront(): void {
    const message = this.waiting[this.front] as InboundMessage;
    this.waiting[this.front] = undefined;
    this.front++;
    this.waitingBytes -= bytesOf(message);
    if (this.isEmpty()) this.clear();
    else if (this.front >= SPENT_MAX && this.front * 2 > this.waiting.length) {
      this.waiting.splice(0, this.front);
      this.front = 0;
    }
    this.deliver(message);
    if (this.isEmpty()) this.sayDrained();
  }

  private deliver(message: InboundMessage): void {
    try {
      this.inlet?.message(message);
    } catch (error) {
      this.failed(error);
    }
  }

  private clear(): void {
    this.waiting.length = 0;
    this.front = 0;
    this.waitingBytes = 0;
  }

  private sayDrained(): void {
    for (const resolve of this.onDrained.splice(0)) resolve();
  }
}

function bytesOf(message: InboundMessage): number {
  const { dataAt } = message;
  const bytes = dataAt === undefined ? message.data.byteLength : dataAt.to - dataAt.from;
  return bytes + MESSAGE_BYTES;
}

/** For a reader that asks for no more than it can take in place: nothing waits or is dropped. */
export function inboxInPlace(): Inbox {
  const limits = {
    bytesMax: Number.POSITIVE_INFINITY,
    lagBytesMax: Number.POSITIVE_INFINITY,
    turnMsMax: Number.POSITIVE_INFINITY,
    payMsMax: Number.POSITIVE_INFINITY,
    lookEveryBytes: Number.POSITIVE_INFINITY,
  };
  const loop = { nowMs: () => 0, afterTurn: (next: () => void) => setImmediate(next) };
  return new Inbox(limits, loop, () => {});
}
