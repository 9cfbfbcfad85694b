import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A server that speaks as much of the protocol as a client needs, and writes what a test says. */
export interface ScriptedNats {
  readonly url: string;
  /** Connections so far. */
  readonly connections: number;
  /** Numbers of the subscriptions of the last connection, by subject. */
  readonly sids: ReadonlyMap<string, string>;
  /** Subjects that were published to, in order, of all connections. */
  readonly published: readonly string[];
  /** To the last connection. */
  write(bytes: string | Uint8Array): void;
  /** Ends the last connection as a crash would. */
  cut(): void;
  stop(): Promise<void>;
}

const INFO = { server_id: 'S', version: '2.15.0', headers: true, max_payload: 67_108_864 };

export async function startScriptedNats(): Promise<ScriptedNats> {
  let sids = new Map<string, string>();
  let last: Socket | undefined;
  let connections = 0;
  const published: string[] = [];
  const server = createServer((socket) => {
    last = socket;
    connections++;
    sids = new Map();
    socket.on('error', () => {});
    socket.write(`INFO ${JSON.stringify(INFO)}\r\n`);
    let text = '';
    socket.on('data', (data) => {
      text += data.toString();
      const lines = text.split('\r\n');
      text = lines.pop() as string;
      for (const line of lines) {
        const [, subject = '', sid = ''] = /^SUB (\S+) (\d+)/.exec(line) ?? [];
        if (sid !== '') sids.set(subject, sid);
        const [, target] = /^PUB (\S+) /.exec(line) ?? [];
        if (target !== undefined) published.push(target);
        if (line === 'PING') socket.write('PONG\r\n');
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    get sids() {
      return sids;
    },
    published,
    write: (bytes) => last?.write(bytes),
    cut: () => last?.destroy(),
    stop: async () => {
      last?.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
