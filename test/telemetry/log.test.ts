import { expect, it } from 'vitest';
import { createLog } from '../../src/telemetry/log.ts';

function lines(level: 'DEBUG' | 'WARNING' = 'DEBUG') {
  const written: string[] = [];
  return { written, log: createLog(level, (line) => written.push(line)) };
}

const CANARY = 'c4n4ry';

it('never writes a secret, wherever it stands', () => {
  const { written, log } = lines();
  log.info(`connected to nats://user:${CANARY}@host:4222 and tls://${CANARY}@b`);
  log.warn('options', { servers: [`nats://u:${CANARY}@h`], nats: { password: CANARY, port: 1 } });
  log.error('failed', { error: new Error(`no route to nats://x:${CANARY}@h:4222`) });
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
  expect(written).toHaveLength(9);
  expect(written.join('')).not.toContain(CANARY);
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

it('writes nothing below its level', () => {
  const { written, log } = lines('WARNING');
  log.info('i');
  log.warn('w');
  expect(written).toHaveLength(1);
});
