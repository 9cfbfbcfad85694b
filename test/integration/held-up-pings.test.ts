import { connect } from '@nats-io/transport-node';
import { it, onTestFinished } from 'vitest';
import { TIMERS } from '../../src/component/timers.ts';
import { NatsLink } from '../../src/sources/nats-link.ts';
import { natsOptions } from '../../src/sources/nats-options.ts';
import { NatsPings } from '../../src/sources/nats-pings.ts';
import { startNatsServer } from './nats-server.ts';
import { until } from './until.ts';

const SILENT = {
  waiting: () => {},
  connected: () => {},
  disconnected: () => {},
  reconnected: () => {},
  refused: () => {},
};
const TIMEOUT_MS = 300;
const HELD_MS = 800;

it('hears an answer that lies in the socket when a process held up looks at the time', async () => {
  const nats = await startNatsServer();
  onTestFinished(() => nats.stop());
  const link = new NatsLink(natsOptions.parse({ servers: nats.url }), SILENT);
  onTestFinished(() => link.close());
  await link.open(new AbortController().signal);
  const emitter = await connect({ servers: nats.url });
  onTestFinished(() => emitter.close());
  emitter.subscribe('spikeformer.ping.loihi2.a', {
    callback: (_, ping) => {
      ping.respond(Buffer.from('fine'));
      // When the client has written it nothing runs until after the time-out, and the server has
      // all that time to pass the answer on.
      queueMicrotask(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HELD_MS));
    },
  });
  await emitter.flush();
  const parts = { link, prefix: 'spikeformer', timeoutMs: TIMEOUT_MS };
  const pings = new NatsPings({ ...parts, timers: TIMERS, nowUs: () => 5 });
  // A server that was held up for longer passes the next answer on in time.
  await until('it hears one', async () => {
    return (await pings.ask('loihi2', 'a')).outcome === 'answer';
  });
});
