import { MsgHdrsImpl } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import { MsgpackReader } from '../../src/frames/msgpack-read.ts';
import { isToken } from '../../src/frames/subject.ts';
import {
  DerivedWriter,
  derivedHeaders,
  ID_HEADER,
  storedHeaders,
} from '../../src/sinks/derived-message.ts';

const record = (key: readonly string[], fields: Record<string, unknown> = {}) => ({
  ...{ record: 'power', key, t0Us: 1_700_000_000_000_000, spanUs: 1_000_000, fields },
});

const writer = new DerivedWriter('lab.spikes');
const reader = new MsgpackReader(FRAME_LIMITS);

describe('a derived record as a message', () => {
  it('has its time and its fields by their names; what is undefined is left out', () => {
    const data = writer.data(record([], { watts: 1.5, rail: undefined, chips: ['a', 'b'] }));
    expect(reader.readMap(data)).toEqual({
      ...{ v: 1, record: 'power', t0: 1_700_000_000_000_000, span_us: 1_000_000 },
      ...{ watts: 1.5, chips: ['a', 'b'] },
    });
  });

  it('has bytes of its own: the next record does not write over them', () => {
    const first = writer.data(record([], { watts: 1 }));
    const before = Uint8Array.from(first);
    writer.data(record([], { watts: 2, text: 'x'.repeat(1000) }));
    expect(first).toEqual(before);
  });

  it('is on the subject of its kind and key', () => {
    const subject = writer.subject(record(['loihi2', 'chip-0']));
    expect(subject).toBe('lab.spikes.derived.power.loihi2.chip-0');
  });

  it.each([
    ['a.b', 'a_b'],
    ['*', '_'],
    ['>', '_'],
    ['', '_'],
    ['line\r\nPUB x 1', 'line__PUB_x_1'],
    ['Größe 1', 'Gr__e_1'],
    ['x'.repeat(100), 'x'.repeat(64)],
  ])('has the name %j as the token %j', (name, token) => {
    expect(isToken(token)).toBe(true);
    expect(writer.subject(record([name]))).toBe(`lab.spikes.derived.power.${token}`);
  });

  it('is named for all time where it is stored, and says how it is written', () => {
    const stored = MsgHdrsImpl.decode(storedHeaders('abc-1-2').encode());
    expect(stored.get(ID_HEADER)).toBe('abc-1-2');
    expect(stored.get('Content-Type')).toBe('application/msgpack');
    expect(derivedHeaders().get('Content-Type')).toBe('application/msgpack');
    expect(derivedHeaders().has(ID_HEADER)).toBe(false);
  });
});
