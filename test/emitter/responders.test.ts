import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Packr } from 'msgpackr';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BenchmarkRequest, Emitter } from '../../src/emitter/emitter.ts';
import type { EmitterProblem } from '../../src/emitter/problem-reports.ts';
import { FrameDecoder } from '../../src/frames/decode.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { type NatsServer, startNatsServer } from '../integration/nats-server.ts';
import { until } from '../integration/until.ts';
import { PATIENT, testEmitter } from './frame-reader.ts';

let nats: NatsServer;
let asker: NatsConnection;
let emitter: Emitter;
let problems: EmitterProblem[];

beforeAll(async () => {
  nats = await startNatsServer();
  asker = await connect({ servers: nats.url, reconnectTimeWait: 20, maxReconnectAttempts: -1 });
});

afterAll(async () => {
  await asker.close();
  await nats.stop();
});

beforeEach(async () => {
  ({ emitter, problems } = testEmitter(nats.url, { runId: 'r1' }));
  await until('it is connected', () => emitter.stats().isConnected);
});

afterEach(() => emitter.close());

interface Answer {
  readonly frame: Frame | undefined;
  readonly error: string;
}

async function ask(
  subject: string,
  payload = new Uint8Array(0),
  timeout = PATIENT.timeoutMs,
): Promise<Answer> {
  const { data, headers } = await asker.request(subject, payload, { timeout });
  const error = headers?.get('Nats-Service-Error') ?? '';
  if (data.length === 0) return { frame: undefined, error };
  const type = headers?.get('Content-Type');
  return { frame: new FrameDecoder().decode(new Uint8Array(data), undefined, type), error };
}

/** The server has the subscription when it has a frame that was sent after it. */
function known(of: Emitter = emitter): Promise<boolean> {
  of.log('DEBUG', 'after the subscription');
  return of.flush(PATIENT);
}

/** Asks so often at once; what is given to `arrived` happens when all of it is with the emitter. */
async function askTogether(
  count: number,
  subject: string,
  payload: Uint8Array<ArrayBuffer> | undefined,
  arrived: () => void,
): Promise<Answer[]> {
  const answers = Promise.all(Array.from({ length: count }, () => ask(subject, payload)));
  // The server has passed on all before it answers, and the emitter reads in the same order.
  await asker.flush();
  await known();
  arrived();
  return await answers;
}

const PING = 'spikeformer.ping.loihi2.chip0';

/** The first answer; a request that is lost with a connection has none. */
async function pinged(): Promise<Answer> {
  let answer: Answer | undefined;
  await until('somebody answers', async () => {
    answer = await ask(PING, undefined, 2000).catch(() => undefined);
    return answer !== undefined;
  });
  return answer as Answer;
}

describe('pings', () => {
  it('are answered with a health frame, until that is stopped', async () => {
    const stop = emitter.answerPings();
    const { frame } = await pinged();
    expect(frame).toMatchObject({
      kind: 'health',
      status: 'ok',
      deviceType: 'loihi2',
      chipId: 'chip0',
      emitter: emitter.name,
      runId: 'r1',
      seq: undefined,
    });
    stop();
    await until('nobody answers', () =>
      ask(PING, undefined, 2000).then(
        () => false,
        () => true,
      ),
    );
  });

  it('say what the check says, however long it takes', async () => {
    emitter.answerPings(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { status: 'degraded', text: 'fan 2', temperatureC: 71.5 };
    });
    expect((await pinged()).frame).toMatchObject({
      status: 'degraded',
      text: 'fan 2',
      temperatureC: 71.5,
    });
  });

  it('share a check that is under way', async () => {
    let checks = 0;
    const gate = Promise.withResolvers<void>();
    const stop = emitter.answerPings(() => ({ status: 'ok' }));
    await pinged();
    emitter.answerPings(
      async () => {
        checks++;
        await gate.promise;
        return { status: 'ok' };
      },
      { deviceType: 'spinnaker', chipId: '1-2' },
    );
    await pinged();
    const subject = 'spikeformer.ping.spinnaker.1-2';
    const answers = await askTogether(20, subject, undefined, gate.resolve);
    expect(answers.map(({ frame }) => frame?.chipId)).toEqual(Array(20).fill('1-2'));
    expect(checks).toBe(1);
    stop();
  });

  it('a check that throws is a chip that is down', async () => {
    emitter.answerPings(() => {
      throw new Error('no\nbus');
    });
    expect((await pinged()).frame).toMatchObject({ status: 'down', text: 'no bus' });
    // It is asked again where an answer is late, and told again after a second.
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) {
      expect(problem).toMatchObject({ reason: 'callback', message: 'check of chip0: no bus' });
    }
  });

  it('a check that gives no health is an error for who asked', async () => {
    emitter.answerPings(() => ({ status: 'fine' }) as never);
    expect(await pinged()).toEqual({
      frame: undefined,
      error: 'status: "fine" is none of ok, degraded, down',
    });
  });

  it('are answered again after the server was away', async () => {
    emitter.answerPings();
    await pinged();
    await nats.kill();
    await nats.start();
    expect((await pinged()).frame).toMatchObject({ status: 'ok' });
    expect(emitter.stats().reconnects).toBe(1);
  });

  it('of a chip whose name is none are refused at once', () => {
    expect(() => emitter.answerPings(undefined, { chipId: 'a.b' })).toThrow(/chip_id "a\.b"/);
  });
});

