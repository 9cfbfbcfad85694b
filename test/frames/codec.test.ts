import { describe, expect, it } from 'vitest';
import { FrameDecoder } from '../../src/frames/decode.ts';
import { FrameEncoder } from '../../src/frames/encode.ts';
import { FrameError } from '../../src/frames/frame-error.ts';
import { FRAME_KINDS } from '../../src/frames/header.ts';
import { FRAME_LIMITS, type FrameLimits } from '../../src/frames/limits.ts';
import { parseSubject } from '../../src/frames/subject.ts';
import { faultsOf } from './judge.ts';
import { malformedCase } from './malformed.ts';
import { toJson, toMsgpack } from './pack.ts';
import { seededRandom, validMessage } from './valid-fields.ts';

const decoder = new FrameDecoder();
const encoder = new FrameEncoder();
/** Half of them msgpack, half JSON. */
const MESSAGES = Array.from({ length: 1500 }, (_, i) => {
  const { shape, fields } = validMessage(seededRandom(i + 1));
  const subject = `spikeformer.${shape.kind}.${fields.get('device_type')}.${fields.get('chip_id')}`;
  const data = i % 2 === 0 ? toMsgpack(fields) : toJson(fields);
  return { subject, contentType: undefined, data };
});

function read(message: { subject: string; contentType: string | undefined; data: Uint8Array }) {
  const subject = parseSubject('spikeformer', message.subject);
  return structuredClone(decoder.decode(message.data, subject, message.contentType));
}

it('the generated messages are of every kind, and frames by a second reading of the wire', () => {
  for (const message of MESSAGES) expect([...faultsOf(message)]).toEqual([]);
  const kinds = new Set(MESSAGES.map((message) => read(message).kind));
  expect([...kinds].sort()).toEqual([...FRAME_KINDS].sort());
});

describe('what is encoded and decoded is the same frame', () => {
  it.each(['msgpack', 'json'] as const)('in %s', (encoding) => {
    for (const message of MESSAGES) {
      const frame = read(message);
      const bytes = encoder.encode(frame, encoding);
      // JSON has neither NaN nor infinities: each is null, which reads as "no sample".
      if (encoding === 'json' && frame.kind === 'membrane') {
        for (const [j, value] of frame.values.entries()) {
          if (!Number.isFinite(value)) frame.values[j] = Number.NaN;
        }
      }
      expect(structuredClone(decoder.decode(bytes))).toEqual(frame);
    }
  });

  it('wherever the bytes lie, in a Buffer or a plain array', () => {
    for (const message of MESSAGES.slice(0, 300)) {
      const frame = read(message);
      const bytes = encoder.encode(frame);
      for (let offset = 0; offset < 8; offset++) {
        const room = new Uint8Array(bytes.length + 16).fill(0xc1);
        room.set(bytes, offset);
        const view = room.subarray(offset, offset + bytes.length);
        expect(structuredClone(decoder.decode(view))).toEqual(frame);
        const buffer = Buffer.from(room.buffer, offset, bytes.length);
        expect(structuredClone(decoder.decode(buffer))).toEqual(frame);
      }
    }
  });

  it('after a message that was no frame, and from decoders that take turns', () => {
    const other = new FrameDecoder();
    for (const [i, message] of MESSAGES.slice(0, 300).entries()) {
      const frame = read(message);
      const bytes = encoder.encode(frame);
      const broken = malformedCase(11, i);
      for (const each of [decoder, other]) {
        expect(() => each.decode(broken.data, undefined, broken.contentType)).toSatisfy(
          (decode: () => unknown) => {
            try {
              decode();
            } catch (error) {
              return error instanceof FrameError;
            }
            // Without its subject a message may be one; what follows must not care.
            return true;
          },
        );
        expect(structuredClone(each.decode(bytes))).toEqual(frame);
      }
    }
  });
});

it('the reason of what is no frame is one that a second reading of the wire has', () => {
  for (let i = 0; i < 20_000; i++) {
    const message = malformedCase(5, i);
    const faults = faultsOf(message);
    let reason = 'none';
    try {
      decoder.decode(
        message.data,
        parseSubject('spikeformer', message.subject),
        message.contentType,
      );
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      reason = error.reason;
      expect(error.message).toContain(':');
      expect(error.message).not.toMatch(/\n/);
    }
    expect(faults, `case ${i}, ${message.what}: ${reason}`).toContain(reason);
  }
});

