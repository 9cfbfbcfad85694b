import { afterAll, beforeAll, expect, it } from 'vitest';
import { type NatsServer, startNatsServer } from '../integration/nats-server.ts';
import {
  type Exposition,
  type ServiceProcess,
  startService,
} from '../integration/service-process.ts';
import { until } from '../integration/until.ts';
import { accounted, FrameReader, PATIENT, testEmitter } from './frame-reader.ts';

const SECOND_US = 1_000_000;
const STEP = { timestepUs: 1000 };
const T0_US = 1_700_000_000 * SECOND_US;

let nats: NatsServer;
let reader: FrameReader;

beforeAll(async () => {
  nats = await startNatsServer();
  reader = await FrameReader.start(nats.url);
});

afterAll(async () => {
  await reader.stop();
  await nats.stop();
});

it.each([false, true])(
  'the service counts what was recorded, silence included; denser: %s',
  async (dense) => {
    const service: ServiceProcess = await startService([
      'run',
      '--nats',
      nats.url,
      '--http',
      '127.0.0.1:0',
    ]);
    try {
      await service.until('connected', (seen) => seen.sum('spikescope_nats_connected') === 1);
      const { emitter, problems } = testEmitter(nats.url, { dense });
      const busy = emitter.layer({ layerName: 'busy', neuronCount: 100, spikesMax: 512, ...STEP });
      const quiet = emitter.layer({ layerName: 'quiet', neuronCount: 10, ...STEP });
      // Time begins with a second, and a spike of each layer in its last one closes the first 119.
      quiet.advance(T0_US);
      busy.advance(T0_US);
      for (let ms = 0; ms < 120_000; ms += 1000) {
        // Two a second and neuron; at the same time each, so that full frames share their time.
        for (const atMs of [ms, ms + 500]) {
          busy.recordSpikes(
            Array.from({ length: 100 }, (_, i) => i),
            T0_US + atMs * 1000,
          );
        }
        if (emitter.isFull) await emitter.ready();
      }
      // Two minutes without a spike, then one.
      quiet.record(3, T0_US + 119.5 * SECOND_US);
      const stats = await emitter.close(PATIENT);
      expect(problems).toEqual([]);
      expect(stats.publishedSamples).toBe(24_001);
      await until(
        'all came here too',
        () => reader.ofKind('spikes').length >= stats.publishedFrames,
      );
      const forms = reader.ofKind('spikes').map((frame) => frame.dense?.stepEnds !== undefined);
      expect(forms.includes(true)).toBe(dense);
      reader.frames.length = 0;
      const metrics: Exposition = await service.until('all counted', (seen) => {
        return seen.sum('spikescope_frames_total', 'kind="spikes"') >= stats.publishedFrames;
      });
      expect(metrics.sum('neural_spikes_total')).toBe(24_001);
      expect(metrics.sum('spikescope_frames_total')).toBe(stats.publishedFrames);
      const rates = (layer: string) => [
        metrics.sum('spike_rate_hz_count', `layer_name="${layer}"`),
        metrics.sum('spike_rate_hz_sum', `layer_name="${layer}"`),
      ];
      expect(rates('busy')).toEqual([119 * 100, 119 * 100 * 2]);
      expect(rates('quiet')).toEqual([119 * 10, 0]);
      for (const counter of ['frames_missing', 'frames_repeated', 'windows_incomplete']) {
        expect(metrics.sum(`spikescope_${counter}_total`), counter).toBe(0);
      }
      for (const counter of ['samples_late', 'time_jumps', 'frames_invalid']) {
        expect(metrics.sum(`spikescope_${counter}_total`), counter).toBe(0);
      }
    } finally {
      await service.stop();
    }
  },
);

it('a batch goes when it is full, when its time is over, and when it has waited', async () => {
  const { emitter } = testEmitter(nats.url, { chipId: 'batches', batchMs: 30 });
  const layer = emitter.layer({ layerName: 'l0', neuronCount: 4, spikesMax: 100, spanUs: 1000 });
  const ofChip = () => reader.ofKind('spikes').filter(({ chipId }) => chipId === 'batches');
  layer.recordSpikes(new Uint32Array(250), 5);
  expect(emitter.stats()).toMatchObject({ batchedSamples: 50, recordedSamples: 250 });
  layer.record(1, 1004);
  layer.record(1, 1005);
  expect(emitter.stats()).toMatchObject({ batchedSamples: 1, recordedSamples: 252 });
  expect(accounted(emitter)).toBe(252);
  // Nothing more is recorded: the clock alone moves the last one.
  await until('the last one has come', () => ofChip().length === 4);
  expect(ofChip().map(({ t0Us, spanUs, dtUs }) => [t0Us, spanUs, dtUs.length])).toEqual([
    [5, 1, 100],
    [5, 1, 100],
    [5, 1000, 51],
    [1005, 1, 1],
  ]);
  expect(ofChip().map(({ seq }) => seq)).toEqual([0, 1, 2, 3]);
  expect(new Set(ofChip().map((frame) => frame.emitter))).toEqual(new Set([emitter.name]));
  await emitter.close();
});

it('frames carry steps, the run, and what a layer says of itself', async () => {
  const { emitter } = testEmitter(nats.url, {
    chipId: 'steps',
    runId: 'run-7',
    prefix: 'spikeformer',
  });
  const layer = emitter.layer({
    layerName: 'encoder.0',
    neuronCount: 768,
    neuronType: 'alif',
    neuronOffset: 1536,
    timestepUs: 1000,
    timestep0: 40,
    spikesMax: 2,
    spanUs: 2500,
  });
  layer.advance(10_000);
  layer.recordSpikes([1, 2, 3, 4], [10_400, 11_999.6, 12_000, 14_200]);
  layer.record(767, 9_500);
  expect(await emitter.flush(PATIENT)).toBe(true);
  const { publishedFrames } = emitter.stats();
  const ofChip = () => reader.ofKind('spikes').filter(({ chipId }) => chipId === 'steps');
  await until('all has come', () => ofChip().length === publishedFrames);
  const frames = ofChip();
  for (const frame of frames) {
    expect(frame).toMatchObject({
      layerName: 'encoder.0',
      neuronType: 'alif',
      neuronCount: 768,
      neuronOffset: 1536,
      timestepUs: 1000,
      runId: 'run-7',
      deviceType: 'loihi2',
    });
  }
  const steps = frames.flatMap(({ t0Us, timestep0 = 0, dtUs, neuronId }) =>
    Array.from(neuronId, (id, i) => {
      const dt = dtUs[i] as number;
      return [id, t0Us + dt, timestep0 + Math.floor(dt / 1000)];
    }),
  );
  expect(steps.sort(([a], [b]) => (a as number) - (b as number))).toEqual([
    [1, 10_400, 40],
    [2, 12_000, 42],
    [3, 12_000, 42],
    [4, 14_200, 44],
    [767, 9500, 39],
  ]);
  await emitter.close();
});

it('two starts of one program have two names', async () => {
  const [first, second] = [testEmitter(nats.url), testEmitter(nats.url)];
  expect(first.emitter.name).not.toBe(second.emitter.name);
  expect(first.emitter.name).toMatch(/^test-[0-9a-f-]{36}$/);
  await Promise.all([first.emitter.close(), second.emitter.close()]);
});
