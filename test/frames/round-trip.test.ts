import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { FrameDecoder } from '../../src/frames/decode.ts';
import { CONTENT_TYPES, type Encoding, FrameEncoder } from '../../src/frames/encode.ts';
import { type Frame, sampleCount } from '../../src/frames/frame.ts';
import { FRAME_KINDS } from '../../src/frames/header.ts';
import { FRAME_ARBITRARIES } from './frame-arbitrary.ts';
import { isJson } from './judge.ts';
import { toJson, toMsgpack } from './pack.ts';
import { violations } from './slow-check.ts';
import { seededRandom, validMessage } from './valid-fields.ts';

const ENCODINGS: readonly Encoding[] = ['msgpack', 'json'];
const encoder = new FrameEncoder();
const decoder = new FrameDecoder();
/** For a frame that is compared with one of `decoder`, whose columns the next decoding moves. */
const otherDecoder = new FrameDecoder();

/** What JSON makes of a frame: it has no infinities, so that "no sample" is NaN there. */
function asJsonHas(frame: Frame): Frame {
  if (frame.kind !== 'membrane') return frame;
  const values = frame.values.map((value) => (Number.isFinite(value) ? value : Number.NaN));
  return { ...frame, values };
}

describe.each(FRAME_KINDS)('a %s frame', (kind) => {
  const frames = FRAME_ARBITRARIES[kind];

  it.each(ENCODINGS)('comes back from %s as it was', (encoding) => {
    fc.assert(
      fc.property(frames, (frame) => {
        const bytes = encoder.encode(frame, encoding);
        const read = decoder.decode(bytes, frame, CONTENT_TYPES[encoding]);
        expect(read).toEqual(encoding === 'json' ? asJsonHas(frame) : frame);
        expect(sampleCount(read)).toBe(sampleCount(frame));
      }),
    );
  });

  it.each(ENCODINGS)('says in %s what another reader of the wire reads there', (encoding) => {
    fc.assert(
      fc.property(frames, (frame) => {
        const bytes = encoder.encode(frame, encoding);
        expect(violations(decoder.decode(bytes), bytes, encoding === 'json')).toEqual([]);
      }),
    );
  });

  it('is read alike at every place of a larger buffer, which stays as it is', () => {
    const places = fc.tuple(frames, fc.constantFrom(...ENCODINGS), fc.nat(17), fc.boolean());
    fc.assert(
      fc.property(places, ([frame, encoding, offset, asBuffer]) => {
        const bytes = encoder.encode(frame, encoding);
        const whole = new Uint8Array(bytes.length + offset + 5).fill(0xc1);
        whole.set(bytes, offset);
        const kept = whole.slice();
        const view = asBuffer
          ? Buffer.from(whole.buffer, offset, bytes.length)
          : whole.subarray(offset, offset + bytes.length);
        expect(decoder.decode(view)).toEqual(otherDecoder.decode(bytes));
        expect(whole).toEqual(kept);
      }),
    );
  });
});

test('valid messages of other writers are read, and read right', () => {
  fc.assert(
    fc.property(fc.integer(), fc.boolean(), (seed, json) => {
      const { fields } = validMessage(seededRandom(seed));
      const data = json ? toJson(fields) : toMsgpack(fields);
      expect(isJson({ subject: '', contentType: undefined, data })).toBe(json);
      const frame = decoder.decode(data);
      expect(violations(frame, data, json)).toEqual([]);
      const again = otherDecoder.decode(encoder.encode(frame, 'msgpack'));
      expect(again).toEqual(frame);
    }),
    { numRuns: 3000 },
  );
});

test('an encoded frame stays as it is when the next is encoded', () => {
  const frames = fc.sample(FRAME_ARBITRARIES.spikes, { numRuns: 2, seed: 5 });
  const [first, second] = frames as [Frame, Frame];
  const bytes = encoder.encode(first);
  const kept = bytes.slice();
  encoder.encode(second);
  expect(bytes).toEqual(kept);
});

test('an encoder grows with its frames', () => {
  const [frame] = fc.sample(FRAME_ARBITRARIES.spikes, { numRuns: 1, seed: 3 });
  const many = 100_000;
  const large = {
    ...(frame as Frame & { kind: 'spikes' }),
    neuronCount: many,
    spanUs: many,
    neuronId: Uint32Array.from({ length: many }, (_, i) => i),
    dtUs: Uint32Array.from({ length: many }, (_, i) => many - 1 - i),
  };
  for (const one of [large, frame as Frame, large]) {
    expect(decoder.decode(new FrameEncoder().encode(one))).toEqual(one);
  }
});
