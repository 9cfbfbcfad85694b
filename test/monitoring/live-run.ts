import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { frameMessage } from '../../src/emitter/frame-message.ts';
import { SequenceCounter } from '../../src/emitter/sequence-counter.ts';
import { connectEmitter } from '../integration/nats-reader.ts';
import { type NatsServer, startNatsServer } from '../integration/nats-server.ts';
import { Exposition } from '../integration/service-process.ts';
import { until } from '../integration/until.ts';
import { everythingElse } from './everything.ts';
import { type RunningService, startGuarded } from './guarded-service.ts';
import { SECRETS } from './stack.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
const ROUND_MS = 500;

export interface LiveRun {
  readonly nats: NatsServer;
  readonly service: RunningService;
  exposition(): Promise<Exposition>;
  stop(): Promise<void>;
}

/** Bounds that a run reaches, so that what counts refusals has something to count. */
const NARROW = {
  metrics: { series_max: 30 },
  documents: { queue: { documents: 2 } },
  pipelines: { 'spike-rate': { parts_max: 4 } },
};

/** Spikescope with everything coming in: a simulated chip, models, what is invalid. */
export async function startLiveRun(
  folder: string,
  httpPort: number,
  alertmanagerPort: number,
): Promise<LiveRun> {
  const nats = await startNatsServer({ jetStream: true });
  const config = join(folder, 'spikescope.yml');
  const token = join(folder, 'webhook_token');
  await writeFile(token, SECRETS.alert_webhook_token);
  const alertmanager = { url: `http://127.0.0.1:${alertmanagerPort}`, keep_alive: '1s' };
  await writeFile(
    config,
    JSON.stringify({ ...NARROW, alerts: { alertmanager, webhook_token_file: token } }),
  );
  const service = await startGuarded(folder, ['--config', config, '--nats', nats.url], httpPort);
  // A layer dies after 0.6 of the time, which is an incident; then all goes on.
  let simulator = simulate(nats.url, '--scenario', 'dead-layer', '--for', '30s');
  simulator.once('exit', (code) => {
    if (code === 0) simulator = simulate(nats.url, '--for', '10m', '--seed', '2');
  });
  const connection = await connectEmitter(nats.url);
  const timer = sendEverything(connection);
  await tellTooMuch(service.url);
  await interruptReading(connection);
  return {
    nats,
    service,
    exposition: async () => new Exposition(await service.metricsText()),
    stop: async () => {
      clearInterval(timer);
      simulator.kill('SIGKILL');
      await connection.close();
      await service.stop();
      await nats.stop();
    },
  };
}

function simulate(url: string, ...args: string[]): ChildProcess {
  const all = [MAIN, 'simulate', '--nats', url, ...args];
  return spawn(process.execPath, all, { stdio: 'ignore' });
}

function sendEverything(connection: NatsConnection): NodeJS.Timeout {
  const counter = new SequenceCounter('everything');
  let round = 0;
  return setInterval(() => {
    for (const frame of everythingElse(Date.now() * 1000, round++)) {
      const message = frameMessage(frame, { counter });
      const fields = headers();
      for (const [name, value] of message.headers) fields.set(name, value);
      connection.publish(message.subject, message.data, { headers: fields });
    }
    connection.publish('spikeformer.spikes.loihi2.9', '{"v":1}');
  }, ROUND_MS);
}

/** Takes the reader of frames away; it makes another one. */
async function interruptReading(connection: NatsConnection): Promise<void> {
  const { consumers } = await jetstreamManager(connection);
  await until('frames are read', async () => {
    const [reader] = await consumers.list('SPIKEFORMER').next();
    return reader !== undefined && (await consumers.delete('SPIKEFORMER', reader.name));
  });
}

/** An alert that fits into a request and, with what is added, into no message: it is dropped. */
async function tellTooMuch(url: string): Promise<void> {
  const alert = { status: 'firing', labels: {}, annotations: { a: '' }, startsAt: '' };
  const empty = JSON.stringify({ alerts: [alert] }).length;
  alert.annotations.a = 'a'.repeat(1024 * 1024 - empty);
  const answer = await fetch(`${url}/api/alerts`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${SECRETS.alert_webhook_token}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ alerts: [alert] }),
  });
  const told: unknown = await answer.json();
  if (!answer.ok) throw new Error(`/api/alerts answers ${answer.status}: ${JSON.stringify(told)}`);
}
