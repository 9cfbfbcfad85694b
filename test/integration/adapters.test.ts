import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { runProgram } from '../cli/program.ts';
import { connectEmitter } from './nats-reader.ts';
import { startNatsServer } from './nats-server.ts';
import { startService } from './service-process.ts';
import { NAMES, PATIENT, QUICK, StreamLab, stateFolder } from './stream-lab.ts';
import { until } from './until.ts';

const EXAMPLE = join(import.meta.dirname, '../../docs/examples/adapters.yaml');
const OBJECTS = 1000;
/** 10 ms a message: a window of a second is a hundred of them. */
const MESSAGE_US = 10_000;
const T0_US = 1_800_000_000_000_000;

/** A message of the example: spikes of two layers, every 10 µs. */
function message(index: number, change: (object: Record<string, unknown>) => void = () => {}) {
  const objects = Array.from({ length: OBJECTS }, (_, i) => {
    const isFirst = i % 2 === 0;
    const t_us = T0_US + index * MESSAGE_US + i * 10;
    const neuron = isFirst ? i : 4096 + i;
    return { layer: isFirst ? 'L00' : 'L01', neuron, t_us, mv: -55 } as Record<string, unknown>;
  });
  change(objects[17] as Record<string, unknown>);
  return JSON.stringify(objects);
}

const spikesOf = (layer: string) => `neural_spikes_total{layer="${layer}",timestep="none"}`;

test('objects are spikes and potentials; bad ones are dead letters', async () => {
  const nats = await startNatsServer();
  onTestFinished(() => nats.stop());
  const connection = await connectEmitter(nats.url);
  onTestFinished(() => connection.close());
  const dead: { subject: string; detail: string; from: string; bytes: number }[] = [];
  const callback = (_error: Error | null, { subject, headers, data }: Msg) => {
    const of = (name: string) => headers?.get(name) ?? '';
    const [detail, from] = [of('Spikescope-Detail'), of('Spikescope-Subject')];
    dead.push({ subject, detail, from, bytes: data.length });
  };
  connection.subscribe('spikeformer.dead.>', { callback });
  const flags = ['--nats', nats.url, '--http', '127.0.0.1:0', '--delivery', 'core'];
  const service = await startService(['run', ...flags, '--config', EXAMPLE]);
  onTestFinished(() => service.kill());
  await service.logged('listening on spikeformer.<kind>.>, lab');
  for (let i = 0; i < 220; i++) {
    connection.publish('lab.spikes.7', message(i));
    if (i % 50 === 0) {
      const broken = message(i, (object) => {
        object['neuron'] = 5120;
      });
      connection.publish('lab.spikes.7', broken);
    }
  }
  const frame = { v: 1, kind: 'spikes', device_type: 'cpu', chip_id: '7', t0: T0_US, span_us: 1 };
  const part = { layer_name: 'own', neuron_count: 1, neuron_id: [0], dt: [0] };
  connection.publish('spikeformer.spikes.cpu.7', JSON.stringify({ ...frame, ...part }));
  const seen = await service.until('all has come', (each) => each.value(spikesOf('own')) === 1);
  for (const layer of ['L00', 'L01']) {
    expect(seen.value(spikesOf(layer))).toBe((220 * OBJECTS) / 2);
    const potentials = seen.sum('membrane_potential_count', `layer_name="${layer}"`);
    expect(potentials).toBe((220 * OBJECTS) / 2);
  }
  const rates = seen.sum('spike_rate_hz_count', 'layer_name="L01"', 'neuron_type="inh"');
  expect(rates).toBe(1024);
  expect(seen.value('spikescope_frames_total{kind="spikes"}')).toBe(2 * 220 + 1);
  const invalid = 'spikescope_frames_invalid_total{reason="neuron_outside_population"}';
  expect(seen.value(invalid)).toBe(5);
  await until('the letters are there', () => dead.length === 5);
  expect(dead[0]).toMatchObject({
    subject: 'spikeformer.dead.neuron_outside_population',
    detail: '[17].neuron: 5120 is not within 4096 … 5119 of layer "L01"',
    from: 'lab.spikes.7',
  });
  expect(await service.stop()).toBe(0);
});

test('JetStream: setup adds the subject, and each message counts once through kills', async () => {
  const lab = await StreamLab.open();
  const state = stateFolder();
  const file = join(state, 'example.yaml');
  const [, example] = readFileSync(EXAMPLE, 'utf8').split('adapters:');
  const config = `${QUICK}adapters:${example}`;
  writeFileSync(file, config);
  const flags = ['--nats', lab.nats.url, '--state', state];
  const early = ['run', ...flags, '--config', file, '--http', '127.0.0.1:0'];
  const refused = await runProgram(...early, '--delivery', 'jetstream');
  expect(refused.code).toBe(78);
  expect(refused.stderr).toContain('lab.spikes.*');
  expect(refused.stderr).toContain('setup --apply');
  const applied = await runProgram('setup', ...flags, '--config', file, '--streams', '--apply');
  expect(applied.stdout).toContain('lab.spikes.*');
  const { config: made } = await lab.manager.streams.info(NAMES.frames);
  expect(made.subjects).toContain('lab.spikes.*');

  const stream = jetstream(lab.connection, PATIENT);
  let sent = 0;
  const publish = async (count: number) => {
    const list = Array.from({ length: count }, () => message(sent++));
    await Promise.all(list.map((text) => stream.publish('lab.spikes.7', text)));
  };
  for (let life = 0; life < 4; life++) {
    const service = await lab.serve(state, config);
    await publish(150);
    await service.until('it has read some', (each) => {
      return (each.value(spikesOf('L00')) ?? 0) >= (sent - 100) * (OBJECTS / 2);
    });
    await service.kill();
  }
  const service = await lab.serve(state, config);
  const seen = await service.until('all has come', (each) => {
    return each.value(spikesOf('L01')) === (sent * OBJECTS) / 2;
  });
  expect(seen.value(spikesOf('L00'))).toBe((sent * OBJECTS) / 2);
  expect(seen.sum('membrane_potential_count')).toBe(sent * OBJECTS);
  expect(seen.value('spikescope_frames_total{kind="membrane"}')).toBe(2 * sent);
  // Five whole windows of each layer, each of them once.
  await until('records are stored', async () => (await lab.records('spike-rate')).length >= 10);
  const records = await lab.records('spike-rate');
  const windows = records.map(({ fields }) => `${fields['layer_name']} ${fields['t0']}`);
  expect(new Set(windows).size).toBe(windows.length);
  expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
  expect(records.map(({ fields }) => fields['spikes'])).toEqual(
    records.map(() => (1e6 / MESSAGE_US) * (OBJECTS / 2)),
  );
  expect(await service.stop()).toBe(0);
});
