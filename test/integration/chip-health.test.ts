import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { unpack } from 'msgpackr';
import { afterEach, expect, it, test } from 'vitest';
import { stringify } from 'yaml';
import { TestChip } from './chip-responder.ts';
import { connectEmitter } from './nats-reader.ts';
import { startNatsServer } from './nats-server.ts';
import { type Exposition, type ServiceProcess, startService } from './service-process.ts';
import { until } from './until.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

interface Derived {
  readonly subject: string;
  readonly event: string;
  readonly connected: boolean;
  readonly status: string;
  readonly reason: string;
}

interface Started {
  readonly service: ServiceProcess;
  readonly emitter: NatsConnection;
  /** What came on `spikeformer.derived.chip-health.>`. */
  readonly derived: Derived[];
}

/** The service with checks that follow each other quickly. */
async function start(health: Readonly<Record<string, unknown>>): Promise<Started> {
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const emitter = await connectEmitter(nats.url);
  open.push(() => emitter.close());
  const derived: Derived[] = [];
  emitter.subscribe('spikeformer.derived.chip-health.>', {
    callback: (_, { subject, data }) => {
      derived.push({ ...(unpack(data) as Derived), subject });
    },
  });
  await emitter.flush();
  const file = join(nats.folder, 'spikescope.yaml');
  await writeFile(file, stringify({ health: { check_interval: '100ms', ...health } }));
  const service = await startService([
    ...['run', '--config', file, '--nats', nats.url, '--http', '127.0.0.1:0'],
  ]);
  open.push(() => service.stop());
  await service.logged('listening on');
  return { service, emitter, derived };
}

function statusOf(metrics: Exposition, chip: TestChip): number | undefined {
  const [device, id] = chip.name.split('.');
  return metrics.value(`neuromorphic_chip_health_status{device_type="${device}",chip_id="${id}"}`);
}

