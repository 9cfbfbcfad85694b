import { expect, it } from 'vitest';
import type { DeadMessage } from '../../src/component/message.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import { Ingest } from '../../src/topology/ingest.ts';
import { StateRegistry } from '../../src/topology/state-registry.ts';

function door() {
  const seen = {
    frames: [] as Frame[],
    dead: [] as DeadMessage[],
    counts: {} as Record<string, number>,
    heard: [] as string[],
    watched: [] as string[],
  };
  const add = (name: string, n = 1) => {
    seen.counts[name] = (seen.counts[name] ?? 0) + n;
  };
  const ingest = new Ingest({
    prefix: 'spikeformer',
    limits: FRAME_LIMITS,
    states: new StateRegistry(),
    watches: [{ saw: (frame, isRepeat) => seen.watched.push(`${frame.kind} ${isRepeat}`) }],
    next: (frame) => seen.frames.push(frame),
    dead: (dead) => seen.dead.push(dead),
    counts: {
      received: (kind, samples) => {
        add(kind);
        add(`${kind} samples`, samples);
      },
      invalid: (reason) => add(`invalid ${reason}`),
      missing: (n) => add('missing', n),
      repeated: () => add('repeated'),
      recovered: () => add('recovered'),
      heard: (device, chip) => seen.heard.push(`${device}/${chip}`),
    },
  });
  const send = (subject: string, body: unknown) => {
    const data = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    ingest.message({ subject, data, contentType: undefined, arrivedUs: 5_000_000, sequence: 1 });
  };
  return { ...seen, send, ingest };
}

const SPIKES = {
  v: 1,
  kind: 'spikes',
  device_type: 'cpu',
  chip_id: '0',
  t0: 1000,
  span_us: 10,
  layer_name: 'l',
  neuron_count: 3,
  neuron_id: [0, 2],
  dt: [1, 9],
};

it('passes frames on with their arrival, and counts them', () => {
  const at = door();
  at.send('spikeformer.spikes.cpu.0', SPIKES);
  expect(at.frames).toHaveLength(1);
  expect(at.frames[0]).toMatchObject({ kind: 'spikes', arrivedUs: 5_000_000, restarts: 0 });
  expect(at.counts).toEqual({ spikes: 1, 'spikes samples': 2 });
  expect(at.heard).toEqual(['cpu/0']);
});

it.each([
  ['spikeformer.spikes.cpu.1', SPIKES, 'subject_mismatch', 'chip_id'],
  ['spikeformer.power.cpu.0', SPIKES, 'subject_mismatch', 'kind'],
  ['spikeformer.spikes.cpu', SPIKES, 'subject', 'subject'],
  ['spikeformer.nonsense.cpu.0', SPIKES, 'kind', 'subject'],
  ['spikeformer.spikes.cpu.0', '{"v":1', 'malformed', 'payload'],
  ['spikeformer.spikes.cpu.0', { ...SPIKES, v: 2 }, 'version', 'v'],
  [
    'spikeformer.spikes.cpu.0',
    { ...SPIKES, neuron_id: [0, 3] },
    'neuron_outside_population',
    'neuron_id',
  ],
])('sends what is no frame to the dead, by reason: %s %#', (subject, body, reason, field) => {
  const at = door();
  at.send(subject, body);
  at.send('spikeformer.spikes.cpu.0', SPIKES);
  expect(at.dead).toHaveLength(1);
  expect(at.dead[0]?.reason).toBe(reason);
  expect(at.dead[0]?.detail).toContain(field);
  expect(at.counts).toEqual({ [`invalid ${reason}`]: 1, spikes: 1, 'spikes samples': 2 });
});

it('skips repeats, and counts what the numbers say', () => {
  const at = door();
  for (const seq of [0, 1, 4, 1, 2]) {
    at.send('spikeformer.spikes.cpu.0', { ...SPIKES, t0: 1000 + seq, seq, emitter: 'e' });
  }
  expect(at.frames).toHaveLength(4);
  expect(at.watched.indexOf('spikes true')).toBe(3);
  expect(at.counts).toEqual({
    spikes: 4,
    'spikes samples': 8,
    missing: 2,
    repeated: 1,
    recovered: 1,
  });
});

it("does not take Spikescope's own frames for a sign of life", () => {
  const at = door();
  at.send('spikeformer.spikes.cpu.0', { ...SPIKES, emitter: 'spikescope' });
  expect(at.frames).toHaveLength(1);
  expect(at.heard).toEqual([]);
  expect(at.watched).toEqual([]);
});

it('passes on what a watch found, and does not count it as a frame that came', () => {
  const at = door();
  at.send('spikeformer.spikes.cpu.0', SPIKES);
  at.ingest.frame({ ...(at.frames[0] as Frame), emitter: 'spikescope' });
  expect(at.frames).toHaveLength(2);
  expect(at.counts).toEqual({ spikes: 1, 'spikes samples': 2 });
  expect(at.watched).toEqual(['spikes false']);
});
