import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { expect, onTestFinished, test } from 'vitest';
import { startNatsServer } from './nats-server.ts';
import { startService } from './service-process.ts';
import { NAMES, QUICK, StreamLab, stateFolder, upTo } from './stream-lab.ts';
import { until } from './until.ts';

const POWER = 'spikescope_frames_total{kind="power"}';
const DERIVED = 'spikescope_queue_depth{queue="derived"}';

test('stopped and killed while it catches up, it goes on where it was', async () => {
  const lab = await StreamLab.open();
  const state = stateFolder();
  await lab.publishPower(3000);
  for (let round = 0; round < 4; round++) {
    const service = await lab.serve(state);
    const seen = await service.metrics();
    // As soon as it serves it has not come to its end: only what it says of itself is shown.
    if (seen.value('spikescope_catching_up') === 1) expect(seen.value(POWER)).toBeUndefined();
    await service.logged('reading SPIKEFORMER from');
    if (round % 2 === 0) expect(await service.stop()).toBe(0);
    else await service.kill();
  }
  const last = await lab.serve(state);
  const seen = await last.until('it is up to date', (metrics) => {
    return metrics.value(POWER) === 3000 && metrics.value(DERIVED) === 0;
  });
  expect(seen.value('spikescope_catching_up')).toBe(0);
  expect(await last.stop()).toBe(0);
  expect(await lab.joules()).toEqual(upTo(3000));
});

test('stopped while nothing takes its records it ends, and the next stores them', async () => {
  const lab = await StreamLab.open();
  const state = stateFolder();
  const first = await lab.serve(state);
  await lab.publishPower(10);
  await until('they are stored', async () => (await lab.joules()).length === 10);
  const { config } = await lab.manager.streams.info(NAMES.derived);
  await lab.manager.streams.update(NAMES.derived, { ...config, max_bytes: 1, discard: 'new' });
  await lab.publishPower(10);
  await first.until('some wait', (seen) => (seen.value(DERIVED) ?? 0) > 0);
  expect(await first.stop()).toBe(0);
  await lab.manager.streams.update(NAMES.derived, config);
  const second = await lab.serve(state);
  await second.until('they are stored', (seen) => {
    return seen.value(POWER) === 20 && seen.value(DERIVED) === 0;
  });
  expect(await second.stop()).toBe(0);
  expect(await lab.joules()).toEqual(upTo(20));
});

test('what is no frame is counted once and a letter once, over kill -9', async () => {
  const lab = await StreamLab.open();
  const state = stateFolder();
  // No checkpoint comes in time: after each kill all is read again.
  const never = QUICK.replace('interval: 200ms', 'interval: 1h');
  const stream = jetstream(lab.connection);
  const invalid = (seen: { sum(metric: string): number }) =>
    seen.sum('spikescope_frames_invalid_total');
  for (let round = 1; round <= 3; round++) {
    for (let i = 0; i < 5; i++) {
      await stream.publish('spikeformer.spikes.loihi2.0', `no frame ${round}.${i}`);
    }
    await lab.publishLogs(5);
    const service = await lab.serve(state, never);
    await service.until('all are counted', (seen) => invalid(seen) === 5 * round);
    await until('all are letters', async () => {
      return (await lab.manager.streams.info(NAMES.dead)).state.messages >= 5 * round;
    });
    await service.kill();
  }
  const last = await lab.serve(state, never);
  const seen = await last.until('all are counted', (metrics) => invalid(metrics) === 15);
  expect(seen.sum('spikescope_frames_total')).toBe(15);
  expect(await last.stop()).toBe(0);
  const letters = await lab.messages(NAMES.dead, 'spikeformer.dead.>');
  expect(letters.map(({ subject }) => subject)).toEqual(
    Array(15).fill('spikeformer.dead.malformed'),
  );
  expect(await lab.lines()).toEqual(upTo(15));
});

test('a server without JetStream: it says so, answers meanwhile, ends when told', async () => {
  const nats = await startNatsServer();
  onTestFinished(() => nats.stop());
  const state = stateFolder();
  writeFileSync(join(state, 'config.yaml'), QUICK);
  const flags = ['--delivery', 'jetstream', '--state', state, '--http', '127.0.0.1:0'];
  const config = ['--config', join(state, 'config.yaml')];
  const service = await startService(['run', '--nats', nats.url, ...flags, ...config]);
  onTestFinished(() => service.kill());
  await service.logged(/JetStream can't be used yet: .+/);
  expect((await fetch(`${service.url}/health`)).status).toBe(200);
  const seen = await service.metrics();
  expect(seen.value('spikescope_catching_up')).toBe(1);
  expect(seen.value('spikescope_nats_connected')).toBe(1);
  expect(await service.stop()).toBe(0);
});