describe('benchmarks', () => {
  const RUN = 'spikeformer.benchmark-run.cpu';
  const request = { model: 'vit-tiny', hardware: 'cpu' };
  const asJson = Buffer.from(JSON.stringify(request));
  const asMsgpack = new Packr({ useRecords: false }).pack(request);
  const RESULT = { latencySeconds: 0.01, throughputPerSecond: 90 };

  it.each([
    ['JSON', asJson],
    ['msgpack', new Uint8Array(asMsgpack)],
  ])('asked for in %s are answered with what was measured', async (_encoding, payload) => {
    const asked: BenchmarkRequest[] = [];
    emitter.serveBenchmarks('cpu', async (wanted) => {
      asked.push(wanted);
      await new Promise((resolve) => setTimeout(resolve, 10));
      return { ...RESULT, accuracy: 0.75, energyJoules: 3 };
    });
    await known();
    const { frame } = await ask(RUN, payload);
    expect(asked).toEqual([request]);
    expect(frame).toMatchObject({
      kind: 'benchmark',
      deviceType: 'cpu',
      chipId: 'chip0',
      ...request,
      ...RESULT,
      accuracy: 0.75,
      energyJoules: 3,
      emitter: emitter.name,
    });
    expect((frame as { durationUs: number }).durationUs).toBeGreaterThan(5000);
  });

  it('run one after another, and no more wait than are held', async () => {
    let running = 0;
    let together = 0;
    const gate = Promise.withResolvers<void>();
    emitter.serveBenchmarks('cpu', async () => {
      together = Math.max(together, ++running);
      await gate.promise;
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      return { ...RESULT, durationUs: 7 };
    });
    await known();
    const answers = await askTogether(20, RUN, asJson, gate.resolve);
    expect(together).toBe(1);
    expect(answers.filter(({ frame }) => frame?.kind === 'benchmark')).toHaveLength(16);
    expect(answers.filter(({ error }) => error === 'busy: 16 runs wait already')).toHaveLength(4);
    // Then there is room again.
    expect((await ask(RUN, asJson)).frame).toMatchObject({ durationUs: 7 });
  });

  it('that fail, or are asked for wrongly, say so; the next one runs', async () => {
    let fails = true;
    emitter.serveBenchmarks('cpu', () => {
      if (fails) throw new Error('out of memory');
      return { ...RESULT, latencySeconds: -1 };
    });
    await known();
    const errors = [(await ask(RUN, asJson)).error];
    fails = false;
    for (const payload of [
      asJson,
      Buffer.from('{"model": "vit-tiny"}'),
      Buffer.from('{"model": "vit-tiny", "hardware": "loihi2"}'),
      Buffer.from('nonsense'),
    ]) {
      errors.push((await ask(RUN, new Uint8Array(payload))).error);
    }
    expect(errors).toEqual([
      'out of memory',
      expect.stringMatching(/^latency_seconds: -1 is not within/),
      'hardware: is needed and absent',
      'hardware: is loihi2, this executor has cpu',
      expect.stringMatching(/^payload: /),
    ]);
    expect(emitter.stats().droppedFrames.invalid).toBe(0);
  });

  it('of two executors one runs each', async () => {
    const second = testEmitter(nats.url).emitter;
    await until('it is connected', () => second.stats().isConnected);
    let runs = 0;
    for (const one of [emitter, second]) {
      one.serveBenchmarks('cpu', () => {
        runs++;
        return RESULT;
      });
    }
    await Promise.all([known(), known(second)]);
    for (let i = 0; i < 10; i++) await ask(RUN, asJson);
    expect(runs).toBe(10);
    await second.close();
  });

  it('of hardware whose name is no token are refused at once', () => {
    expect(() => emitter.serveBenchmarks('a.b', () => RESULT)).toThrow(/^hardware: .*"a\.b"/);
  });
});
