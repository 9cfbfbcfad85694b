import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { headers } from '@nats-io/transport-node';
import { afterEach, expect, test } from 'vitest';
import { logFrame, spikesFrame } from '../../src/emitter/frame-builders.ts';
import { frameMessage } from '../../src/emitter/frame-message.ts';
import { SequenceCounter } from '../../src/emitter/sequence-counter.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { connectEmitter } from './nats-reader.ts';
import { startNatsServer } from './nats-server.ts';
import { startService } from './service-process.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

type Line = Readonly<Record<string, unknown>>;

/** The lines that a service writes at a level, given these frames. */
async function linesAt(
  level: string,
  frames: readonly Frame[],
  trace?: string,
): Promise<readonly Line[]> {
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const file = join(nats.folder, 'spikescope.yaml');
  await writeFile(file, `log_level: ${level}\n`);
  const args = ['run', '--config', file, '--nats', nats.url, '--http', '127.0.0.1:0'];
  const service = await startService(args);
  open.push(() => service.stop());
  await service.logged('listening on');
  const emitter = await connectEmitter(nats.url);
  open.push(() => emitter.close());
  const counter = new SequenceCounter('test');
  for (const frame of frames) {
    const message = frameMessage(frame, { counter });
    const fields = headers();
    for (const [name, value] of message.headers) fields.set(name, value);
    if (trace !== undefined) fields.set('traceparent', trace);
    emitter.publish(message.subject, message.data, { headers: fields });
  }
  const total = 'spikescope_frames_total';
  await service.until('all came', (seen) => seen.sum(total) === frames.length);
  await service.stop();
  return service
    .log()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

const CHIP = { deviceType: 'loihi2', chipId: '0' } as const;
const T0 = 1_700_000_000_000_000;

/** Three seconds of a layer of four neurons, 30 steps of 100 ms. */
const SPIKES = Array.from({ length: 30 }, (_, step) =>
  spikesFrame({
    ...CHIP,
    t0Us: T0 + step * 100_000,
    spanUs: 100_000,
    layerName: 'encoder',
    neuronCount: 4,
    neuronId: [0, 3],
    dtUs: [10, 99_999],
    timestep0: step,
  }),
);

test('spike activity is a DEBUG line for each closed window and layer', async () => {
  const lines = await linesAt('DEBUG', SPIKES);
  const activity = lines.filter((line) => line['event_type'] === 'spike_activity');
  // The third window is open: no frame has passed its end.
  expect(activity).toHaveLength(2);
  expect(activity[1]).toMatchObject({
    ...{ level: 'DEBUG', logger: 'spikeformer.neuromorphic', hardware_type: 'loihi2' },
    ...{ layer_name: 'encoder', spike_count: 20, timestep: 19, spike_rate: 20 / 19 },
    ...{ spike_rate_hz: 5, timestamp: '2023-11-14T22:13:22.000Z', module: 'spike-rate' },
  });
});

test('it is not written above DEBUG', async () => {
  const lines = await linesAt('INFO', SPIKES);
  expect(lines.filter((line) => line['event_type'] === 'spike_activity')).toEqual([]);
});

const CANARY = 'c4n4ry';

test("an emitter's log line is passed on as it was said, without its secrets", async () => {
  const frame = logFrame({
    ...CHIP,
    t0Us: T0,
    level: 'ERROR',
    text: `lost nats://user:${CANARY}@lab:4222`,
    line: 42,
    eventType: 'hardware_error',
    names: { logger: 'kit.train', module: 'deploy', function: 'main', hardware_type: 'loihi2' },
    errorMessage: `Authorization: Bearer ${CANARY}`,
    requiresAttention: true,
  });
  const lines = await linesAt('INFO', [frame], `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`);
  expect(JSON.stringify(lines)).not.toContain(CANARY);
  expect(lines.find((line) => line['logger'] === 'kit.train')).toMatchObject({
    ...{ level: 'ERROR', module: 'deploy', function: 'main', line: 42, hardware_type: 'loihi2' },
    ...{ event_type: 'hardware_error', requires_attention: true },
    ...{ message: 'lost nats://***@lab:4222', timestamp: '2023-11-14T22:13:20.000Z' },
    ...{ trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) },
  });
});

test('each line has the fields of the kit', async () => {
  const lines = await linesAt('DEBUG', SPIKES);
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) {
    for (const name of ['timestamp', 'level', 'logger', 'message', 'module', 'function']) {
      expect(line[name], `${name} of ${JSON.stringify(line)}`).toEqual(expect.any(String));
    }
    expect(line['line']).toBeGreaterThan(0);
  }
});
