import { createConnection, type OnReadOpts, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  type NatsConnection,
  NatsConnectionImpl,
  setTransportFactory,
} from '@nats-io/transport-node';
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js';
import { ReadRing } from './read-ring.ts';

interface Host {
  readonly hostname: string;
  readonly port: number;
}

/**
 * The stock transport, but its plain sockets read into one ring, many whole messages at a time,
 * rather than into a fresh buffer of 64 KiB each time. A frame of 4,096 spikes is 33 kB: every
 * other one was cut, copied twice and left to the garbage collector, which cost more than all
 * pipelines together. So the data of a message is valid in its callback only; the client parses
 * what a read gave, and calls back, before the next read begins.
 */
class RingTransport extends NodeTransport {
  private host: Host | undefined;

  override dial(host: Host): Promise<Socket> {
    this.host = host;
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    let failure: Error | undefined;
    const onread = this.readIntoRing(() => socket);
    const socket: Socket = createConnection(
      { port: host.port, host: host.hostname, onread },
      () => {
        socket.removeAllListeners();
        resolve(socket);
      },
    );
    socket.on('error', (error) => {
      failure = error;
    });
    socket.on('close', () => {
      socket.removeAllListeners();
      reject(failure);
    });
    socket.setNoDelay(true);
    return promise;
  }

  private readIntoRing(socket: () => Socket): OnReadOpts {
    const ring = new ReadRing();
    let offered = 0;
    return {
      buffer: () => {
        const room = ring.room();
        offered = room.length;
        return room;
      },
      callback: (bytes: number) => {
        const whole = ring.take(bytes);
        if (whole.length > 0) socket().emit('data', whole);
        if (bytes < offered) return true;
        // More waits in the kernel, and would be read in this same turn of the event loop.
        setImmediate(() => socket().resume());
        return false;
      },
    };
  }

  /** TLS takes over the bytes of a socket, which it can't where they go into the ring. */
  override async startTLS(): ReturnType<NodeTransport['startTLS']> {
    this.socket.removeAllListeners();
    this.socket.destroy();
    this.yields = [];
    this.socket = await super.dial(this.host as Host);
    await this.peekInfo();
    return super.startTLS();
  }
}

/**
 * Connects as the client's own `connect` does, with the transport above: for those who use up the
 * data of a message, or copy it, in its callback.
 */
export function connectNats(options: ConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({
    factory: () => new RingTransport(),
    dnsResolveFn: nodeResolveHost,
  });
  return NatsConnectionImpl.connect(options);
}
