import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoredDocument } from '../../src/sinks/documents/document.ts';
import type {
  DocumentFilter,
  DocumentQueries,
  DocumentStore,
} from '../../src/sinks/documents/document-store.ts';
import { generateDocuments } from './generate-documents.ts';
import { asListed, modelQueries } from './model-queries.ts';

/** A store to be put to the test: empty, for this one alone. */
export interface StoreUnderTest {
  readonly store: DocumentStore;
  /** Resolves when what was written is seen by queries. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

const RANGE = { seed: 6, count: 5000, fromMs: 1_764_000_000_000, toMs: 1_764_003_600_000 };
const BATCH = 500;
const never = new AbortController().signal;

/** What every store of documents does, whichever it is. */
export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name}, written to,`, () => describeWriting(open));
  describe(`${name}, asked,`, () => describeQueries(open));
}

function document(id: string, fields: object, more: Partial<StoredDocument> = {}): StoredDocument {
  return { id, index: 'logs', timeUs: RANGE.fromMs * 1000, ...more, fields: fields as never };
}

const ALL: DocumentFilter = { index: 'logs', fromMs: RANGE.fromMs, toMs: RANGE.toMs };

function describeWriting(open: () => Promise<StoreUnderTest>): void {
  let tested: StoreUnderTest;
  const listed = async (filter = ALL) => {
    await tested.settled();
    return await tested.store.queries.list(filter, 'oldest', 100);
  };
  beforeAll(async () => {
    tested = await open();
  });
  afterAll(() => tested.close());

  it('makes what is missing once, and says what that was', async () => {
    const made = await tested.store.setup(never);
    expect(made.length).toBeGreaterThan(0);
    for (const sentence of made) expect(sentence).toMatch(/\w/);
    expect(await tested.store.setup(never)).toEqual([]);
    await tested.store.check(never);
  });

  it('creates a document once, and never changes it', async () => {
    const first = document('once-1', { level: 'INFO', message: 'as it was' });
    const other = document('once-1', { level: 'ERROR', message: 'something else' });
    expect(await tested.store.write([first], never)).toEqual(['created']);
    expect(await tested.store.write([first, other], never)).toEqual(['present', 'present']);
    expect(await listed()).toEqual([first]);
  });

  it('takes one of several with the same id in a batch, and of batches at once', async () => {
    const at = { timeUs: (RANGE.fromMs + 1) * 1000 };
    const same = document('twice', { message: 'm' }, at);
    expect(await tested.store.write([same, same], never)).toEqual(['created', 'present']);
    const many = Array.from({ length: 50 }, (_, i) => document(`par-${i}`, { message: 'm' }, at));
    const both = await Promise.all([many, many].map((each) => tested.store.write(each, never)));
    for (const [i] of many.entries()) {
      expect(both.map((outcomes) => outcomes[i]).sort()).toEqual(['created', 'present']);
    }
    await tested.settled();
    const range = { ...ALL, fromMs: RANGE.fromMs + 1, toMs: RANGE.fromMs + 2 };
    expect(await tested.store.queries.count(range)).toBe(51);
  });

  it('refuses what has no place in its index, says which field, and takes the rest', async () => {
    const at = { timeUs: (RANGE.fromMs + 2) * 1000 };
    const good = (id: string) => document(id, { message: 'good' }, at);
    const bad: readonly (readonly [string, object])[] = [
      ['line', { line: 'seven' }],
      ['line', { line: 2.5 }],
      ['line', { line: '7' }],
      ['level', { level: 5 }],
      ['level', { level: ['INFO'] }],
      ['message', { message: { text: 'nested' } }],
      ['requires_attention', { requires_attention: 'true' }],
      ['spike_rate', { spike_rate: '0.5' }],
      ['no_such_field', { no_such_field: 1 }],
      ['constructor', { constructor: 1 }],
      ['hardware_type', { hardware_type: 'x'.repeat(5000) }],
    ];
    const batch = bad.flatMap(([, fields], i) => [
      good(`good-${String(i).padStart(2, '0')}`),
      document(`bad-${i}`, fields, at),
    ]);
    const outcomes = await tested.store.write(batch, never);
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(bad.length);
    for (const [i, [field]] of bad.entries()) {
      expect(outcomes[2 * i + 1]).toEqual({ refused: expect.stringContaining(`${field}:`) });
    }
    const range = { ...ALL, fromMs: RANGE.fromMs + 2, toMs: RANGE.fromMs + 3 };
    expect((await listed(range)).map(({ id }) => id)).toEqual(
      batch.map(({ id }) => id).filter((id) => id.startsWith('good')),
    );
  });

  it('gives values back as they were', async () => {
    const timeUs = (RANGE.fromMs + 3) * 1000 + 999;
    const texts = ['', ' ', '\u0000', 'a\nb', '"\\', '\u{1f9e0}', 'ß', 'ﬁ', "'; DROP TABLE logs"];
    const numbers = [0, -1, 0.1, 5e-324, 1.797e308, 2 ** 53, 1 / 3];
    const wholes = [0, -1, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER];
    const written = [
      ...texts.map((text, i) =>
        document(`v-text-${i}`, { level: text, message: text }, { timeUs }),
      ),
      ...numbers.map((spike_rate, i) => document(`v-num-${i}`, { spike_rate }, { timeUs })),
      ...wholes.map((line, i) => document(`v-int-${i}`, { line }, { timeUs })),
      document('v-true', { requires_attention: true }, { timeUs }),
      document('v-false', { requires_attention: false }, { timeUs }),
      document('v-none', {}, { timeUs }),
    ];
    const outcomes = await tested.store.write(written, never);
    expect(new Set(outcomes)).toEqual(new Set(['created']));
    const range = { ...ALL, fromMs: RANGE.fromMs + 3, toMs: RANGE.fromMs + 4 };
    const expected = written.sort((a, b) => (a.id < b.id ? -1 : 1)).map(asListed);
    expect(JSON.stringify(await listed(range))).toBe(JSON.stringify(expected));
  });

  it('gives a list of numbers back, and times before 1970 and long after', async () => {
    const rates = document(
      'list',
      { rate_histogram: [0, 1, 2 ** 40], t0_us: 0, span_us: 5 },
      { index: 'rates', timeUs: -1 },
    );
    const late = document('late', { message: 'm' }, { timeUs: 7_000_000_000_000_001 });
    expect(await tested.store.write([rates, late], never)).toEqual(['created', 'created']);
    const early = await listed({ index: 'rates', fromMs: -1, toMs: 0 });
    expect(early).toEqual([asListed(rates)]);
    const after = { ...ALL, fromMs: 7_000_000_000_000, toMs: 7_000_000_000_001 };
    expect(await listed(after)).toEqual([late]);
  });

  it('gives up when asked to', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(tested.store.write([document('late', {})], signal)).rejects.toThrow('stopped');
  });
}

function describeQueries(open: () => Promise<StoreUnderTest>): void {
  const documents = generateDocuments(RANGE);
  const model = modelQueries(documents);
  let tested: StoreUnderTest;
  beforeAll(async () => {
    tested = await open();
    await tested.store.setup(never);
    for (let i = 0; i < documents.length; i += BATCH) {
      const outcomes = await tested.store.write(documents.slice(i, i + BATCH), never);
      expect(new Set(outcomes)).toEqual(new Set(['created']));
    }
    await tested.settled();
  });
  afterAll(() => tested.close());

  /** Byte for byte what the model says. */
  const same = async (ask: (queries: DocumentQueries) => Promise<unknown>, least: number) => {
    const expected = (await ask(model)) as number | readonly unknown[];
    expect(typeof expected === 'number' ? expected : expected.length).toBeGreaterThanOrEqual(least);
    expect(JSON.stringify(await ask(tested.store.queries))).toBe(JSON.stringify(expected));
  };

  it.each(FILTERS)('counts and lists %s as the contract says', async (_, filter, least) => {
    await same((queries) => queries.count(filter), least);
    for (const order of ['oldest', 'newest'] as const) {
      await same((queries) => queries.list(filter, order, 250), Math.min(least, 1));
      await same((queries) => queries.list(filter, order, 3), Math.min(least, 1));
    }
  });

  it.each(GROUPED)('counts $index by $fields', async ({ index, fields, having }) => {
    const filter = { index, fromMs: RANGE.fromMs, toMs: RANGE.toMs, ...(having && { having }) };
    await same((queries) => queries.countBy(filter, fields, 1000), 2);
    await same((queries) => queries.countBy(filter, fields, 2), 2);
  });

  it('counts durations by bounds, a value at a bound below it', async () => {
    const bounds = [0.1, 0.5, 1, 5, 60].map((seconds) => seconds * 1e6);
    const having = { event: ['finished'] };
    const filter: DocumentFilter = { ...ALL, index: 'conversions', having };
    await same((q) => q.bucketsBy(filter, ['model_type'], 'duration_us', bounds, 100), 5);
    await same(
      (q) => q.bucketsBy(filter, ['hardware_target', 'success'], 'duration_us', bounds, 100),
      8,
    );
    await same((q) => q.bucketsBy(ALL, ['level'], 'duration_seconds', [0, 1e-300, 5], 100), 4);
    await same((q) => q.bucketsBy(ALL, ['level'], 'line', [-1, 0, 499], 100), 4);
  });

  it('has no groups where there is no document', async () => {
    const { queries } = tested.store;
    const empty = { ...ALL, toMs: ALL.fromMs };
    expect(await queries.count(empty)).toBe(0);
    expect(await queries.countBy(empty, ['level'], 10)).toEqual([]);
    expect(await queries.bucketsBy(empty, ['level'], 'line', [1], 10)).toEqual([]);
    expect(await queries.list(empty, 'newest', 10)).toEqual([]);
  });

  it.each(SENSELESS)('refuses a question that makes no sense: %s', async (_, ask) => {
    await expect(ask(tested.store.queries)).rejects.toThrow(RangeError);
  });
}

const HALF_MS = (RANGE.fromMs + RANGE.toMs) / 2;

/** Filters by what they say, with how many documents they match at least. */
const FILTERS: readonly [string, DocumentFilter, number][] = [
  ['every line', ALL, 2000],
  ['every conversion', { ...ALL, index: 'conversions' }, 1000],
  ['every run', { ...ALL, index: 'runs' }, 100],
  ['rates', { ...ALL, index: 'rates' }, 100],
  ['the first half', { ...ALL, toMs: HALF_MS }, 1000],
  ['the second half', { ...ALL, fromMs: HALF_MS }, 1000],
  ['lines of a level', { ...ALL, having: { level: ['ERROR'] } }, 100],
  ['lines of two levels', { ...ALL, having: { level: ['ERROR', 'CRITICAL'] } }, 100],
  ['lines of a level and type', { ...ALL, having: { level: ['INFO'], event_type: ['x'] } }, 0],
  ['a truth', { ...ALL, having: { requires_attention: [false] } }, 100],
  ['an empty name', { ...ALL, having: { model_type: [''] } }, 10],
  ['names in other scripts', { ...ALL, having: { model_type: ['模型', '🧠'] } }, 10],
  ['names that differ in case', { ...ALL, having: { hardware_target: ['Loihi2'] } }, 10],
  ['lines with an error type', { ...ALL, with: ['error_type'] }, 100],
  ['lines with a number', { ...ALL, with: ['spike_rate', 'duration_seconds'] }, 100],
  ['none', { ...ALL, having: { level: ['FATAL'] } }, 0],
];

const GROUPED: readonly (Pick<DocumentFilter, 'index' | 'having'> & {
  readonly fields: readonly string[];
})[] = [
  { index: 'logs', fields: ['level'] },
  { index: 'logs', fields: ['model_type'], having: { event_type: ['conversion_start'] } },
  { index: 'logs', fields: ['event_type', 'error_type'], having: { level: ['ERROR', 'CRITICAL'] } },
  { index: 'logs', fields: ['requires_attention', 'level'] },
  { index: 'conversions', fields: ['model_type', 'success', 'error_type'] },
  { index: 'conversions', fields: ['hardware_target'], having: { success: [true, false] } },
  { index: 'runs', fields: ['hardware', 'is_complete'] },
  { index: 'health', fields: ['device_type', 'connected'] },
];

const SENSELESS: readonly [string, (queries: DocumentQueries) => Promise<unknown>][] = [
  ['counts by a text', (queries) => queries.countBy(ALL, ['message'], 10)],
  ['counts by a number', (queries) => queries.countBy(ALL, ['line'], 10)],
  ['counts by nothing', (queries) => queries.countBy(ALL, [], 10)],
  ['counts by what is no field', (queries) => queries.countBy(ALL, ['nope"; --'], 10)],
  ['buckets of a name', (queries) => queries.bucketsBy(ALL, ['level'], 'level', [1], 10)],
  ['bounds that fall', (queries) => queries.bucketsBy(ALL, ['level'], 'line', [2, 1], 10)],
  ['a part of a ms', (queries) => queries.count({ ...ALL, fromMs: 0.5 })],
  ['a value of another type', (queries) => queries.count({ ...ALL, having: { level: [true] } })],
  ['no value', (queries) => queries.count({ ...ALL, having: { level: [] } })],
  ['whether a text is there', (queries) => queries.count({ ...ALL, with: ['message'] })],
];
