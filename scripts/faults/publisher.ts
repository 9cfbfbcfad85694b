import { setTimeout as sleep } from 'node:timers/promises';
import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import type { KnownStream, StreamMessage } from './known-stream.ts';

/** Messages without an acknowledgement at once; more wait. */
const IN_FLIGHT_MAX = 256;
const ACK_MS_MAX = 1000;
const RETRY_MS = 50;
const TICK_MS = 10;

/** Publishes the known stream at a steady rate; each message until the server acknowledges it. */
export class Publisher {
  /** Acknowledged messages, by whether the server had them already. */
  stored = 0;
  duplicates = 0;
  retries = 0;
  private readonly stream: KnownStream;
  private readonly connection: NatsConnection;
  private readonly client: JetStreamClient;
  private readonly flights = new Set<Promise<void>>();
  private isStopping = false;
  private running: Promise<void> | undefined;

  private constructor(stream: KnownStream, connection: NatsConnection) {
    this.stream = stream;
    this.connection = connection;
    this.client = jetstream(connection);
  }

  static async open(stream: KnownStream, servers: string | string[]): Promise<Publisher> {
    const connection = await connect({
      ...{ servers, maxReconnectAttempts: -1, reconnectTimeWait: 50, reconnectJitter: 20 },
      ...{ pingInterval: 2000, maxPingOut: 2, timeout: 5000 },
    });
    return new Publisher(stream, connection);
  }

  start(messagesPerS: number): void {
    this.running = this.run(messagesPerS);
  }

  /** Publishes what the stream still holds, and waits until all is acknowledged. */
  async finish(): Promise<void> {
    this.isStopping = true;
    await this.running;
    for (const message of this.stream.rest()) await this.launch(message);
    await Promise.all(this.flights);
    await this.connection.close();
  }

  private async run(messagesPerS: number): Promise<void> {
    const startMs = performance.now();
    for (let published = 0; !this.isStopping; await sleep(TICK_MS)) {
      const due = ((performance.now() - startMs) / 1000) * messagesPerS;
      // What an outage held up comes in one burst after it.
      for (; published < due && !this.isStopping; published++) {
        await this.launch(this.stream.next());
      }
    }
  }

  /** Resolves when there is room for another. */
  private async launch(message: StreamMessage): Promise<void> {
    const flight = this.publish(message).finally(() => this.flights.delete(flight));
    this.flights.add(flight);
    if (this.flights.size >= IN_FLIGHT_MAX) await Promise.race(this.flights);
  }

  private async publish({ subject, data, headers: fields, id }: StreamMessage): Promise<void> {
    const about = headers();
    for (const [name, value] of fields) about.set(name, value);
    for (;;) {
      try {
        const ack = await this.client.publish(subject, data, {
          ...{ msgID: id, headers: about, timeout: ACK_MS_MAX, retries: 0 },
        });
        if (ack.duplicate) this.duplicates++;
        else this.stored++;
        return;
      } catch {
        this.retries++;
        await sleep(RETRY_MS);
      }
    }
  }
}
