import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Subject } from 'rxjs';
import { expect, it } from 'vitest';
import type { SpanRecord } from '../../src/component/span.ts';
import type { ConversionFrame } from '../../src/frames/conversion.ts';
import { OWN_EMITTER } from '../../src/frames/header.ts';
import { type ConversionRecord, trackConversions } from '../../src/operators/track-conversions.ts';
import { randomFrom } from '../conformance/generate-frames.ts';
import { conversionEvents } from './conversion-events.ts';

const LIMITS = { openMax: 200_000, endedMax: 1000 };

function tracking(limits = LIMITS) {
  const input = new Subject<ConversionFrame>();
  const records: ConversionRecord[] = [];
  const counts: Record<string, number> = {};
  const count = (event: string, n: number) => {
    counts[event] = (counts[event] ?? 0) + n;
  };
  input.pipe(trackConversions(limits, { hold: () => {} }, count)).subscribe((record) => {
    records.push(record);
  });
  const outcome = {
    input,
    records,
    counts,
    /** `success/failed/active` after the last record. */
    tally: () => {
      const ends = records.flatMap(({ finish }) => (finish === undefined ? [] : [finish]));
      const good = ends.filter(({ success }) => success).length;
      return `${good}/${ends.length - good}/${records.at(-1)?.active ?? 0}`;
    },
  };
  return outcome;
}

function follow(frames: readonly ConversionFrame[]) {
  const outcome = tracking();
  for (const frame of frames) outcome.input.next(frame);
  return outcome;
}

const T0 = 1_700_000_000_000_000;
const one = conversionEvents('a', T0);
/** What the watch puts in when the bound has passed. */
const givenUp = (id: string): ConversionFrame =>
  conversionEvents(id, T0, OWN_EMITTER).finished(21_600_000_000, 'timeout');

it('follows a conversion from its start to its end', () => {
  const { records, counts, tally } = follow([
    one.started(),
    one.layer(0, 10, 5),
    one.finished(100),
  ]);
  expect(records.map(({ event, active }) => `${event} ${active}`)).toEqual([
    'started 1',
    'step 1',
    'finished 0',
  ]);
  expect(tally()).toBe('1/0/0');
  expect(counts).toEqual({});
});

it('counts what comes twice once, also after the end', () => {
  const start = one.started();
  const { records, counts, tally } = follow([
    ...[one.layer(0, 90, 1), one.layer(0, 90, 1), start, start, one.layer(0, 90, 1)],
    ...[one.finished(100), one.finished(100), start, one.layer(0, 90, 1)],
  ]);
  expect(tally()).toBe('1/0/0');
  expect(records.filter(({ event }) => event === 'step')).toHaveLength(1);
  expect(counts).toEqual({ conversion_events_repeated: 6, conversion_events_early: 1 });
});

it('takes an id that is used again later as another conversion', () => {
  const later = conversionEvents('a', T0 + 1000);
  const { tally } = follow([one.started(), one.finished(10), later.started(), later.finished(5)]);
  expect(tally()).toBe('2/0/0');
});

it('keeps what comes before the start until it comes', () => {
  const { records, counts, tally } = follow([
    ...[one.layer(0, 10, 5), one.finished(100, 'OutOfMemory'), one.started()],
  ]);
  expect(records.map(({ event, active }) => `${event} ${active}`)).toEqual([
    'started 1',
    'step 1',
    'finished 0',
  ]);
  expect(tally()).toBe('0/1/0');
  expect(counts).toEqual({ conversion_events_early: 2 });
});

it('ends with the bound what has not finished, and counts a finish without a start', () => {
  const { records, counts, tally } = follow([
    ...[one.started(), givenUp('a'), one.finished(100)],
    ...[conversionEvents('b', T0).finished(50), givenUp('b')],
    ...[conversionEvents('c', T0).layer(1, 50, 2), givenUp('c'), givenUp('never seen')],
  ]);
  expect(tally()).toBe('1/1/0');
  const [timedOut, orphan] = records.filter(({ event }) => event === 'finished');
  expect(timedOut?.finish).toMatchObject({ errorType: 'timeout', isTimeout: true });
  expect(timedOut?.spans.at(-1)).toMatchObject({ name: 'model_conversion', startUs: T0 });
  expect(timedOut?.spans.at(-1)?.error).toBeDefined();
  expect(orphan).toMatchObject({ conversionId: 'b', started: undefined });
  expect(counts).toEqual({
    conversion_events_repeated: 1,
    conversion_events_early: 2,
    conversions_unstarted: 2,
  });
});

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const cards = [...list];
  for (let i = cards.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [cards[i], cards[j]] = [cards[j] as T, cards[i] as T];
  }
  return cards;
}

it('ends every conversion once and never has fewer than none active, in any order', () => {
  const random = randomFrom(5);
  for (let round = 0; round < 200; round++) {
    const frames = ['a', 'b', 'c'].flatMap((id) => {
      const events = conversionEvents(id, T0);
      const all = [events.started(), events.layer(0, 5, 5), events.finished(9), events.finished(9)];
      return [...all, events.started()];
    });
    const { records, tally } = follow(shuffled(frames, random));
    expect(tally()).toBe('3/0/0');
    expect(records.every(({ active }) => active >= 0)).toBe(true);
  }
});

