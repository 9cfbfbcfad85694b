/**
 * The floor for objects: receive with stock nats.js, JSON.parse, count each spike by layer; nothing
 * else. Answers `GET /` with the messages counted so far.
 * Usage: node bare-objects.ts NATS_PORT
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from '@nats-io/transport-node';

const counts = new Map<string, number>();
let messages = 0;

function receive(data: Uint8Array): void {
  const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString();
  const objects = [JSON.parse(text)].flat() as { layer: string }[];
  for (const { layer } of objects) counts.set(layer, (counts.get(layer) ?? 0) + 1);
  messages++;
}

const nats = await connect({ servers: `127.0.0.1:${process.argv[2]}` });
nats.subscribe('lab.spikes.*', { callback: (_error, message) => receive(message.data) });
await nats.flush();
const server = createServer((_, response) => response.end(String(messages)));
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`READY ${(server.address() as AddressInfo).port}\n`);
});
