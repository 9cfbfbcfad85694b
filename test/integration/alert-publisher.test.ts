import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { publishAlerts, type ToldAlert } from '../../src/sinks/alerts/alert-publisher.ts';
import { connectEmitter } from './nats-reader.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { PATIENT } from './stream-lab.ts';

let nats: NatsServer;
let connection: NatsConnection;
beforeAll(async () => {
  nats = await startNatsServer({ jetStream: true });
  connection = await connectEmitter(nats.url);
  const manager = await jetstreamManager(connection, PATIENT);
  await manager.streams.add({ name: 'ALERTS', subjects: ['kit.alert.>'] });
});
afterAll(async () => {
  await connection?.close();
  await nats?.stop();
});

function alert(alertname: string, more: Partial<ToldAlert> = {}): ToldAlert {
  return {
    status: 'firing',
    labels: { alertname },
    annotations: {},
    startsAt: '2026-11-29T07:00:00Z',
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: '',
    fingerprint: alertname,
    groupKey: 'g',
    ...more,
  };
}

function publish(prefix: string, confirm: 'server' | 'stream', ...alerts: ToldAlert[]) {
  return publishAlerts({ prefix, confirm: () => confirm, connection: () => connection }, alerts);
}

it('resolves when the stream has each alert, once, by status and name', async () => {
  const told = [alert('Watchdog'), alert('Odd name', { status: 'resolved' })];
  expect(await publish('kit', 'stream', ...told)).toEqual({ published: 2, tooLarge: 0 });
  // Alertmanager did not hear the answer and sends it again.
  await publish('kit', 'stream', ...told);
  const stream = await (await jetstreamManager(connection, PATIENT)).streams.info('ALERTS', {
    subjects_filter: '>',
  });
  expect(stream.state.subjects).toEqual({
    'kit.alert.firing.Watchdog': 1,
    'kit.alert.resolved.Odd_name': 1,
  });
  const kept = await (await jetstreamManager(connection, PATIENT)).streams.getMessage('ALERTS', {
    seq: 1,
  });
  expect(kept?.header.get('Content-Type')).toBe('application/json');
  expect(kept?.json()).toEqual({ v: 1, ...told[0] });
});

it('rejects where no stream has it', async () => {
  await expect(publish('other', 'stream', alert('Watchdog'))).rejects.toThrow();
});

it('rejects what the stream refuses, with its reason', async () => {
  const manager = await jetstreamManager(connection, PATIENT);
  await manager.streams.add({ name: 'SMALL', subjects: ['small.alert.>'], max_msg_size: 50 });
  await expect(publish('small', 'stream', alert('Watchdog'))).rejects.toThrow('message size');
});

it('is content with the server where no stream is asked for', async () => {
  const heard: string[] = [];
  const reader = await connectEmitter(nats.url);
  reader.subscribe('core.alert.>', { callback: (_, { subject }) => void heard.push(subject) });
  await reader.flush();
  expect(await publish('core', 'server', alert('A'))).toEqual({ published: 1, tooLarge: 0 });
  await reader.flush();
  expect(heard).toEqual(['core.alert.firing.A']);
  await reader.close();
});

it('leaves out what is too large for the server, and rejects without a connection', async () => {
  const large = alert('Large', { annotations: { text: 'x'.repeat(2 * 1024 * 1024) } });
  expect(await publish('kit', 'stream', large)).toEqual({ published: 0, tooLarge: 1 });
  const away = publishAlerts(
    { prefix: 'kit', confirm: () => 'server', connection: () => undefined },
    [],
  );
  await expect(away).rejects.toThrow('not connected');
});
