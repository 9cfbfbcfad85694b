import { headers as natsHeaders } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { healthFrame, spikesFrame } from '../../src/emitter/frame-builders.ts';
import { encodeFrame, frameMessage } from '../../src/emitter/frame-message.ts';
import { SequenceCounter } from '../../src/emitter/sequence-counter.ts';
import { FrameDecoder } from '../../src/frames/decode.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import { parseSubject } from '../../src/frames/subject.ts';

const CHIP = { deviceType: 'loihi2', chipId: 'chip0', t0Us: 5 };
const HEALTH = healthFrame({ ...CHIP, status: 'ok' });

test.each(['msgpack', 'json'] as const)('makes a message that decodes, as %s', (encoding) => {
  const counter = new SequenceCounter('lab');
  const message = frameMessage(HEALTH, { counter, encoding, prefix: 'a.b' });
  expect(message.subject).toBe('a.b.health.loihi2.chip0');
  expect(message.headers).toEqual([
    ['Content-Type', `application/${encoding}`],
    ['Nats-Msg-Id', `${counter.emitter}:a.b.health.loihi2.chip0:0`],
  ]);
  const subject = parseSubject('a.b', message.subject);
  const frame = new FrameDecoder().decode(message.data, subject, message.headers[0]?.[1]);
  expect(frame).toEqual({ ...HEALTH, seq: 0, emitter: counter.emitter });
});

test('needs no counter; a frame numbered by hand keeps its number', () => {
  expect(frameMessage(HEALTH)).toMatchObject({
    subject: 'spikeformer.health.loihi2.chip0',
    headers: [['Content-Type', 'application/msgpack']],
  });
  const numbered = healthFrame({ ...CHIP, status: 'ok', seq: 7, emitter: 'e' });
  expect(frameMessage(numbered).headers[1]?.[1]).toBe('e:spikeformer.health.loihi2.chip0:7');
});

test('its headers fit the client of NATS', () => {
  const headers = natsHeaders();
  for (const [name, value] of frameMessage(HEALTH).headers) headers.set(name, value);
  expect(headers.get('Content-Type')).toBe('application/msgpack');
});

test('refuses subjects that NATS or readers would take otherwise', () => {
  for (const prefix of ['', 'a.*', 'a b', 'a.>', '.a']) {
    expect(() => frameMessage(HEALTH, { prefix })).toThrow(`prefix ${JSON.stringify(prefix)}`);
  }
  const forged = { ...HEALTH, chipId: '*' } as Frame;
  expect(() => frameMessage(forged)).toThrow('chip_id "*"');
});

test('refuses a message that readers would find too large, with advice', () => {
  const count = FRAME_LIMITS.samplesMax;
  const spikes = spikesFrame({
    ...CHIP,
    spanUs: 60_000_000,
    layerName: 'l',
    neuronCount: 2 ** 24,
    neuronId: new Uint32Array(count).fill(2 ** 24 - 1),
    dtUs: new Uint32Array(count).fill(59_999_999),
  });
  expect(() => encodeFrame(spikes)).toThrow(/^payload: 1048\d+ bytes, at most 1048576: shorten/);
  expect(() => encodeFrame(spikes, 'json')).toThrow(
    expect.objectContaining({ reason: 'too_large' }),
  );
});

test('numbers each subject from 0, under a name of its own', () => {
  const counter = new SequenceCounter();
  const sent = ['a', 'b', 'a', 'a', 'b'].map((subject) => counter.next(subject));
  expect(sent).toEqual([0, 0, 1, 2, 1]);
  const names = Array.from({ length: 100 }, () => new SequenceCounter('chip-7').emitter);
  expect(new Set(names).size).toBe(100);
  for (const name of names) expect(name).toMatch(/^chip-7-[0-9a-f-]{36}$/);
  for (const bad of ['', 'a b', 'a:b', 'a'.repeat(65)]) {
    expect(() => new SequenceCounter(bad)).toThrow('1 to 64 of A-Z a-z 0-9 _ . -');
  }
});

test('does not count subjects without end', () => {
  const counter = new SequenceCounter();
  for (let i = 0; i < 65_536; i++) counter.next(`s${i}`);
  expect(() => counter.next('one more')).toThrow("are the chips' ids stable?");
  expect(counter.next('s7')).toBe(1);
});
