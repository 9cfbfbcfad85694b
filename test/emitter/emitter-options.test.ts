import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { createEmitter } from '../../src/emitter/emitter.ts';
import { emitterSettings } from '../../src/emitter/emitter-options.ts';
import { type NatsServer, startNatsServer } from '../integration/nats-server.ts';
import { until } from '../integration/until.ts';
import { PATIENT, testEmitter } from './frame-reader.ts';

const CHIP = { deviceType: 'cpu', chipId: '0' };

describe('servers', () => {
  const cases: readonly (readonly [string | string[], string[], object])[] = [
    ['nats://h:4333', ['h:4333'], {}],
    ['h', ['h'], {}],
    ['NATS://h/', ['h'], {}],
    ['nats://[::1]:4222', ['[::1]:4222'], {}],
    ['tls://h:1', ['h:1'], { tls: {} }],
    ['nats://token@h', ['h'], { token: 'token' }],
    ['nats://us%40er:p:4%2F5@h:4222', ['h:4222'], { user: 'us@er', pass: 'p:4/5' }],
    [['nats://a:1', 'b:2'], ['a:1', 'b:2'], {}],
  ];
  test.each(cases)('%j', (servers, addresses, nats) => {
    const settings = emitterSettings({ ...CHIP, servers });
    expect(settings.servers).toEqual(addresses);
    expect(settings.nats).toEqual({ name: 'emitter', ...nats });
  });

  it.each(['', 'ws://h', 'nats://', 'nats://a@b@c', 'nats://h/path', 5 as never])(
    '%j is none',
    (servers) => {
      expect(() => emitterSettings({ ...CHIP, servers })).toThrow(/^servers: needs nats:/);
    },
  );
});

describe('a server that wants to know who it is', () => {
  let nats: NatsServer;
  beforeAll(async () => {
    nats = await startNatsServer({ config: 'authorization { user: "u", password: "p4:44" }' });
  });
  afterAll(() => nats.stop());

  it('takes a user in the URL, or in the options', async () => {
    const address = nats.url.slice('nats://'.length);
    for (const emitter of [
      testEmitter(`nats://u:p4:44@${address}`).emitter,
      testEmitter(nats.url, { nats: { user: 'u', pass: 'p4:44' } }).emitter,
    ]) {
      emitter.log('INFO', 'hello');
      expect(await emitter.flush(PATIENT)).toBe(true);
      await emitter.close();
    }
  });

  it('and refuses another: that is told without the password, and tried again', async () => {
    const address = nats.url.slice('nats://'.length);
    const { emitter, problems } = testEmitter(`nats://u:hunter2@${address}`);
    emitter.log('INFO', 'hello');
    await until('it is told', () => problems.length > 0);
    expect(problems[0]).toMatchObject({ reason: 'connection' });
    expect(problems[0]?.message).toMatch(/^waiting for NATS at 127.*Authorization Violation/i);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
    await nats.kill();
    await nats.start('authorization { user: "u", password: "hunter2" }');
    expect(await emitter.flush(PATIENT)).toBe(true);
    await emitter.close();
  });
});

test('a subject that the server refuses is told', async () => {
  const publish = 'publish: { deny: "spikeformer.log.>" }';
  const nats = await startNatsServer({
    config: `authorization { users = [{ user: u, password: p, permissions: { ${publish} } }] }`,
  });
  const { emitter, problems } = testEmitter(nats.url, { nats: { user: 'u', pass: 'p' } });
  emitter.log('INFO', 'hello');
  await until('it is told', () => problems.length > 0);
  expect(problems[0]).toMatchObject({ reason: 'refused' });
  expect(problems[0]?.message).toContain('spikeformer.log.loihi2.chip0');
  await emitter.close();
  await nats.stop();
});

test('a payload above what the server takes is counted, and the next one goes', async () => {
  const nats = await startNatsServer({ config: 'max_payload: 4096' });
  const { emitter, problems } = testEmitter(nats.url);
  await until('it is connected', () => emitter.stats().isConnected);
  emitter.log('INFO', 'x'.repeat(5000));
  emitter.log('INFO', 'short');
  expect(await emitter.flush(PATIENT)).toBe(true);
  expect(emitter.stats()).toMatchObject({
    publishedFrames: 1,
    droppedFrames: { refused: 1, invalid: 0, buffer_full: 0, closed: 0 },
  });
  expect(problems).toMatchObject([{ reason: 'refused' }]);
  expect(problems[0]?.message).toContain('max_payload');
  await emitter.close();
  await nats.stop();
});

test('without a callback, the first problem of a kind is a warning of the process', async () => {
  const warnings: Error[] = [];
  // Node itself may warn of something at any time.
  const listen = (warning: Error) => {
    if (warning.name === 'SpikescopeEmitterWarning') warnings.push(warning);
  };
  process.on('warning', listen);
  const emitter = createEmitter({ ...CHIP, servers: 'nats://127.0.0.1:9' });
  emitter.recordHealth({ status: 'fine' as never });
  emitter.recordHealth({ status: 'well' as never });
  await until('it is told of both kinds', () => warnings.length === 2);
  await emitter.close({ timeoutMs: 1 });
  process.off('warning', listen);
  const texts = warnings.map(({ name, message }) => `${name}: ${message}`).sort();
  expect(texts).toEqual([
    expect.stringMatching(/^SpikescopeEmitterWarning: connection: waiting for NATS at 127/),
    'SpikescopeEmitterWarning: invalid: status: "fine" is none of ok, degraded, down',
  ]);
});
