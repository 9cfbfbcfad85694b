import {
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamInfo,
} from '@nats-io/jetstream';
import { connect, errors, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  documentsConsumer,
  setUpStreams,
  streamNames,
  wantedStreams,
} from '../../src/sources/jetstream-streams.ts';
import { StreamSetupError } from '../../src/sources/make-stream.ts';
import { streamOptions } from '../../src/sources/stream-options.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { PATIENT } from './stream-lab.ts';

const GIB = 1024 ** 3;
const NAMES = streamNames('SPIKEFORMER');

let server: NatsServer;
let connection: NatsConnection;
let jsm: JetStreamManager;

async function open(jetStream: string): Promise<void> {
  server = await startNatsServer({ jetStream });
  connection = await connect({ servers: server.url });
  jsm = await jetstreamManager(connection, PATIENT);
}

async function close(): Promise<void> {
  await connection.close();
  await server.stop();
}

function wanted(options: object = {}) {
  return wantedStreams(
    'spikeformer',
    streamOptions.parse(options),
    documentsConsumer('spikeformer'),
  );
}

const setUp = (options: object = {}, change = false) =>
  setUpStreams(jsm, wanted(options), { change });

/** What a stream is, without what changes with time. */
async function stateOf(name: string): Promise<Partial<StreamInfo['config']>> {
  const { config } = await jsm.streams.info(name);
  return config;
}

