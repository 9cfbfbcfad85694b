import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { pack } from 'msgpackr';
import { afterEach, expect, test } from 'vitest';
import { connectEmitter } from './nats-reader.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { type ServiceProcess, startService } from './service-process.ts';
import { until } from './until.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start(): Promise<{
  nats: NatsServer;
  service: ServiceProcess;
  emitter: NatsConnection;
}> {
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const service = await startService(['run', '--nats', nats.url, '--http', '127.0.0.1:0']);
  open.push(() => service.stop());
  await service.logged('listening on');
  const emitter = await connectEmitter(nats.url);
  open.push(() => emitter.close());
  return { nats, service, emitter };
}

const SUBJECT = 'spikeformer.spikes.loihi2.0';

function bin(...values: number[]): Buffer {
  return Buffer.from(Uint32Array.from(values).buffer);
}

function spikes(seq: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...{ v: 1, kind: 'spikes', device_type: 'loihi2', chip_id: '0', emitter: 'e', seq },
    ...{ t0: seq * 10_000, span_us: 10_000, layer_name: 'l', neuron_count: 4 },
    ...{ neuron_id: bin(0, 3), dt: bin(5, 9999) },
    ...more,
  };
}

/** Messages that are no frames, each with the reason that it should be counted under. */
const MALFORMED: readonly (readonly [string, Uint8Array | string, string?])[] = [
  ['malformed', Uint8Array.of(0xc1)],
  ['malformed', pack(spikes(1)).subarray(0, 40)],
  ['malformed', '{"v":1,'],
  ['malformed', Buffer.concat([pack(spikes(1)), Uint8Array.of(0)])],
  ['malformed', '[1]'],
  ['version', pack(spikes(1, { v: 2 }))],
  ['extension', pack({ ...spikes(1), layer_name: undefined })],
  ['missing_field', '{"v":1,"kind":"spikes","device_type":"loihi2","chip_id":"0","t0":0}'],
  ['wrong_type', pack(spikes(1, { layer_name: 7 }))],
  ['not_finite', pack(spikes(1, { t0: Number.NaN }))],
  ['length_mismatch', pack(spikes(1, { dt: bin(1) }))],
  ['dt_outside_span', pack(spikes(1, { dt: bin(1, 10_000) }))],
  ['neuron_outside_population', pack(spikes(1, { neuron_id: bin(0, 4) }))],
  ['subject_mismatch', pack(spikes(1, { chip_id: '1' }))],
  ['out_of_range', pack(spikes(1, { t0: -1 }))],
];

test('what is no frame is counted by reason, kept on the dead subject, stops nothing', async () => {
  const { service, emitter } = await start();
  const dead: { reason: string; data: Uint8Array; subject: string }[] = [];
  emitter.subscribe('spikeformer.dead.>', {
    callback: (_, message) => {
      const reason = message.subject.split('.').at(-1) as string;
      const subject = message.headers?.get('Spikescope-Subject') ?? '';
      dead.push({ reason, data: new Uint8Array(message.data), subject });
    },
  });
  await emitter.flush();
  emitter.publish(SUBJECT, pack(spikes(0)));
  for (const [, data] of MALFORMED) emitter.publish(SUBJECT, data);
  emitter.publish(SUBJECT, pack(spikes(1)));
  await until(
    'all are on the dead subject',
    () => dead.length === MALFORMED.length,
    () => dead,
  );
  const metrics = await service.until('both frames count', (seen) => {
    return seen.sum('spikescope_frames_total') === 2;
  });
  expect(dead.map(({ reason }) => reason)).toEqual(MALFORMED.map(([reason]) => reason));
  for (const [i, [, data]] of MALFORMED.entries()) {
    expect(Buffer.from(dead[i]?.data ?? [])).toEqual(Buffer.from(data as string));
    expect(dead[i]?.subject).toBe(SUBJECT);
  }
  for (const reason of new Set(MALFORMED.map(([each]) => each))) {
    const count = MALFORMED.filter(([each]) => each === reason).length;
    expect(metrics.sum('spikescope_frames_invalid_total', `reason="${reason}"`)).toBe(count);
  }
  expect(metrics.sum('neural_spikes_total')).toBe(4);
  expect(metrics.sum('spikescope_frames_missing_total')).toBe(0);
});

test('nats-server gone under load: back by itself, said, the loss counted', async () => {
  const { nats, service, emitter } = await start();
  // The emitter goes on counting while nobody can hear it: what it published then is lost.
  let seq = 0;
  let lost = 0;
  let isLoading = true;
  let isDown = false;
  const load = (async () => {
    for (; isLoading; seq++) {
      if (emitter.isClosed()) break;
      if (isDown) lost++;
      else emitter.publish(SUBJECT, pack(spikes(seq)));
      if (seq % 20 === 0) await sleep(1);
    }
  })();
  await service.until('frames flow', (seen) => seen.sum('spikescope_frames_total') > 100);
  isDown = true;
  await nats.kill('SIGKILL');
  await service.until('it says so', (seen) => seen.sum('spikescope_nats_connected') === 0);
  const health = await fetch(`${service.url}/health`);
  expect(health.status).toBe(200);
  await nats.start();
  await service.until('it is back', (seen) => seen.sum('spikescope_nats_connected') === 1);
  await until('the emitter is back', () =>
    emitter.flush().then(
      () => true,
      () => false,
    ),
  );
  isDown = false;
  const before = (await service.metrics()).sum('spikescope_frames_total');
  await service.until('frames flow again', (seen) => {
    return seen.sum('spikescope_frames_total') > before + 100;
  });
  isLoading = false;
  await load;
  await emitter.flush();
  const metrics = await service.until('every frame is received or lost', (seen) => {
    const missing = seen.sum('spikescope_frames_missing_total');
    return seen.sum('spikescope_frames_total') + missing === seq;
  });
  // Those that were under way when the server died are lost too.
  expect(lost).toBeGreaterThan(0);
  expect(metrics.sum('spikescope_frames_missing_total')).toBeGreaterThanOrEqual(lost);
  expect(metrics.sum('spikescope_nats_disconnects_total')).toBe(1);
  expect(metrics.sum('spikescope_nats_reconnects_total')).toBe(1);
  expect(metrics.sum('neural_spikes_total')).toBe(2 * metrics.sum('spikescope_frames_total'));
  await service.logged(/lost NATS at .*what is published meanwhile is lost/);
  await service.logged(/connected to NATS at .* again/);
});
