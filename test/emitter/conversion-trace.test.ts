import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEmitter } from '../../src/emitter/emitter.ts';
import type { ConversionFrame } from '../../src/frames/conversion.ts';
import { type NatsServer, startNatsServer } from '../integration/nats-server.ts';
import { type OtelCollector, startOtelCollector } from '../integration/otel-collector.ts';
import { namesOf, type ReceivedSpan } from '../integration/otlp-json.ts';
import { type ServiceProcess, startService } from '../integration/service-process.ts';
import { until } from '../integration/until.ts';
import { FrameReader, PATIENT } from './frame-reader.ts';

/**
 * From an emitter over a real NATS, through Spikescope in a process of its own, to a real receiver
 * of OTLP: the tree of spans of a conversion, with the times that its events said.
 */
let nats: NatsServer;
let collector: OtelCollector;
let service: ServiceProcess;
let reader: FrameReader;

beforeAll(async () => {
  [nats, collector] = await Promise.all([startNatsServer(), startOtelCollector()]);
  service = await startService(['run', '--nats', nats.url, '--http', '127.0.0.1:0'], {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_BSP_SCHEDULE_DELAY: '20',
  });
  await until('the service listens', () => service.log().includes('listening on'));
  reader = await FrameReader.start(nats.url);
});

afterAll(async () => {
  await reader.stop();
  await service.stop();
  await Promise.all([nats.stop(), collector.stop()]);
});

/** A model converted by a program, given the span that it belongs to. */
async function convert(traceparent: string, fails: boolean): Promise<void> {
  const emitter = createEmitter({ servers: nats.url, deviceType: 'cpu', chipId: 'host' });
  const model = {
    ...{ modelType: 'vit', modelName: 'vit-tiny', modelSize: 'tiny', modelParameters: 5_717_416 },
    ...{ hardwareTarget: 'loihi2', traceparent },
  };
  const converting = emitter.convertModel(model, async (conversion) => {
    await conversion.calibration(512, () => new Promise((done) => setTimeout(done, 2)));
    for (const [index, type] of ['attention', 'mlp'].entries()) {
      await conversion.layer(index, type, () => new Promise((done) => setTimeout(done, 1)));
    }
    conversion.hardwareCompilation(() => {
      if (fails) throw new MemoryError('no room on the chip');
    });
  });
  await converting.catch(() => {});
  await emitter.close(PATIENT);
}

class MemoryError extends Error {
  override readonly name = 'MemoryError';
}

/** The conversion's frames as they went over NATS, and the spans that the receiver has of it. */
async function follow(fails: boolean) {
  const before = reader.ofKind('conversion').length;
  const traceId = crypto.randomUUID().replaceAll('-', '');
  const parent = 'b7ad6b7169203331';
  await convert(`00-${traceId}-${parent}-01`, fails);
  const frames = (): ConversionFrame[] => reader.ofKind('conversion').slice(before);
  await until('its end came', () => frames().some(({ event }) => event === 'finished'));
  const spans = () => collector.spans.filter((span) => span.traceId === traceId);
  // Every step is a span; the conversion and its layers are two more.
  const steps = frames().filter(({ event }) => event === 'step').length;
  await collector.until('all its spans came', () => spans().length === steps + 2);
  return { traceId, parent, frames: frames(), spans: spans() };
}

/** [start, end] in ns of a frame that says its end and how long it took. */
function timesOf(frame: ConversionFrame): readonly [bigint, bigint] {
  if (frame.event === 'started') throw new Error('a start has no duration');
  const endNs = BigInt(frame.t0Us) * 1000n;
  return [endNs - BigInt(Math.round(frame.durationUs * 1000)), endNs];
}

function named(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const [span, ...others] = spans.filter((each) => each.name === name);
  if (span === undefined || others.length > 0) throw new Error(`not one span named ${name}`);
  return span;
}

it('a conversion is the tree of its steps, below the span of who sent it', async () => {
  const { traceId, parent, frames, spans } = await follow(false);
  expect(namesOf(collector.tree(traceId))).toEqual([
    [
      'model_conversion',
      [
        ['calibration', []],
        [
          'layer_conversion',
          [
            ['convert_layer_0', []],
            ['convert_layer_1', []],
          ],
        ],
        ['hardware_compilation', []],
      ],
    ],
  ]);
  const root = named(spans, 'model_conversion');
  expect(root.parentSpanId).toBe(parent);
  expect(root.attributes).toMatchObject({
    'model.type': 'vit',
    'model.parameters': 5_717_416,
    'hardware.target': 'loihi2',
    'conversion.success': true,
  });
  expect(root.status).not.toBe('error');
  expect(named(spans, 'calibration').attributes['calibration.samples']).toBe(512);
  expect(named(spans, 'convert_layer_1').attributes['layer.type']).toBe('mlp');
  expect(new Set(spans.map(({ resource }) => resource['service.name']))).toEqual(
    new Set(['spikescope']),
  );
  for (const frame of frames) {
    if (frame.event === 'started') continue;
    const step = frame.event === 'finished' ? 'model_conversion' : frame.step;
    const name = step === 'convert_layer' ? `convert_layer_${stepIndex(frame)}` : step;
    const { startNs, endNs } = named(spans, name);
    expect([startNs, endNs], name).toEqual(timesOf(frame));
  }
  const [first, last] = ['convert_layer_0', 'convert_layer_1'].map((name) => named(spans, name));
  const layers = named(spans, 'layer_conversion');
  expect([layers.startNs, layers.endNs]).toEqual([first?.startNs, last?.endNs]);
});

it('a failed conversion is a span with an error', async () => {
  const { spans } = await follow(true);
  const root = named(spans, 'model_conversion');
  expect(root).toMatchObject({ status: 'error', statusMessage: 'no room on the chip' });
  expect(root.attributes).toMatchObject({
    'conversion.success': false,
    'error.type': 'MemoryError',
  });
});

function stepIndex(frame: ConversionFrame): number | undefined {
  return frame.event === 'step' ? frame.layerIndex : undefined;
}
