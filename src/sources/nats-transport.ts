import { createConnection, type OnReadOpts, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  type NatsConnection,
  NatsConnectionImpl,
  setTransportFactory,
} from '@nats-io/transport-node';
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js';
import { Claims, haveClaims } from './claims.ts';
import { WireReader } from './wire-reader.ts';

interface Host {
  readonly hostname: string;
  readonly port: number;
}

/** The client keeps options it does not know. */
interface ClaimingOptions extends ConnectionOptions {
  readonly claims?: Claims;
}

type NodeOptions = Parameters<NodeTransport['connect']>[1];
type NodeHost = Parameters<NodeTransport['connect']>[0];

/**
 * The stock transport, but its sockets read into one area of memory, many whole messages at a time,
 * rather than into a fresh buffer of 64 KiB each time; and messages of claimed subscriptions are
 * taken there, past the client. A frame of 4,096 spikes is 33 kB: every other one was cut, copied
 * twice and left to the garbage collector, which cost more than all pipelines together. So the data
 * of a message is valid in its callback only. With TLS what was decrypted is copied to that area.
 *
 * Messages and what the client is given (answers to its pings among them) keep their order: where
 * bytes of the client's are met, nothing goes on before it has parsed them.
 */
class RingTransport extends NodeTransport {
  private reader: WireReader | undefined;
  private host: Host | undefined;
  /** Connected, as the client sees it: what is read goes to the reader. */
  private isOpen = false;
  /** Bytes that the client is to parse next. */
  private run: Uint8Array | undefined;
  private isTurnOver = false;
  private called = Promise.withResolvers<void>();
  /** Pieces that are no part of the area yet, from TLS. */
  private readonly pieces: Uint8Array[] = [];
  /** Goes on with the reading that waits for the client. */
  private readOn: () => void = () => {};

  override connect(host: NodeHost, options: NodeOptions): Promise<void> {
    const { claims } = options as ClaimingOptions;
    // Another's connection that is made again while this factory is the one that is set.
    if (claims !== undefined) this.reader = new WireReader(claims);
    return super.connect(host, options);
  }

  override dial(host: Host): Promise<Socket> {
    this.host = host;
    const { reader } = this;
    // TLS takes over the bytes of a socket, which it can't where they go elsewhere.
    if (reader === undefined || this.options.tls != null) return super.dial(host);
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    let failure: Error | undefined;
    const onread = this.readInto(reader, () => socket);
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

  /** The server wants TLS, which was not asked for: begins anew, see `dial`. */
  override async startTLS(): ReturnType<NodeTransport['startTLS']> {
    if (this.reader !== undefined && this.options.tls == null) {
      this.socket.removeAllListeners();
      this.socket.destroy();
      this.yields = [];
      this.socket = await super.dial(this.host as Host);
      await this.peekInfo();
    }
    return super.startTLS();
  }

  override setupHandlers(): void {
    super.setupHandlers();
    if (this.reader === undefined) return;
    this.isOpen = true;
    this.socket.removeAllListeners('data');
    this.socket.on('data', (piece: Buffer) => this.takeIn(piece));
    // The server's greeting, which was read to find out whether it wants TLS.
    this.run = Buffer.concat(this.yields.splice(0));
    this.called.resolve();
  }

  override iterate(): AsyncIterableIterator<Uint8Array> {
    return this.reader === undefined ? super.iterate() : this.runs(this.reader);
  }

  override discard(): void {
    super.discard();
    this.reader?.close();
  }

  override async close(error?: Error): Promise<void> {
    await super.close(error);
    this.reader?.close();
  }

  private readInto(reader: WireReader, socket: () => Socket): OnReadOpts {
    let offered = 0;
    this.readOn = () => socket().resume();
    return {
      buffer: () => {
        const room = reader.room();
        offered = room.length;
        return room;
      },
      callback: (bytes: number, room: Uint8Array) => {
        if (!this.isOpen) {
          // The client looks for the server's greeting.
          socket().emit('data', Buffer.from(room.subarray(0, bytes)));
          return true;
        }
        reader.filled(bytes);
        this.advance(reader);
        if (bytes === offered) this.endTurn();
        return this.run === undefined && !this.isTurnOver;
      },
    };
  }

  /** More waits in the kernel, and would be read in this same turn of the event loop. */
  private endTurn(): void {
    this.isTurnOver = true;
    setImmediate(() => {
      this.isTurnOver = false;
      this.resume();
    });
  }

  private resume(): void {
    if (this.run === undefined && !this.isTurnOver && !this.done) this.readOn();
  }

  /** Delivers what is read, up to bytes of the client's. */
  private advance(reader: WireReader): void {
    this.run = reader.next();
    if (this.run !== undefined) this.called.resolve();
  }

  private takeIn(piece: Uint8Array): void {
    this.pieces.push(piece);
    if (this.run === undefined) this.copyIn(this.reader as WireReader);
  }

  private copyIn(reader: WireReader): void {
    while (this.run === undefined) {
      const piece = this.pieces.shift();
      if (piece === undefined) return;
      const room = reader.room();
      if (piece.length > room.length) this.pieces.unshift(piece.subarray(room.length));
      const part = piece.subarray(0, room.length);
      room.set(part);
      reader.filled(part.length);
      this.advance(reader);
    }
  }

  /** What the client is to parse, as it asks for it: when it does, it has parsed the last. */
  private async *runs(reader: WireReader): AsyncIterableIterator<Uint8Array> {
    try {
      for (;;) {
        if (this.run === undefined) await this.called.promise;
        if (this.done || this.run === undefined) return;
        yield this.run;
        this.called = Promise.withResolvers();
        this.advance(reader);
        this.copyIn(reader);
        this.resume();
      }
    } finally {
      // The client's parser gives up on what is no protocol: a new connection is all that helps.
      if (!this.done) this.disconnect();
    }
  }
}

/**
 * Connects as the client's own `connect` does, with the transport above: for those who use up the
 * data of a message, or copy it, in its callback.
 */
export async function connectNats(options: ConnectionOptions): Promise<NatsConnection> {
  const claims = new Claims();
  useRing();
  const claiming: ClaimingOptions = { ...options, claims };
  const connection = await NatsConnectionImpl.connect(claiming);
  const { protocol } = connection as NatsConnectionImpl;
  claims.countInto(protocol);
  haveClaims(connection, claims);
  // The factory is one for the whole process, and other clients in it set their own.
  const reconnecting = protocol as unknown as { prepare(): unknown };
  const { prepare } = reconnecting;
  reconnecting.prepare = () => {
    useRing();
    return prepare.call(protocol);
  };
  return connection;
}

function useRing(): void {
  setTransportFactory({
    factory: () => new RingTransport(),
    dnsResolveFn: nodeResolveHost,
  });
}
