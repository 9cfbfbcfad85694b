import { hostname } from 'node:os';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { type Heartbeat, heartbeatSubject, parseHeartbeat } from '../../workers/heartbeat.ts';

export interface PeersParts {
  readonly connection: () => NatsConnection | undefined;
  readonly prefix: string;
  readonly worker: string;
  readonly owner: string;
  readonly partitions: number;
  readonly url: () => string | null;
  /** Parts that this worker has. */
  readonly owned: () => readonly string[];
  readonly heard: (beat: Heartbeat) => void;
}

/** The workers of a stream as they see each other. */
export class Peers {
  private readonly parts: PeersParts;
  private connection: NatsConnection | undefined;
  private subscription: Subscription | undefined;

  constructor(parts: PeersParts) {
    this.parts = parts;
  }

  /** Says that this worker is there; on a new connection it listens first, and asks who else is. */
  beat(leaves = false): void {
    const connection = this.parts.connection();
    if (connection === undefined || connection.isClosed()) return;
    const isNew = connection !== this.connection;
    if (isNew) this.listen(connection);
    this.say({ asks: isNew, leaves });
  }

  close(): void {
    this.beat(true);
    try {
      this.subscription?.unsubscribe();
    } catch {
      // The connection is closed, and the subscription with it.
    }
  }

  private listen(connection: NatsConnection): void {
    this.connection = connection;
    this.subscription = connection.subscribe(heartbeatSubject(this.parts.prefix, '*'), {
      callback: (error, message) => {
        if (error !== null) return;
        const beat = parseHeartbeat(message.data);
        if (beat === undefined || beat.owner === this.parts.owner) return;
        this.parts.heard(beat);
        if (beat.asks) this.say({ asks: false, leaves: false });
      },
    });
  }

  private say(what: Pick<Heartbeat, 'asks' | 'leaves'>): void {
    const { worker, owner, partitions, url, owned, prefix } = this.parts;
    const beat: Heartbeat = {
      ...{ v: 1, worker, owner, host: hostname(), pid: process.pid, url: url() },
      ...{ parts: owned(), partitions, ...what },
    };
    try {
      this.connection?.publish(heartbeatSubject(prefix, worker), JSON.stringify(beat));
    } catch {
      // Not connected now: the next one may be.
    }
  }
}
