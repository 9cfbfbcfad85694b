// The consumer that a Node programmer writes in an afternoon: nats.js, JSON.parse, prom-client.
// Usage: node consumer.mjs NATS_URL SUBJECT [--batched] [--stream NAME]
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Counter, Histogram, register } from 'prom-client';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { batched: { type: 'boolean', default: false }, stream: { type: 'string' } },
});
const [servers, subject] = positionals;
const spikes = new Counter({
  name: 'spikes_total',
  help: 'Spikes by layer.',
  labelNames: ['layer'],
});
const membrane = new Histogram({
  name: 'membrane_mv',
  help: 'Membrane potential by layer, mV.',
  labelNames: ['layer'],
  buckets: [-75, -70, -65, -60, -55, -50, -45, -40, -35, -30],
});

function count({ layer, mv }) {
  spikes.inc({ layer });
  membrane.observe({ layer }, mv);
}

function receive(message) {
  if (!values.batched) count(message.json());
  else for (const one of message.json()) count(one);
}

/** Every message is acknowledged by itself, as the library's own examples do. */
async function consume(connection, stream) {
  const manager = await jetstreamManager(connection);
  const made = await manager.consumers.add(stream, {
    ack_policy: 'explicit',
    max_ack_pending: 10_000,
  });
  const consumer = await jetstream(connection).consumers.get(stream, made.name);
  const messages = await consumer.consume();
  const read = async () => {
    for await (const message of messages) {
      receive(message);
      message.ack();
    }
  };
  read().catch((error) => {
    throw error;
  });
}

const connection = await connect({ servers });
if (values.stream !== undefined) await consume(connection, values.stream);
else connection.subscribe(subject, { callback: (_error, message) => receive(message) });
await connection.flush();
const server = createServer(async (_, response) => response.end(await register.metrics()));
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`serving on http://127.0.0.1:${server.address().port}\n`);
});
