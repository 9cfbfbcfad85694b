import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { SubjectCache } from './subject-cache.ts';
import type { WireMessage } from './wire-message.ts';

/** Takes a message in place, during the call. It must not throw. */
export type TakeMessage = (message: WireMessage) => void;

/** Who takes messages of a read hears where it begins and ends. It must not throw. */
export interface ReadEdges {
  gather(): void;
  gathered(): void;
}

/** What the client counts, which also holds for what goes past it. */
export interface ClientCounters {
  inMsgs: number;
  inBytes: number;
}

/**
 * The subscriptions of one connection whose messages are taken out of the bytes before the client
 * sees them. The client still subscribes, again after each outage under the same number, drains and
 * unsubscribes. Its callback is still needed: for what the server refuses, and for messages that
 * are larger than what is read in place.
 */
export class Claims {
  readonly subjects = new SubjectCache();
  private readonly bySid = new Map<number, TakeMessage>();
  private readonly edges = new Set<ReadEdges>();
  private counters: ClientCounters = { inMsgs: 0, inBytes: 0 };

  /** Undefined where the client has this subscription for itself. */
  find(sid: number): TakeMessage | undefined {
    return this.bySid.get(sid);
  }

  count(messages: number, bytes: number): void {
    this.counters.inMsgs += messages;
    this.counters.inBytes += bytes;
  }

  gather(): void {
    for (const each of this.edges) each.gather();
  }

  gathered(): void {
    for (const each of this.edges) each.gathered();
  }

  watch(edges: ReadEdges): void {
    this.edges.add(edges);
  }

  countInto(counters: ClientCounters): void {
    this.counters = counters;
  }

  add(subscription: Subscription, take: TakeMessage): void {
    const sid = subscription.getID();
    // What still comes for a subscription that is closed goes to the client, which ignores it.
    const counted = subscription as unknown as { received: number };
    this.bySid.set(sid, (message) => {
      counted.received++;
      if (!subscription.isClosed()) take(message);
    });
    void subscription.closed.then(() => this.bySid.delete(sid));
  }
}

const claimsOf = new WeakMap<NatsConnection, Claims>();

/** Says whose the claims are, when the connection is there. */
export function haveClaims(connection: NatsConnection, claims: Claims): void {
  claimsOf.set(connection, claims);
}

/** Takes the messages of a subscription in place. On a stock connection its callback gets them. */
export function claim(
  connection: NatsConnection,
  subscription: Subscription,
  take: TakeMessage,
): void {
  claimsOf.get(connection)?.add(subscription, take);
}

/** Tells where reads of claimed messages begin and end. On a stock connection nobody does. */
export function watchReads(connection: NatsConnection, edges: ReadEdges): void {
  claimsOf.get(connection)?.watch(edges);
}
