import { connect } from '@nats-io/transport-node';
import { afterEach, expect, test } from 'vitest';
import type { ConversionFrame } from '../../src/frames/conversion.ts';
import { FrameDecoder } from '../../src/frames/decode.ts';
import { startNatsServer } from '../integration/nats-server.ts';
import { startOtelCollector } from '../integration/otel-collector.ts';
import { namesOf, type SpanNode } from '../integration/otlp-json.ts';
import { startService } from '../integration/service-process.ts';
import { until } from '../integration/until.ts';
import { runPython } from './python-host.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const TRACE = 'a'.repeat(32);
const SPAN = 'b'.repeat(16);

/** Two conversions below a span of the host's own OpenTelemetry; the second one fails. */
const PROGRAM = `
import sys, time
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from spikescope import Emitter

context = SpanContext(int("${TRACE}", 16), int("${SPAN}", 16), False, TraceFlags(1))
model = dict(model_type="vit", model_size="tiny", model_parameters=5717416)
model["hardware_target"] = "loihi2"
with Emitter(sys.argv[1]) as emitter, trace.use_span(NonRecordingSpan(context)):
    with emitter.convert_model("good", **model) as conversion:
        with conversion.calibration(samples=16):
            time.sleep(0.003)
        for index in range(2):
            with conversion.layer(index, "attention"):
                time.sleep(0.001)
        with conversion.hardware_compilation():
            pass
    try:
        with emitter.convert_model("bad", **model) as conversion:
            with conversion.calibration():
                raise MemoryError("no room")
    except MemoryError:
        pass
    emitter.flush(100)
`;

function isEnd({ event }: ConversionFrame): boolean {
  return event === 'finished';
}

/** A step's or a conversion's name among the spans. */
function nameOf(frame: ConversionFrame): string {
  if (frame.event !== 'step') return 'model_conversion';
  return frame.step === 'convert_layer' ? `convert_layer_${frame.layerIndex}` : frame.step;
}

function everySpan(nodes: readonly SpanNode[]): SpanNode['span'][] {
  return nodes.flatMap(({ span, children }) => [span, ...everySpan(children)]);
}

test('a conversion in Python is a tree of spans below its own, to the microsecond', async () => {
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const collector = await startOtelCollector();
  open.push(() => collector.stop());
  const args = ['run', '--nats', nats.url, '--http', '127.0.0.1:0'];
  const variables = { OTEL_BSP_SCHEDULE_DELAY: '20' };
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
  const service = await startService(args, { ...variables, ...endpoint });
  open.push(() => service.stop());
  await service.until('connected', (seen) => seen.sum('spikescope_nats_connected') === 1);
  const client = await connect({ servers: nats.url });
  open.push(() => client.close());
  const frames: ConversionFrame[] = [];
  client.subscribe('spikeformer.conversion.>', {
    callback: (_, message) => {
      frames.push(new FrameDecoder().decode(message.data) as ConversionFrame);
    },
  });
  await client.flush();
  await runPython(['-c', PROGRAM, nats.url]);
  await collector.until('all spans came', (spans) => spans.length === 8);
  // The events come to this process by a way of their own.
  await until('both ends came', () => frames.filter(isEnd).length === 2);

  const [good, bad, ...others] = collector.tree(TRACE);
  expect(others).toEqual([]);
  const layers = ['convert_layer_0', 'convert_layer_1'].map((name) => [name, []]);
  expect(namesOf([good as SpanNode, bad as SpanNode])).toEqual([
    [
      'model_conversion',
      [
        ['calibration', []],
        ['layer_conversion', layers],
        ['hardware_compilation', []],
      ],
    ],
    ['model_conversion', [['calibration', []]]],
  ]);
  expect([good?.span.parentSpanId, bad?.span.parentSpanId]).toEqual([SPAN, SPAN]);
  expect(bad?.span).toMatchObject({ status: 'error' });
  expect(good?.span.status).not.toBe('error');
  expect(good?.span.attributes).toMatchObject({
    ...{ 'model.type': 'vit', 'model.parameters': 5_717_416, 'hardware.target': 'loihi2' },
    'conversion.success': true,
  });
  expect(good?.children[0]?.span.attributes).toMatchObject({ 'calibration.samples': 16 });

  const ended = frames.filter((frame) => frame.event !== 'started');
  expect(ended).toHaveLength(7);
  const told = ended.map((frame) => {
    const { t0Us, durationUs } = frame as Exclude<ConversionFrame, { event: 'started' }>;
    // In nanoseconds it is beyond what a number holds exactly.
    return `${nameOf(frame)} ${t0Us - durationUs}000 ${t0Us}000`;
  });
  const seen = everySpan([good as SpanNode, bad as SpanNode])
    .filter(({ name }) => name !== 'layer_conversion')
    .map(({ name, startNs, endNs }) => `${name} ${startNs} ${endNs}`);
  expect(seen.sort()).toEqual(told.sort());
});
