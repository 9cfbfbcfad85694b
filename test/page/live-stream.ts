import type { NatsConnection } from '@nats-io/transport-node';
import { pack } from 'msgpackr';

export const HOSTILE = '<img src=x onerror="window.hacked=1">';

function bin(array: Uint32Array | Float32Array | Float64Array): Buffer {
  return Buffer.from(array.buffer);
}

const chip = { v: 1, device_type: 'loihi2', chip_id: 'c0', emitter: 'e' };

/** One of each kind of frame, all with names that would be markup if they were not text. */
export function publishEveryKind(nats: NatsConnection, t0: number): void {
  const send = (kind: string, seq: number, fields: object) =>
    nats.publish(
      `spikeformer.${kind}.loihi2.c0`,
      pack({ ...chip, kind, seq, t0, span_us: 100_000, ...fields }),
    );
  for (let i = 0; i < 40; i++) {
    const layer = { layer_name: HOSTILE, neuron_count: 50, neuron_type: '<b>lif' };
    const ids = Uint32Array.from({ length: 20 }, (_, k) => (k * 7 + i) % 50);
    const dts = Uint32Array.from({ length: 20 }, (_, k) => k * 4000);
    const at = { t0: t0 + i * 100_000 };
    send('spikes', i, { ...layer, ...at, neuron_id: bin(ids), dt: bin(dts) });
    const watts = { dt: bin(Uint32Array.of(0)), watts: bin(Float32Array.of(0.5 + i / 100)) };
    send('power', i, { ...at, ...watts });
  }
  send('cores', 0, {
    core_id: bin(Uint32Array.of(0, 1)),
    utilization_percent: bin(Float32Array.of(10, 90)),
    layer_name: [HOSTILE, ''],
  });
  send('activity', 0, {
    ...{ scope: 'core', core_id: bin(Uint32Array.of(0, 1)), cumulative: false },
    counters: { [HOSTILE]: bin(Float64Array.of(5, 6)) },
  });
  send('membrane', 0, {
    ...{ layer_name: HOSTILE, unit: 'mV', neuron_id: bin(Uint32Array.of(0)) },
    ...{ dt: bin(Uint32Array.of(0, 50)), values: bin(Float32Array.of(-65, -50)) },
  });
  sendEvents(send, t0);
}

/** One more frame of the spikes, with that number. */
export function publishSpikes(nats: NatsConnection, t0: number, seq: number): void {
  const layer = { layer_name: HOSTILE, neuron_count: 50, neuron_type: '<b>lif' };
  const none = { neuron_id: bin(new Uint32Array(0)), dt: bin(new Uint32Array(0)) };
  const frame = { ...chip, kind: 'spikes', seq, t0, span_us: 100_000, ...layer, ...none };
  nats.publish('spikeformer.spikes.loihi2.c0', pack(frame));
}

type Send = (kind: string, seq: number, fields: object) => void;

function sendEvents(send: Send, t0: number): void {
  const conversion = { conversion_id: 'c-1', span_us: 0 };
  send('conversion', 0, {
    ...{ ...conversion, event: 'started', model_type: 'vit', model_name: HOSTILE },
    ...{ model_size: 'tiny', model_parameters: 5, hardware_target: 'loihi2' },
  });
  send('conversion', 1, {
    ...{ ...conversion, t0: t0 + 400_000, event: 'step', step: 'calibration' },
    duration_us: 300_000,
  });
  send('conversion', 2, {
    ...{ ...conversion, t0: t0 + 900_000, event: 'finished', success: false },
    ...{ duration_us: 900_000, error_type: '<i>oom', error_message: HOSTILE },
  });
  send('inference', 0, {
    ...{ span_us: 0, model_name: HOSTILE, hardware: 'loihi2', count: 2, energy_joules: 0.5 },
    latency_us: bin(Float32Array.of(100, 120)),
  });
  send('benchmark', 0, {
    ...{ span_us: 0, model: HOSTILE, hardware: 'loihi2', latency_seconds: 0.01 },
    ...{ throughput_per_second: 100, duration_us: 1000 },
  });
  send('log', 0, { span_us: 0, level: 'ERROR', message: HOSTILE, logger: '<b>logger' });
  send('health', 0, { span_us: 0, status: 'degraded', message: HOSTILE });
}
