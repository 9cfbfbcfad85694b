import { describe, expect, test } from 'vitest';
import { payloadBytes } from '../../bench/parts/frame-stream.ts';
import type { SpikeStream } from '../../bench/parts/spike-stream.ts';
import { membraneFrames, powerFrames, spikeFrames } from '../../bench/peers/own-frames.ts';
import { FrameDecoder } from '../../src/frames/decode.ts';
import type { Frame } from '../../src/frames/frame.ts';

interface Told {
  readonly subject: string;
  readonly kind: string;
  readonly layer: string;
  readonly t0Us: number;
  readonly spanUs: number;
  readonly seq: number | undefined;
  readonly samples: number;
  readonly first: number;
}

/** What the next messages of a stream say, as the service would read them. */
function toldBy(stream: SpikeStream, messages: number): Told[] {
  const decoder = new FrameDecoder();
  const all = Buffer.from(stream.next(messages));
  const list: Told[] = [];
  for (let at = 0; at < all.length; ) {
    const end = all.indexOf('\r\n', at);
    const [, subject = '', length] = all.toString('latin1', at, end).split(' ');
    const frame = decoder.decode(all.subarray(end + 2, end + 2 + Number(length)));
    // Columns are valid until the next frame is read.
    const layer = 'layerName' in frame ? String(frame.layerName) : '';
    const { kind, t0Us, spanUs, seq } = frame;
    const values = samplesOf(frame);
    list.push({
      subject,
      kind,
      layer,
      t0Us,
      spanUs,
      seq,
      samples: values.length,
      first: values[0] ?? 0,
    });
    at = end + 2 + Number(length) + 2;
  }
  return list;
}

function samplesOf(frame: Frame): ArrayLike<number> {
  if (frame.kind === 'spikes') return frame.neuronId;
  if (frame.kind === 'power') return frame.watts;
  return frame.kind === 'membrane' ? frame.values : [];
}

/** No gap, no overlap: a window that is not covered gives no rates, and costs nothing. */
function expectGapless(told: readonly Told[]): void {
  const ends = new Map<string, number>();
  const seqs = new Map<string, number>();
  for (const { subject, layer, t0Us, spanUs, seq = Number.NaN } of told) {
    const part = `${subject} ${layer}`;
    expect(t0Us).toBe(ends.get(part) ?? t0Us);
    ends.set(part, t0Us + spanUs);
    expect(seq).toBe((seqs.get(subject) ?? seq - 1) + 1);
    seqs.set(subject, seq);
  }
}

describe('a stream of frames', () => {
  test.each([
    ['spikes', 1, { spikesPerFrame: 1, encoding: 'json' }],
    ['spikes', 256, { spikesPerFrame: 256, encoding: 'msgpack' }],
    ['denser spikes', 256, { spikesPerFrame: 256, encoding: 'msgpack', dense: true }],
    ['spikes of steps', 256, { spikesPerFrame: 256, encoding: 'msgpack', hasTimesteps: true }],
  ] as const)('of %s is valid, gapless in time and number', (_, samples, frames) => {
    const stream = spikeFrames(frames);
    const told = [...toldBy(stream, 70), ...toldBy(stream, 130)];
    expect(told.every((frame) => frame.samples === samples)).toBe(true);
    expect(new Set(told.map(({ subject, layer }) => `${subject} ${layer}`)).size).toBe(64);
    expectGapless(told);
  });

  test.each([
    ['power', 1000, powerFrames],
    ['membrane', 4096, membraneFrames],
  ] as const)('of %s is valid, gapless in time and number', (kind, samples, frames) => {
    const told = toldBy(frames(), 200);
    expect(new Set(told.map((frame) => frame.kind))).toEqual(new Set([kind]));
    expect(told.every((frame) => frame.samples === samples)).toBe(true);
    expectGapless(told);
  });

  test('of small frames does not tell the same neuron of a part again and again', () => {
    const told = toldBy(spikeFrames({ spikesPerFrame: 1, encoding: 'json' }), 64 * 16);
    const ofOne = told.filter(
      ({ subject, layer }) => `${subject} ${layer}` === `${told[0]?.subject} ${told[0]?.layer}`,
    );
    expect(new Set(ofOne.map(({ first }) => first)).size).toBeGreaterThan(10);
  });

  test('denser is shorter', () => {
    const frames = { spikesPerFrame: 4096, encoding: 'msgpack' } as const;
    const plain = payloadBytes(spikeFrames(frames));
    expect(plain).toBeGreaterThan(4096 * 8);
    expect(payloadBytes(spikeFrames({ ...frames, dense: true }))).toBeLessThan(plain / 3);
  });
});
