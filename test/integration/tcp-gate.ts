import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server on loopback that can lose answers. */
export interface TcpGate {
  readonly url: string;
  /** The server hears what is asked; its answer is lost, and the connection with it. */
  losesAnswers: boolean;
  close(): Promise<void>;
}

export async function startGate(port: number): Promise<TcpGate> {
  const open = new Set<Socket>();
  const gate = { url: '', losesAnswers: false, close: () => Promise.resolve() };
  const server = createServer((client) => {
    const inner = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [client, inner],
      [inner, client],
    ] as const) {
      open.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        open.delete(socket);
        other.destroy();
      });
    }
    client.pipe(inner);
    inner.on('data', (answer) => {
      if (gate.losesAnswers) client.destroy();
      else client.write(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  gate.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  gate.close = async () => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return gate;
}