describe('on a server with much room', () => {
  beforeEach(() => open('max_file: 100G'));
  afterEach(close);

  test('a stream that somebody left with twice its bytes is finished', async () => {
    const [frames] = wanted();
    const metadata = { 'spikescope.trial': 'true', kept: 'yes' };
    const half = 4 * GIB;
    await jsm.streams.add({ ...frames?.config, name: NAMES.frames, max_bytes: 2 * half, metadata });
    expect(await setUp()).toMatchObject({ changed: [], differs: [], vital: [] });
    const { max_bytes, metadata: left } = await stateOf(NAMES.frames);
    expect(max_bytes).toBe(half);
    expect(left).toMatchObject({ kept: 'yes' });
    expect(left).not.toHaveProperty(['spikescope.trial']);
    expect((await stateOf(NAMES.derived)).metadata).not.toHaveProperty(['spikescope.trial']);
  });

  test('all streams and the consumer are made as DESIGN says, and once', async () => {
    const first = await setUp();
    expect(first).toMatchObject({ changed: [], differs: [], vital: [] });
    expect(first.made).toHaveLength(4);
    const { subjects, ...frames } = await stateOf(NAMES.frames);
    expect(subjects).toContain('spikeformer.spikes.>');
    expect(subjects?.some((one) => one.includes('ping') || one === 'spikeformer.>')).toBe(false);
    expect(frames).toMatchObject({
      storage: 'file',
      retention: 'limits',
      discard: 'old',
      max_age: 48 * 3600e9,
      max_bytes: 8 * GIB,
      duplicate_window: 120e9,
    });
    expect(await stateOf(NAMES.derived)).toMatchObject({
      subjects: ['derived', 'anomaly', 'alert', 'control'].map((one) => `spikeformer.${one}.>`),
      allow_atomic: true,
      allow_direct: true,
      allow_rollup_hdrs: true,
    });
    expect(await stateOf(NAMES.dead)).toMatchObject({ max_bytes: GIB / 4 });
    const consumer = await jsm.consumers.info(NAMES.derived, 'documents');
    expect(consumer.config.filter_subjects).toHaveLength(3);
    expect(await setUp()).toEqual({ made: [], changed: [], differs: [], vital: [] });
  });

  test('what differs is said and left; with change it is changed, the rest is said', async () => {
    await jsm.streams.add({
      name: NAMES.derived,
      subjects: ['spikeformer.derived.>', 'spikeformer.control.>'],
      storage: 'memory' as never,
      max_age: 3600e9,
    });
    await setUp();
    const before = await stateOf(NAMES.derived);
    const said = await setUp();
    expect(said.made).toEqual([]);
    expect(said.changed).toEqual([]);
    expect(said.differs.join('\n')).toContain(
      'stream SPIKEFORMER_DERIVED: max_age is 1h, wanted 2d',
    );
    expect(said.vital.join('\n')).toContain('allow_atomic is false, wanted true');
    expect(said.vital.join('\n')).not.toContain('max_age');
    expect(await stateOf(NAMES.derived)).toEqual(before);

    const changed = await setUp({}, true);
    expect(changed.changed).toHaveLength(said.differs.length - 1);
    expect(changed.differs).toHaveLength(1);
    expect(changed.differs[0]).toMatch(/storage is memory, wanted file; it can't be changed: \w+/);
    expect(await stateOf(NAMES.derived)).toMatchObject({ allow_atomic: true, max_age: 172800e9 });
    expect((await setUp()).differs).toEqual([
      'stream SPIKEFORMER_DERIVED: storage is memory, wanted file',
    ]);
  });

  test.each([
    ['gives no answer', new errors.TimeoutError()],
    ['elects', new JetStreamApiError({ code: 503, err_code: 10008, description: 'no leader' })],
  ])('a server that %s has not refused a change', async (_, error) => {
    await setUp();
    const streams = new Proxy(jsm.streams, {
      get: (all, name) =>
        name === 'update' ? () => Promise.reject(error) : Reflect.get(all, name),
    });
    const held = new Proxy(jsm, {
      get: (all, name) => (name === 'streams' ? streams : Reflect.get(all, name)),
    });
    const changing = setUpStreams(held, wanted({ bytes_max: GIB }), { change: true });
    await expect(changing).rejects.toBe(error);
    expect((await setUp({ bytes_max: GIB }, true)).differs).toEqual([]);
  });

  test('a bound of one’s own is no difference, unless configuration names another', async () => {
    await setUp({ bytes_max: GIB });
    expect((await setUp()).differs).toEqual([]);
    const { differs } = await setUp({ bytes_max: 2 * GIB });
    expect(differs).toHaveLength(2);
    expect(differs[0]).toContain('max_bytes is 1,073,741,824, wanted 2,147,483,648');
    expect((await setUp({ bytes_max: 2 * GIB }, true)).differs).toEqual([]);
    expect((await stateOf(NAMES.frames)).max_bytes).toBe(2 * GIB);
  });

  test('a consumer that sees too little is vital; a further subject is not', async () => {
    await setUp();
    await jsm.streams.update(NAMES.dead, { subjects: ['spikeformer.dead.>', 'other.>'] });
    await jsm.consumers.update(NAMES.derived, 'documents', {
      filter_subjects: ['spikeformer.derived.>', 'spikeformer.alert.>'],
    });
    const { differs, vital } = await setUp();
    expect(differs).toHaveLength(2);
    expect(vital).toHaveLength(1);
    expect(vital[0]).toContain('consumer documents of SPIKEFORMER_DERIVED: filter_subjects is');
    expect(await setUp({}, true)).toMatchObject({ differs: [], vital: [] });
  });

  test('subjects that another stream has are named with it', async () => {
    await jsm.streams.add({ name: 'OLD', subjects: ['spikeformer.*.loihi2.>'] });
    const failed = setUp();
    await expect(failed).rejects.toThrow(StreamSetupError);
    await expect(failed).rejects.toThrow(/stream OLD has subjects of spikeformer\.\w+\.> already/);
  });
});

describe('on a server with little room', () => {
  beforeEach(() => open('max_file: 5GB'));
  afterEach(close);

  test('a stream takes at most half of what is free, and leaves room for the others', async () => {
    await setUp();
    const frames = (await stateOf(NAMES.frames)).max_bytes as number;
    const derived = (await stateOf(NAMES.derived)).max_bytes as number;
    expect(frames).toBeLessThanOrEqual(2.5 * GIB);
    expect(frames).toBeGreaterThanOrEqual(GIB);
    expect(derived).toBeLessThanOrEqual((5 * GIB - frames) / 2);
    expect(derived).toBeGreaterThanOrEqual(GIB / 2);
    expect(await setUp()).toMatchObject({ made: [], differs: [] });
  });

  test('more than there is fails with the size', async () => {
    const failed = setUp({ bytes_max: 50 * GIB });
    await expect(failed).rejects.toThrow(/SPIKEFORMER of 53687091200 bytes can't be made/);
  });
});
