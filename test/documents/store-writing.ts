import { expect } from 'vitest';
import type { StoredDocument } from '../../src/sinks/documents/document.ts';
import type { DocumentFilter, DocumentStore } from '../../src/sinks/documents/document-store.ts';
import { asListed } from './model-queries.ts';

/** A store to be put to the test: empty, for this one alone. */
export interface StoreUnderTest {
  readonly store: DocumentStore;
  /** Resolves when what was written is seen by queries. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

const FROM_MS = 1_764_000_000_000;
const ALL: DocumentFilter = { index: 'logs', fromMs: FROM_MS, toMs: FROM_MS + 3_600_000 };
const never = new AbortController().signal;

function document(id: string, fields: object, more: Partial<StoredDocument> = {}): StoredDocument {
  return { id, index: 'logs', timeUs: FROM_MS * 1000, ...more, fields: fields as never };
}

async function listed({ settled, store }: StoreUnderTest, filter = ALL): Promise<StoredDocument[]> {
  await settled();
  return await store.queries.list(filter, 'oldest', 100);
}

/** What every store does with what is written to it; one after another, in the same store. */
export const WRITING: Readonly<Record<string, (tested: StoreUnderTest) => Promise<void>>> = {
  'makes what is missing once, and says what that was': async ({ store }) => {
    const made = await store.setup(never);
    expect(made.length).toBeGreaterThan(0);
    for (const sentence of made) expect(sentence).toMatch(/\w/);
    expect(await store.setup(never)).toEqual([]);
    await store.check(never);
  },

  'creates a document once, and never changes it': async (tested) => {
    const { store } = tested;
    const first = document('once-1', { level: 'INFO', message: 'as it was' });
    const other = document('once-1', { level: 'ERROR', message: 'something else' });
    expect(await store.write([first], never)).toEqual(['created']);
    expect(await store.write([first, other], never)).toEqual(['present', 'present']);
    expect(await listed(tested)).toEqual([first]);
  },

  'takes one of several with the same id in a batch, and of batches at once': async (tested) => {
    const { store } = tested;
    const at = { timeUs: (FROM_MS + 1) * 1000 };
    const same = document('twice', { message: 'm' }, at);
    expect(await store.write([same, same], never)).toEqual(['created', 'present']);
    const many = Array.from({ length: 50 }, (_, i) => document(`par-${i}`, { message: 'm' }, at));
    const both = await Promise.all([many, many].map((each) => store.write(each, never)));
    for (const [i] of many.entries()) {
      expect(both.map((outcomes) => outcomes[i]).sort()).toEqual(['created', 'present']);
    }
    await tested.settled();
    const range = { ...ALL, fromMs: FROM_MS + 1, toMs: FROM_MS + 2 };
    expect(await store.queries.count(range)).toBe(51);
  },

  'refuses what has no place in its index, says which field, and takes the rest': async (
    tested,
  ) => {
    const { store } = tested;
    const at = { timeUs: (FROM_MS + 2) * 1000 };
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
    const outcomes = await store.write(batch, never);
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(bad.length);
    for (const [i, [field]] of bad.entries()) {
      expect(outcomes[2 * i + 1]).toEqual({ refused: expect.stringContaining(`${field}:`) });
    }
    const range = { ...ALL, fromMs: FROM_MS + 2, toMs: FROM_MS + 3 };
    expect((await listed(tested, range)).map(({ id }) => id)).toEqual(
      batch.map(({ id }) => id).filter((id) => id.startsWith('good')),
    );
  },

  'gives values back as they were': async (tested) => {
    const { store } = tested;
    const timeUs = (FROM_MS + 3) * 1000 + 999;
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
    const outcomes = await store.write(written, never);
    expect(new Set(outcomes)).toEqual(new Set(['created']));
    const range = { ...ALL, fromMs: FROM_MS + 3, toMs: FROM_MS + 4 };
    const expected = written.sort((a, b) => (a.id < b.id ? -1 : 1)).map(asListed);
    expect(JSON.stringify(await listed(tested, range))).toBe(JSON.stringify(expected));
  },

  'gives a list of numbers back, and times before 1970 and long after': async (tested) => {
    const { store } = tested;
    const rates = document(
      'list',
      { rate_histogram: [0, 1, 2 ** 40], t0_us: 0, span_us: 5 },
      { index: 'rates', timeUs: -1 },
    );
    const late = document('late', { message: 'm' }, { timeUs: 7_000_000_000_000_001 });
    expect(await store.write([rates, late], never)).toEqual(['created', 'created']);
    const early = await listed(tested, { index: 'rates', fromMs: -1, toMs: 0 });
    expect(early).toEqual([asListed(rates)]);
    const after = { ...ALL, fromMs: 7_000_000_000_000, toMs: 7_000_000_000_001 };
    expect(await listed(tested, after)).toEqual([late]);
  },

  'gives up when asked to': async ({ store }) => {
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(store.write([document('late', {})], signal)).rejects.toThrow('stopped');
  },
};
