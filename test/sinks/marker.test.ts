import { describe, expect, it } from 'vitest';
import { encodeMarker, type Marker, parseMarker } from '../../src/sinks/marker.ts';

const MARKER: Marker = {
  v: 1,
  owner: 'a (process 7)',
  epoch: 3,
  stream: 'SPIKEFORMER',
  created: '2026-11-28T08:00:00.123456789Z',
  sequence: 2 ** 53 - 1,
  records: null,
};

describe('a marker', () => {
  it('is read as it was written, whole frames or a part of one', () => {
    expect(parseMarker(encodeMarker(MARKER))).toEqual(MARKER);
    const part = { ...MARKER, records: 999 };
    expect(parseMarker(encodeMarker(part))).toEqual(part);
  });

  it('may have more fields than are known', () => {
    const more = { ...MARKER, partition: 4 };
    expect(parseMarker(Buffer.from(JSON.stringify(more)))).toEqual(more);
  });

  const without = (field: keyof Marker) => ({ ...MARKER, [field]: undefined });
  it.each<[string, unknown]>([
    ['of another version', { ...MARKER, v: 2 }],
    ['without an owner', without('owner')],
    ['without an epoch', without('epoch')],
    ['without its stream', without('stream')],
    ['without the time of its stream', without('created')],
    ['without a sequence', without('sequence')],
    ['without records', without('records')],
    ['with a sequence as a text', { ...MARKER, sequence: '7' }],
    ['that is nothing', null],
    ['that is a list', [MARKER]],
  ])('%s is none', (_what, value) => {
    expect(parseMarker(Buffer.from(JSON.stringify(value)))).toBeUndefined();
  });

  it('that is no JSON, or cut off, is none', () => {
    expect(parseMarker(new Uint8Array())).toBeUndefined();
    expect(parseMarker(encodeMarker(MARKER).subarray(0, 40))).toBeUndefined();
    expect(parseMarker(Uint8Array.of(0x81, 0xa1, 0x76, 1))).toBeUndefined();
  });
});
