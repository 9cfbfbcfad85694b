import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { healthFrame } from '../../src/emitter/frame-builders.ts';
import { encodeFrame } from '../../src/emitter/frame-message.ts';
import { type NatsServer, startNatsServer } from '../integration/nats-server.ts';
import { type ServiceProcess, startService } from '../integration/service-process.ts';
import { until } from '../integration/until.ts';

/** A NATS server with Spikescope on it, which comes back quickly when the server does. */
export interface Watched {
  readonly nats: NatsServer;
  readonly service: ServiceProcess;
}

/** `open` is given what ends them, in the order in which they started. */
export async function startWatched(open: (() => Promise<unknown>)[]): Promise<Watched> {
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const file = join(nats.folder, 'spikescope.yaml');
  await writeFile(file, 'nats: { reconnect_wait: 100ms }\n');
  const args = ['run', '--config', file, '--nats', nats.url, '--http', '127.0.0.1:0'];
  const service = await startService(args);
  open.push(() => service.stop());
  await service.until('connected', (seen) => seen.sum('spikescope_nats_connected') === 1);
  return { nats, service };
}

/** Spikescope is connected before the server knows what it reads: what it counts is a proof. */
export async function listensAgain(url: string, service: ServiceProcess): Promise<void> {
  const client = await connect({ servers: url });
  const chip = { deviceType: 'probe', chipId: '0', t0Us: 5, status: 'ok' } as const;
  const frame = encodeFrame(healthFrame(chip), 'msgpack', false);
  await until('it listens again', async () => {
    client.publish('spikeformer.health.probe.0', frame);
    const seen = await service.metrics();
    return seen.sum('spikescope_frames_total', 'kind="health"') > 0;
  });
  await client.close();
}
