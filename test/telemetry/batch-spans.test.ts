import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { expect, it } from 'vitest';
import type { InboundMessage } from '../../src/component/message.ts';
import { BatchSpans } from '../../src/telemetry/batch-spans.ts';
import type { RunningSpan } from '../../src/telemetry/log.ts';

interface Started {
  readonly batches: BatchSpans;
  readonly running: RunningSpan;
  /** Ends the turn of the event loop. */
  readonly turn: () => void;
  readonly spans: () => Promise<ReadableSpan[]>;
}

function start(deliver: (running: RunningSpan) => void, isSampled = true): Started {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    sampler: isSampled ? new AlwaysOnSampler() : new AlwaysOffSampler(),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const running: RunningSpan = { ids: undefined };
  const ends: (() => void)[] = [];
  const batches = new BatchSpans({
    tracer: provider.getTracer('t'),
    inlet: { message: () => deliver(running), frame: () => {} },
    prefix: 'lab',
    linksMax: 3,
    running,
    afterTurn: (callback) => ends.push(callback),
  });
  return {
    batches,
    running,
    turn: () => {
      for (const end of ends.splice(0)) end();
    },
    spans: async () => {
      await provider.forceFlush();
      return exporter.getFinishedSpans();
    },
  };
}

function message(traceparent?: string, subject = 'lab.spikes.cpu.0'): InboundMessage {
  return {
    subject,
    data: new Uint8Array(0),
    contentType: undefined,
    trace: traceparent === undefined ? undefined : { traceparent, tracestate: 'k=v' },
    arrivedUs: 0,
    sequence: undefined,
  };
}

const parent = (i: number): string =>
  `00-${String(i).padStart(32, '1')}-${String(i).padStart(16, '2')}-01`;

it('makes one span of what a turn delivers, with what messaging spans say', async () => {
  const { batches, turn, spans } = start(() => {});
  batches.message(message());
  batches.message(message());
  turn();
  batches.message(message(undefined, 'lab.spikes.cpu.1'));
  batches.message(message(undefined, 'lab.power.cpu.1'));
  batches.message(message());
  turn();
  turn();
  const [first, second, third] = await spans();
  expect(third).toBeUndefined();
  expect(first).toMatchObject({
    name: 'process lab.{kind}.{device_type}.{chip_id}',
    kind: SpanKind.CONSUMER,
    links: [],
  });
  expect(first?.parentSpanContext).toBeUndefined();
  expect(first?.attributes).toEqual({
    'messaging.system': 'nats',
    'messaging.system.name': 'nats',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.template': 'lab.{kind}.{device_type}.{chip_id}',
    'messaging.destination.name': 'lab.spikes.cpu.0',
    'messaging.batch.message_count': 2,
  });
  expect(second?.attributes).toMatchObject({
    'messaging.destination.name': 'lab.>',
    'messaging.batch.message_count': 3,
  });
  expect(second?.spanContext().traceId).not.toBe(first?.spanContext().traceId);
});

it('links to the senders: each once, no more than may, none that is no span', async () => {
  const { batches, turn, spans } = start(() => {});
  batches.message(message('00-no-span-01'));
  for (const i of [1, 2, 1, 3, 4, 2, 5, 4]) batches.message(message(parent(i)));
  turn();
  const [span] = await spans();
  const linked = span?.links.map(({ context }) => `00-${context.traceId}-${context.spanId}-01`);
  expect(linked).toEqual([parent(1), parent(2), parent(3)]);
  expect(span?.links[0]?.context.traceState?.serialize()).toBe('k=v');
  expect(span?.attributes).toMatchObject({
    'messaging.batch.message_count': 9,
    'spikescope.batch.unlinked_message_count': 3,
  });
});

it('is running while a message is being processed, and not between', async () => {
  const seen: (string | undefined)[] = [];
  const { batches, running, turn, spans } = start(({ ids }) => seen.push(ids?.spanId));
  batches.message(message());
  expect(running.ids).toBeUndefined();
  batches.message(message());
  turn();
  const [span] = await spans();
  expect(seen).toEqual([span?.spanContext().spanId, span?.spanContext().spanId]);
});

it('passes on what the pipelines throw, and marks the span', async () => {
  const { batches, running, turn, spans } = start(() => {
    throw new Error('a bug');
  });
  expect(() => batches.message(message())).toThrow('a bug');
  expect(running.ids).toBeUndefined();
  turn();
  const [span] = await spans();
  expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'Error: a bug' });
});

it('goes on where a span is not sampled', async () => {
  let delivered = 0;
  const { batches, turn, spans } = start(() => {
    delivered++;
  }, false);
  for (const i of [1, 2, 3, 4]) batches.message(message(parent(i)));
  turn();
  expect(delivered).toBe(4);
  expect(await spans()).toEqual([]);
});
