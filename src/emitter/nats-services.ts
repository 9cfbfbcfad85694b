import type { Msg } from '@nats-io/transport-node';
import type { NatsSession } from './nats-session.ts';

interface Service {
  readonly subject: string;
  /** Of those who share it, one gets each request. */
  readonly queue: string | undefined;
  /** Does not throw. */
  readonly take: (request: Msg) => void;
  end: (() => void) | undefined;
}

/** Subjects on which requests are answered, on each connection anew. */
export class NatsServices {
  private readonly services = new Set<Service>();
  private session: NatsSession | undefined;

  attach(session: NatsSession): void {
    this.session = session;
    for (const service of this.services) this.begin(service);
  }

  detach(): void {
    this.session = undefined;
    for (const service of this.services) service.end = undefined;
  }

  /** Until the returned function is called. */
  add(subject: string, queue: string | undefined, take: (request: Msg) => void): () => void {
    const service: Service = { subject, queue, take, end: undefined };
    this.services.add(service);
    this.begin(service);
    return () => {
      this.services.delete(service);
      service.end?.();
      service.end = undefined;
    };
  }

  private begin(service: Service): void {
    const { session } = this;
    if (session === undefined || session.isClosed) return;
    service.end = session.serve(service.subject, service.queue, service.take);
  }
}