const SPIKES = {
  ...{ v: 1, kind: 'spikes', device_type: 'cpu', chip_id: '0', t0: 5, span_us: 100 },
  ...{ layer_name: 'layer', neuron_count: 10, neuron_id: [1, 2, 3], dt: [0, 1, 99] },
};

function reasonOf(more: Record<string, unknown>, limits: Partial<FrameLimits> = {}): string {
  const bytes = Buffer.from(JSON.stringify({ ...SPIKES, ...more }));
  try {
    new FrameDecoder({ ...FRAME_LIMITS, ...limits }).decode(bytes);
    return 'a frame';
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    return `${error.reason} ${error.message}`;
  }
}

describe('a fault names the field and what was there', () => {
  it.each([
    [{ v: 2 }, 'version v: '],
    [{ kind: 'spike' }, 'kind kind: '],
    [{ layer_name: undefined }, 'missing_field layer_name: is needed and absent'],
    [{ layer_name: 7 }, 'wrong_type layer_name: '],
    [{ layer_name: 'x'.repeat(129) }, 'string_too_long layer_name: '],
    [{ neuron_count: 0 }, 'out_of_range neuron_count: '],
    [{ neuron_count: 1.5 }, 'neuron_count: '],
    [{ neuron_count: 2 ** 24 + 1 }, 'out_of_range neuron_count: '],
    [{ neuron_id: [1, 2, 10] }, 'neuron_outside_population neuron_id: value 2: 10 is not below'],
    [{ neuron_id: [1, 2, -1] }, 'out_of_range neuron_id: '],
    [{ neuron_id: [1, 2, 'a'] }, 'wrong_type neuron_id: value 2'],
    [{ dt: [0, 1] }, 'length_mismatch dt: '],
    [{ dt: [0, 1, 100] }, 'dt_outside_span dt: value 2: 100 is not below 100'],
    [{ t0: -1 }, 'out_of_range t0: '],
    [{ t0: 2 ** 53 }, 'out_of_range t0: '],
    [{ span_us: 60_000_001 }, 'out_of_range span_us: '],
  ])('%j', (more, expected) => {
    expect(reasonOf(more)).toContain(expected);
  });

  it('and a frame is a frame', () => {
    expect(reasonOf({})).toBe('a frame');
    expect(reasonOf({ unknown: { deep: [1] }, t0: 5.0, seq: 3 })).toBe('a frame');
    expect(reasonOf({ neuron_id: [], dt: [] })).toBe('a frame');
  });
});

describe('limits are as configured', () => {
  it.each([
    [{ payloadBytesMax: 20 }, {}, 'too_large'],
    [{ stringCharsMax: 4 }, {}, 'string_too_long'],
    [{ samplesMax: 2 }, {}, 'too_many'],
    [{ spanUsMax: 99 }, {}, 'out_of_range span_us'],
    [{ neuronCountMax: 9 }, {}, 'out_of_range neuron_count'],
    [{ nestingMax: 3 }, { x: [[[[1]]]] }, 'too_deep'],
    [{ spanUsMax: 100_000_000 }, { span_us: 90_000_000 }, 'a frame'],
  ] as const)('%j', (limits, more, expected) => {
    expect(reasonOf(more, limits)).toContain(expected);
  });
});

it('names of a prototype are names like others', () => {
  const text = JSON.stringify(SPIKES).replace('{', '{"__proto__":{"v":2},"constructor":1,');
  const frame = new FrameDecoder().decode(Buffer.from(text));
  expect(frame.kind).toBe('spikes');
  expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  expect(({} as { v?: number }).v).toBeUndefined();
  const counters = '{"toString":[1],"__proto__":[2]}';
  const activity = `{"v":1,"kind":"activity","device_type":"cpu","chip_id":"0","t0":0,"span_us":1,
    "scope":"chip","counters":${counters}}`;
  expect(() => new FrameDecoder().decode(Buffer.from(activity))).not.toThrow();
});
