import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  type ContextManager,
  context,
  createTraceState,
  ROOT_CONTEXT,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Emitter } from '../../src/emitter/emitter.ts';
import type { EmitterProblem } from '../../src/emitter/problem-reports.ts';
import type { ConversionFinished, ConversionStepped } from '../../src/frames/conversion.ts';
import { type NatsServer, startNatsServer } from '../integration/nats-server.ts';
import { until } from '../integration/until.ts';
import { FrameReader, testEmitter } from './frame-reader.ts';

const VIT = {
  modelType: 'vit',
  modelName: 'ViT-T/16',
  modelSize: 'tiny',
  modelParameters: 5_717_416,
  hardwareTarget: 'loihi2',
};

let nats: NatsServer;
let reader: FrameReader;
let emitter: Emitter;
let problems: EmitterProblem[];

beforeAll(async () => {
  nats = await startNatsServer();
});

afterAll(() => nats.stop());

beforeEach(async () => {
  reader = await FrameReader.start(nats.url);
  ({ emitter, problems } = testEmitter(nats.url));
});

afterEach(async () => {
  await emitter.close();
  await reader.stop();
});

async function events(count: number) {
  await until('the events have come', () => reader.ofKind('conversion').length === count);
  return reader.ofKind('conversion');
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a conversion', () => {
  it('is told step by step, with durations by which steps lie inside it', async () => {
    const result = await emitter.convertModel(VIT, async (conversion) => {
      const scale = await conversion.calibration(512, async () => {
        await sleep(20);
        return 0.7;
      });
      for (const [i, type] of ['attention', 'mlp'].entries()) {
        conversion.layer(i, type, () => type);
      }
      await conversion.hardwareCompilation(() => sleep(5));
      return scale;
    });
    expect(result).toBe(0.7);
    const frames = await events(6);
    expect(frames.map((frame) => [frame.seq, frame.event])).toEqual([
      [0, 'started'],
      [1, 'step'],
      [2, 'step'],
      [3, 'step'],
      [4, 'step'],
      [5, 'finished'],
    ]);
    expect(new Set(frames.map(({ conversionId }) => conversionId)).size).toBe(1);
    const [started, ...rest] = frames;
    expect(started).toMatchObject(VIT);
    const steps = rest.slice(0, 4) as ConversionStepped[];
    expect(steps.map(({ step, layerIndex, layerType }) => [step, layerIndex, layerType])).toEqual([
      ['calibration', undefined, undefined],
      ['convert_layer', 0, 'attention'],
      ['convert_layer', 1, 'mlp'],
      ['hardware_compilation', undefined, undefined],
    ]);
    expect(steps[0]).toMatchObject({ calibrationSamples: 512 });
    const finished = rest[4] as ConversionFinished;
    expect(finished).toMatchObject({ success: true, errorType: undefined });
    // The end less the duration is the start: of the whole, to the microsecond.
    expect(finished.t0Us - finished.durationUs).toBe(started?.t0Us);
    let lastUs = started?.t0Us as number;
    for (const { t0Us, durationUs } of steps) {
      expect(t0Us - durationUs).toBeGreaterThanOrEqual(lastUs);
      lastUs = t0Us;
    }
    expect(lastUs).toBeLessThanOrEqual(finished.t0Us);
    // A timer may be a little early, never by half.
    expect(steps[0]?.durationUs).toBeGreaterThan(10_000);
    expect(Number.isInteger(finished.durationUs)).toBe(true);
  });

  it('may be synchronous, and then gives its value at once', async () => {
    const value = emitter.convertModel({ ...VIT, conversionId: 'c-7' }, (conversion) => {
      return conversion.calibration(1, () => 42) + conversion.layer(0, 'mlp', () => 1);
    });
    expect(value).toBe(43);
    const frames = await events(4);
    expect(frames.map(({ conversionId }) => conversionId)).toEqual(Array(4).fill('c-7'));
  });

  class OutOfCoresError extends Error {
    override readonly name = 'OutOfCoresError';
  }

  it.each([
    ['an error', new OutOfCoresError('130 cores needed'), 'OutOfCoresError', '130 cores needed'],
    ['a long one', new Error('x'.repeat(9000)), 'Error', 'x'.repeat(8192)],
    ['something else', 'no reason', 'Error', 'no reason'],
    ['nothing', undefined, 'Error', 'undefined'],
    ['what has no text', Object.create(null), 'Error', '(its text could not be had)'],
  ])('that throws %s throws it still, and has failed', async (_what, thrown, type, message) => {
    const failed = new Promise((_resolve, reject) => {
      emitter
        .convertModel(VIT, async (conversion) => {
          await conversion.layer(3, 'attention', async () => {
            await sleep(1);
            throw thrown;
          });
        })
        .then(undefined, reject);
    });
    await expect(failed.catch((error: unknown) => [error])).resolves.toEqual([thrown]);
    const frames = await events(3);
    // How long it took to fail is told too.
    expect(frames[1]).toMatchObject({ event: 'step', step: 'convert_layer', layerIndex: 3 });
    expect(frames[2]).toMatchObject({
      event: 'finished',
      success: false,
      errorType: type,
      errorMessage: message,
    });
    const throwing = () => {
      throw thrown;
    };
    let caught: unknown[] = [];
    try {
      emitter.convertModel(VIT, (conversion) => conversion.calibration(1, throwing));
    } catch (error) {
      caught = [error];
    }
    expect(caught).toEqual([thrown]);
    expect((await events(6))[5]).toMatchObject({ event: 'finished', success: false });
  });

  it('is run although what is said of it is no event', async () => {
    const odd = { ...VIT, modelParameters: Number.NaN };
    expect(emitter.convertModel(odd, (conversion) => conversion.layer(-1, '', () => 5))).toBe(5);
    expect(emitter.stats().droppedFrames.invalid).toBe(2);
    expect(problems[0]?.message).toBe('model_parameters: is NaN');
    expect((await events(1))[0]).toMatchObject({ event: 'finished', success: true });
  });

  it('two at a time are told apart', async () => {
    await Promise.all(
      ['a', 'b'].map((conversionId) =>
        emitter.convertModel({ ...VIT, conversionId }, async (conversion) => {
          for (let i = 0; i < 3; i++) await conversion.layer(i, 'mlp', () => sleep(1));
        }),
      ),
    );
    const frames = await events(10);
    for (const id of ['a', 'b']) {
      const own = frames.filter(({ conversionId }) => conversionId === id);
      expect(own.map(({ event }) => event)).toEqual([
        'started',
        'step',
        'step',
        'step',
        'finished',
      ]);
    }
  });
});