function linesOf(service: ServiceProcess): Record<string, unknown>[] {
  return service
    .log()
    .split('\n')
    .filter((line) => line.includes('"hardware_'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function checks(metrics: Exposition, outcome: string): number {
  return metrics.sum('spikescope_health_checks_total', `outcome="${outcome}"`);
}

test.each([
  ['is not there any more', 'no_responders'],
  ['takes pings and is silent', 'timed_out'],
] as const)(
  'a chip that %s has status 0 with its next check, and 1 when it answers again',
  async (_, outcome) => {
    // A chip of this test answers late where the test is held up: time is short only where it has
    // to run out.
    const timeout = outcome === 'timed_out' ? '3s' : '1m';
    const { service, emitter, derived } = await start({ retry_interval: '2s', timeout });
    const chip = new TestChip(emitter, 'loihi2', 'a');
    await chip.listen();
    chip.spike();
    const failed = (seen: Exposition) => checks(seen, 'no_responders') + checks(seen, 'timed_out');
    const there = await service.until('it answers', (seen) => {
      return checks(seen, 'answered') > 2 && statusOf(seen, chip) === 1;
    });
    expect(there.value('loihi2_health_status')).toBe(1);

    if (outcome === 'timed_out') chip.answer = undefined;
    else await chip.leave();
    const gone = await service.until('its status is 0', (seen) => {
      if (statusOf(seen, chip) === 0) return true;
      // One check is enough; what came of it is told a moment after it is counted.
      expect(failed(seen) - failed(there)).toBeLessThanOrEqual(1);
      return false;
    });
    expect(gone.value('loihi2_health_status')).toBe(0);
    expect(checks(gone, outcome)).toBeGreaterThan(0);
    expect(failed(gone)).toBe(checks(gone, outcome));
    const health = await (await fetch(`${service.url}/health/detailed`)).json();
    expect(health).toMatchObject({
      status: 'degraded',
      hardware: { loihi2_connected: false, spinnaker_connected: false },
    });

    chip.answer = 'degraded';
    if (outcome === 'no_responders') await chip.listen();
    const back = await service.until('its status is 1', (seen) => statusOf(seen, chip) === 1);
    expect(back.value('loihi2_health_status')).toBe(1);
    await until(
      'the derived stream has it',
      () => derived.slice(2).some(({ event, connected }) => event === 'connected' && connected),
      () => derived,
    );
    expect(
      derived
        .slice(0, 2)
        .map(({ subject, event, connected, reason }) => [subject, event, connected, reason]),
    ).toEqual([
      ['spikeformer.derived.chip-health.loihi2.a', 'first_seen', true, 'first seen'],
      ['spikeformer.derived.chip-health.loihi2.a', 'disconnected', false, 'did not answer'],
    ]);
    await service.logged('"hardware_connected"');
    const lines = linesOf(service).filter(({ event_type }) => event_type !== 'hardware_first_seen');
    expect(lines[0]).toMatchObject({
      level: 'ERROR',
      logger: 'spikeformer.neuromorphic',
      event_type: 'hardware_error',
      hardware_type: 'loihi2',
      chip_id: 'a',
      error_message: 'did not answer',
      requires_attention: true,
    });
    expect(lines.find(({ event_type }) => event_type === 'hardware_connected')).toMatchObject({
      level: 'INFO',
      hardware_type: 'loihi2',
    });
  },
);

it('takes an answer that is no health frame for none, and keeps it as a dead letter', async () => {
  const { service, emitter } = await start({ retry_interval: '100ms' });
  const dead: string[] = [];
  emitter.subscribe('spikeformer.dead.>', {
    callback: (_, message) => {
      dead.push(`${message.subject} ${message.headers?.get('Spikescope-Subject')}`);
    },
  });
  const chip = new TestChip(emitter, 'loihi2', 'a');
  await chip.listen();
  chip.spike();
  await service.until('it answers', (seen) => checks(seen, 'answered') > 0);
  const frames = (await service.metrics()).sum('spikescope_frames_total', 'kind="spikes"');
  chip.answer = Buffer.from('{"status":"ok"');
  const gone = await service.until('its status is 0', (seen) => {
    return statusOf(seen, chip) === 0 && checks(seen, 'invalid') > 0;
  });
  expect(gone.sum('spikescope_frames_invalid_total', 'reason="malformed"')).toBeGreaterThan(0);
  await until('a dead letter is there', () => dead.length > 0);
  expect(dead[0]).toBe('spikeformer.dead.malformed spikeformer.health.loihi2.a');
  chip.answer = 'ok';
  const back = await service.until('its status is 1', (seen) => statusOf(seen, chip) === 1);
  expect(back.sum('spikescope_frames_total', 'kind="spikes"')).toBe(frames);
});

it('counts a chip that never answers by its frames: there, silent, back, forgotten', async () => {
  const { service, emitter, derived } = await start({ silence: '1s', forget_after: '8s' });
  const chip = new TestChip(emitter, 'spinnaker', '0-0');
  let isSending = true;
  const sending = (async () => {
    for (; isSending; await sleep(20)) chip.spike();
  })();
  // Longer than it may be silent, as its own checks count it; where this test is held up it is
  // silent indeed, and that time does not count.
  let asked = 0;
  const there = await service.until('it was there for a while', (seen) => {
    if (statusOf(seen, chip) !== 1) asked = checks(seen, 'no_responders');
    return checks(seen, 'no_responders') - asked > 20;
  });
  expect(there.value('spinnaker_health_status')).toBe(1);
  isSending = false;
  await sending;
  const silent = await service.until('it is silent', (seen) => statusOf(seen, chip) === 0);
  expect(silent.value('spinnaker_health_status')).toBe(0);
  const told = (event: string) => derived.filter((each) => each.event === event).length;
  const before = told('connected');
  chip.spike();
  // It is silent again so soon that its status may not be seen.
  await until(
    'it is back',
    () => told('connected') > before,
    () => derived,
  );
  const gone = await service.until('it is forgotten', (seen) => statusOf(seen, chip) === undefined);
  expect(gone.value('spinnaker_health_status')).toBeUndefined();
  await until(
    'the derived stream has it',
    () => told('forgotten') > 0,
    () => derived,
  );
  const pauses = Array.from({ length: told('connected') }, () => [
    'disconnected: silent for 1 s',
    'connected: connected again',
  ]);
  expect(derived.map(({ event, reason }) => `${event}: ${reason}`)).toEqual([
    'first_seen: first seen',
    ...pauses.flat(),
    'disconnected: silent for 1 s',
    'forgotten: no frame for 8 s',
  ]);
});

it('knows configured chips from the start, and has all of a kind connected or none', async () => {
  const { service, emitter } = await start({
    chips: [
      { device_type: 'loihi2', chip_id: 0 },
      { device_type: 'loihi2', chip_id: 'b' },
    ],
    retry_interval: '100ms',
  });
  const [first, second] = [
    new TestChip(emitter, 'loihi2', '0'),
    new TestChip(emitter, 'loihi2', 'b'),
  ];
  const start0 = await service.until(
    'both were asked',
    (seen) => checks(seen, 'no_responders') > 1,
  );
  expect([statusOf(start0, first), statusOf(start0, second)]).toEqual([0, 0]);
  expect(start0.value('loihi2_health_status')).toBe(0);
  expect(start0.value('spinnaker_health_status')).toBeUndefined();
  await first.listen();
  const half = await service.until('one is there', (seen) => statusOf(seen, first) === 1);
  expect(half.value('loihi2_health_status')).toBe(0);
  await second.listen();
  await service.until('both are', (seen) => seen.value('loihi2_health_status') === 1);
  expect(await (await fetch(`${service.url}/health/detailed`)).json()).toMatchObject({
    status: 'healthy',
    hardware: { loihi2_connected: true, spinnaker_connected: false },
  });
  second.answer = 'down';
  await service.until('one says down', (seen) => seen.value('loihi2_health_status') === 0);
  await service.logged('"hardware_error"');
  expect(
    linesOf(service).filter(({ event_type }) => event_type === 'hardware_error'),
  ).toMatchObject([{ chip_id: 'b', error_message: 'says that it is down' }]);
});
