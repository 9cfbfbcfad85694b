import { headers, type NatsConnection } from '@nats-io/transport-node';
import { type FrameMessageOptions, frameMessage } from '../emitter/frame-message.ts';
import type { Frame } from '../frames/frame.ts';

/** Bytes handed to the client since it last waited for the server. */
const UNCONFIRMED_BYTES_MAX = 4 * 1024 * 1024;

/** Publishes frames, and waits for a server that is slower; never longer than until the signal. */
export class FramePublisher {
  /** Payload bytes so far. */
  bytes = 0;
  private readonly connection: NatsConnection;
  private readonly options: FrameMessageOptions;
  private readonly signal: AbortSignal;
  private unconfirmedBytes = 0;

  constructor(connection: NatsConnection, options: FrameMessageOptions, signal: AbortSignal) {
    this.connection = connection;
    this.options = options;
    this.signal = signal;
  }

  /** Where it gives a promise, wait for it before the next frame. */
  write(frame: Frame): undefined | Promise<void> {
    const message = frameMessage(frame, this.options);
    const fields = headers();
    for (const [name, value] of message.headers) fields.set(name, value);
    this.connection.publish(message.subject, message.data, { headers: fields });
    this.bytes += message.data.length;
    this.unconfirmedBytes += message.data.length;
    return this.unconfirmedBytes < UNCONFIRMED_BYTES_MAX ? undefined : this.flush();
  }

  /** The server has what was written, or the signal says stop: a server may be gone for long. */
  flush(): Promise<void> {
    this.unconfirmedBytes = 0;
    const { connection, signal } = this;
    return new Promise((resolve, reject) => {
      const stop = () => resolve();
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
      connection
        .flush()
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', stop));
    });
  }
}