/** What a tracing SDK brings: the active span follows asynchronous work. */
class StorageContextManager implements ContextManager {
  private readonly storage = new AsyncLocalStorage<Context>();
  active = () => this.storage.getStore() ?? ROOT_CONTEXT;
  with: ContextManager['with'] = (active, work, self, ...args) =>
    this.storage.run(active, () => work.apply(self as ThisParameterType<typeof work>, args));
  bind: ContextManager['bind'] = (_context, target) => target;
  enable = () => this;
  disable = () => this;
}

const SPAN = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
};
const PARENT = `00-${SPAN.traceId}-${SPAN.spanId}-01`;

function traces(): (readonly [string, string])[] {
  return reader.headers.map((headers) => {
    return [headers?.get('traceparent') ?? '', headers?.get('tracestate') ?? ''];
  });
}

describe('traces', () => {
  beforeAll(() => {
    context.setGlobalContextManager(new StorageContextManager());
  });
  afterAll(() => {
    context.disable();
  });

  it('a conversion inside a span carries it in every event, and nothing else does', async () => {
    const span = { ...SPAN, traceState: createTraceState('vendor=1,other=x') };
    const active = trace.setSpanContext(ROOT_CONTEXT, span);
    await context.with(active, () =>
      emitter.convertModel(VIT, async (conversion) => {
        await sleep(1);
        await conversion.calibration(1, () => sleep(1));
        emitter.log('INFO', 'half way');
      }),
    );
    await until('all have come', () => reader.frames.length === 4);
    const state = 'vendor=1,other=x';
    const own = [PARENT, state];
    expect(reader.frames.map(({ kind }) => kind)).toEqual([
      'conversion',
      'conversion',
      'log',
      'conversion',
    ]);
    expect(traces()).toEqual([own, own, ['', ''], own]);
  });

  it('without a span there is no header', async () => {
    emitter.convertModel(VIT, () => {});
    await events(2);
    expect(traces()).toEqual([
      ['', ''],
      ['', ''],
    ]);
  });

  it('a parent that is given goes before the active one', async () => {
    const given = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-00`;
    context.with(trace.setSpanContext(ROOT_CONTEXT, SPAN), () => {
      emitter.convertModel({ ...VIT, traceparent: given, tracestate: 'a=1' }, () => {});
    });
    await events(2);
    expect(traces()).toEqual([
      [given, 'a=1'],
      [given, 'a=1'],
    ]);
  });

  it.each(['', '00-0', `00-${'0'.repeat(32)}-${'2'.repeat(16)}-00`, `${PARENT}\r\nX: 1`])(
    'a parent that is none (%j) is told and left out',
    async (traceparent) => {
      emitter.convertModel({ ...VIT, traceparent }, () => {});
      await events(2);
      expect(traces()[0]).toEqual(['', '']);
      expect(problems[0]?.message).toMatch(/^traceparent: needs 00-/);
    },
  );

  it('a state that does not fit a header is left out', async () => {
    for (const tracestate of ['a=\r\nX: 1', 'x'.repeat(513)]) {
      emitter.convertModel({ ...VIT, traceparent: PARENT, tracestate }, () => {});
    }
    await events(4);
    expect(traces()).toEqual(Array(4).fill([PARENT, '']));
  });
});