it('remembers so many and no more; what it refuses is counted', () => {
  const { input, records, counts } = tracking({ openMax: 2, endedMax: 1 });
  for (const id of ['a', 'b', 'c', 'd']) input.next(conversionEvents(id, T0).started());
  expect(records).toHaveLength(2);
  expect(counts).toEqual({ conversions_refused: 2 });
});

/** The bound of DESIGN: those that never finish are remembered, each in less than 1.5 kB. */
it('keeps 100,000 conversions that never finish in bounded memory', () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const { input, records } = tracking();
  gc();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 100_000; i++) {
    input.next(conversionEvents(`conversion ${i}`, T0 + i).started());
    input.next(conversionEvents(`conversion ${i}`, T0 + i).layer(0, 10, 5));
    if (records.length > 10) records.splice(0, records.length - 1);
  }
  gc();
  expect(records.at(-1)?.active).toBe(100_000);
  expect((process.memoryUsage().heapUsed - before) / 100_000).toBeLessThan(1500);
});

interface Node {
  readonly name: string;
  readonly startUs: number;
  readonly endUs: number;
  readonly children: readonly Node[];
}

function treeOf(spans: readonly SpanRecord[], parent: string | undefined): readonly Node[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .map(({ name, startUs, endUs, spanId }) => {
      return { name, startUs: startUs - T0, endUs: endUs - T0, children: treeOf(spans, spanId) };
    })
    .sort((a, b) => a.startUs - b.startUs);
}

const WHOLE = [
  one.started(),
  one.calibration(1000, 900),
  one.layer(0, 3000, 1500),
  one.layer(1, 4250, 1250),
  one.compilation(9000, 4000),
  one.finished(10_000),
];

it('derives the span tree of a conversion, with the times of its events', () => {
  const spans = follow(WHOLE).records.flatMap((record) => record.spans);
  const leaf = { children: [] };
  expect(treeOf(spans, undefined)).toEqual([
    {
      name: 'model_conversion',
      startUs: 0,
      endUs: 10_000,
      children: [
        { name: 'calibration', startUs: 100, endUs: 1000, ...leaf },
        {
          name: 'layer_conversion',
          startUs: 1500,
          endUs: 4250,
          children: [
            { name: 'convert_layer_0', startUs: 1500, endUs: 3000, ...leaf },
            { name: 'convert_layer_1', startUs: 3000, endUs: 4250, ...leaf },
          ],
        },
        { name: 'hardware_compilation', startUs: 5000, endUs: 9000, ...leaf },
      ],
    },
  ]);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  const byName = new Map(spans.map((span) => [span.name, span]));
  expect(byName.get('model_conversion')).toMatchObject({
    error: undefined,
    attributes: {
      'model.type': 'vit',
      'model.parameters': 5_717_416,
      'hardware.target': 'loihi2',
      'conversion.success': true,
    },
  });
  expect(byName.get('calibration')?.attributes).toEqual({ 'calibration.samples': 512 });
  expect(byName.get('convert_layer_1')?.attributes).toMatchObject({ 'layer.type': 'attention' });
});

it('gives the same spans when a conversion is processed again', () => {
  const spans = () => follow(WHOLE).records.flatMap((record) => record.spans);
  expect(spans()).toEqual(spans());
  const other = conversionEvents('b', T0);
  const others = follow([other.started(), other.finished(10)]).records.at(-1)?.spans;
  expect(spans().map(({ spanId }) => spanId)).not.toContain(others?.[0]?.spanId);
});

it("makes the tree a child of the sender's span, with its trace and its decision", () => {
  const traceparent = `00-${'0af7651916cd43dd8448eb211c80319c'}-${'b7ad6b7169203331'}-00`;
  const start = { ...one.started(), trace: { traceparent, tracestate: 'lab=1' } };
  const [root] = follow([start, one.finished(10)]).records.at(-1)?.spans ?? [];
  expect(root).toMatchObject({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    parentSpanId: 'b7ad6b7169203331',
    traceState: 'lab=1',
    sampled: false,
  });
});

it.each([
  'nonsense',
  `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`,
  `00-${'a'.repeat(32)}-${'0'.repeat(16)}-01`,
  `00-${'A'.repeat(32)}-${'b'.repeat(16)}-01`,
  `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01-more`,
])('a traceparent that is none (%s) makes a trace of its own', (traceparent) => {
  const start = { ...one.started(), trace: { traceparent, tracestate: undefined } };
  const [root] = follow([start, one.finished(10)]).records.at(-1)?.spans ?? [];
  expect(root?.parentSpanId).toBeUndefined();
  expect(root?.traceId).toMatch(/^[0-9a-f]{32}$/);
});

it('a failed conversion has a span with its error', () => {
  const [root] =
    follow([one.started(), one.finished(10, 'OutOfMemory')]).records.at(-1)?.spans ?? [];
  expect(root).toMatchObject({
    error: 'OutOfMemory happened',
    attributes: { 'conversion.success': false, 'error.type': 'OutOfMemory' },
  });
});

it('what a failed conversion says is without secrets, in its span and its record', () => {
  const failed = {
    ...one.finished(10, 'Unauthorized'),
    errorMessage: 'no answer from https://lab:hunter2@models.example/vit?token=abc',
  };
  const record = follow([one.started(), failed]).records.at(-1);
  const text = 'no answer from https://***@models.example/vit?token=***';
  expect(record?.finish?.errorMessage).toBe(text);
  expect(record?.spans.at(-1)?.error).toBe(text);
});
