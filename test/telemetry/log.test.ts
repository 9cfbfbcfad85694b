import { getCallSites } from 'node:util';
import { expect, it } from 'vitest';
import { scrubText } from '../../src/component/scrub.ts';
import { createLog, type Log } from '../../src/telemetry/log.ts';

function lines(level: 'DEBUG' | 'WARNING' = 'DEBUG') {
  const written: string[] = [];
  return { written, log: createLog({ level, write: (line) => written.push(line) }) };
}

const CANARY = 'c4n4ry';
const SEED = `SUA${'CANARY'.repeat(9)}A`;

it('never writes a secret, wherever it stands', () => {
  const { written, log } = lines();
  log.info(`connected to nats://user:${CANARY}@host:4222 and tls://${CANARY}@b`);
  log.warn('options', { servers: [`nats://u:${CANARY}@h`], nats: { password: CANARY, port: 1 } });
  log.error('failed', { error: new Error(`no route to nats://x:${CANARY}@h:4222`) });
  for (const text of [
    `Authorization: Bearer ${CANARY}`,
    `GET /?token=${CANARY}&x=1`,
    `jwt eyJ${CANARY}.eyJ${CANARY}.${CANARY}`,
    `seed ${SEED}`,
    `password: ${CANARY}`,
    `{"api_key":"${CANARY}"}`,
    `passwd=${CANARY} AWS_SECRET_ACCESS_KEY=${CANARY}`,
    `nats://u:p/${CANARY}@h`,
  ]) {
    log.error(text, { list: [{ url: [text] }], error: new Error('a', { cause: new Error(text) }) });
  }
  const cycle: Record<string, unknown> = {
    url: `nats://${CANARY}@h`,
    map: new Map([['token', CANARY]]),
  };
  cycle['self'] = cycle;
  log.info('cycle', cycle);
  for (const key of [
    'token',
    'http_token',
    'nkey_seed',
    'Authorization',
    'apiKey',
    'credentials',
  ]) {
    log.debug('field', { [key]: CANARY, deep: { [key]: { inner: CANARY } } });
  }
  expect(written).toHaveLength(18);
  expect(written.join('')).not.toContain(CANARY);
  expect(written.join('')).not.toContain('CANARY');
  expect(written[0]).toContain('nats://***@host:4222');
  expect(written[1]).toContain('"port":1');
});

it('writes JSON lines with the words of the kit', () => {
  const { written, log } = lines();
  log.debug('d');
  log.info('i', { layer_name: 'a\nb' });
  log.warn('w');
  log.error('e');
  const read = written.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(read.map((line) => line['level'])).toEqual(['DEBUG', 'INFO', 'WARNING', 'ERROR']);
  expect(read.map((line) => line['message'])).toEqual(['d', 'i', 'w', 'e']);
  for (const [i, line] of read.entries()) {
    expect(line['logger']).toBe('spikeformer');
    expect(line['timestamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(written[i]?.trimEnd()).not.toContain('\n');
  }
});

function namedCaller(log: Log): number {
  log.warn('here');
  return lineHere() - 1;
}

function call(callback: () => void): void {
  callback();
}

function lineHere(): number {
  return getCallSites(2)[1]?.lineNumber ?? Number.NaN;
}

it('says where each line came from', () => {
  const { written, log } = lines();
  const line = namedCaller(log);
  call(() => log.info('in a callback'));
  const [first, second] = written.map((text) => JSON.parse(text) as Record<string, unknown>);
  expect(first).toMatchObject({ module: 'log.test', function: 'namedCaller', line });
  expect(second).toMatchObject({ module: 'log.test' });
  expect(second?.['line']).toBeGreaterThan(line);
});

it('writes an event of a pipeline with its own time and place', () => {
  const { written, log } = lines();
  const event = {
    level: 'ERROR',
    logger: 'spikeformer.neuromorphic',
    message: 'lost it',
    timeUs: 1_700_000_000_123_456,
    eventType: 'hardware_error',
    fields: { hardware_type: 'loihi2', requires_attention: true, absent: undefined },
  } as const;
  log.write(event);
  log.write({ ...event, origin: { module: 'train', function: 'epoch', line: 12 } });
  const [own, passed] = written.map((text) => JSON.parse(text) as Record<string, unknown>);
  expect(own).toMatchObject({
    level: 'ERROR',
    logger: 'spikeformer.neuromorphic',
    message: 'lost it',
    timestamp: '2023-11-14T22:13:20.123456Z',
    event_type: 'hardware_error',
    hardware_type: 'loihi2',
    requires_attention: true,
  });
  expect(Object.keys(own ?? {})).not.toContain('absent');
  expect(passed).toMatchObject({ module: 'train', function: 'epoch', line: 12 });
});

it('carries the ids of the span that is running', () => {
  const written: string[] = [];
  const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
  const log = createLog({ level: 'INFO', write: (line) => written.push(line), span: () => span });
  log.info('in it');
  expect(JSON.parse(written[0] ?? '')).toMatchObject({
    trace_id: span.traceId,
    span_id: span.spanId,
  });
});

it('gives them to an event that names no span', () => {
  const written: string[] = [];
  const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
  const log = createLog({ level: 'INFO', write: (line) => written.push(line), span: () => span });
  const event = { level: 'INFO', logger: 'spikeformer', message: 'm', timeUs: 0 } as const;
  const named = { trace_id: 'c'.repeat(32), span_id: 'd'.repeat(16) };
  log.write({ ...event, fields: { trace_id: undefined } });
  log.write({ ...event, fields: named });
  const [plain, other] = written.map((text) => JSON.parse(text) as object);
  expect(plain).toMatchObject({ trace_id: span.traceId, span_id: span.spanId });
  expect(other).toMatchObject(named);
});

it('writes nothing below its level', () => {
  const { written, log } = lines('WARNING');
  log.info('i');
  log.warn('w');
  expect(written).toHaveLength(1);
});

const HOSTILE = ['a', 'eyJ-', 'a.', 'token', 'x://', 'Bearer ', 'a_', 'S', 'secret ', 'key":'];

it.each(HOSTILE)('takes no longer than its length asks for on a text of %j', (piece) => {
  // Steps of a backtracking expression can't be counted: so ratios of the best of many times, each
  // short enough that a busy machine leaves some of them whole.
  const bestMs = (length: number): number => {
    const text = piece.repeat(Math.ceil(length / piece.length));
    const times = Array.from({ length: 40 }, () => {
      const startedMs = performance.now();
      scrubText(text);
      return performance.now() - startedMs;
    });
    return Math.min(...times);
  };
  bestMs(16_000);
  // Quadratic would be 256 times.
  expect(bestMs(16_000) / Math.max(bestMs(1000), 0.02)).toBeLessThan(100);
});
