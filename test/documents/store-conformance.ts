import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoredDocument } from '../../src/sinks/documents/document.ts';
import { generateDocuments } from './generate-documents.ts';
import { modelQueries } from './model-queries.ts';
import { ASKED, RANGE, SENSELESS } from './store-questions.ts';
import { type StoreUnderTest, WRITING } from './store-writing.ts';

const BATCH = 500;
const signal = new AbortController().signal;

/**
 * What every store of documents does, whichever it is. Its answers are compared with the model's as
 * text, so that two stores that pass give the same bytes.
 */
export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name}, written to,`, () => {
    let tested: StoreUnderTest;
    beforeAll(async () => {
      tested = await open();
    });
    afterAll(() => tested.close());

    it.each(Object.entries(WRITING))('%s', (_, check) => check(tested));
  });

  describe(`${name}, asked,`, () => {
    const documents = generateDocuments(RANGE);
    const model = modelQueries(documents);
    let tested: StoreUnderTest;
    beforeAll(async () => {
      tested = await open();
      await fill(tested, documents);
    });
    afterAll(() => tested.close());

    it.each(ASKED)('tells $what', async ({ ask, least }) => {
      const expected = (await ask(model)) as number | readonly unknown[] | object;
      expect(sizeOf(expected)).toBeGreaterThanOrEqual(least);
      expect(JSON.stringify(await ask(tested.store.queries))).toBe(JSON.stringify(expected));
    });

    it.each(SENSELESS)('refuses a question that makes no sense: %s', async (_, ask) => {
      await expect(ask(tested.store.queries)).rejects.toThrow(RangeError);
    });
  });
}

/** Writes documents in batches, each of them new. */
export async function fill(
  { store, settled }: StoreUnderTest,
  documents: readonly StoredDocument[],
): Promise<void> {
  await store.setup(signal);
  for (let i = 0; i < documents.length; i += BATCH) {
    const outcomes = await store.write(documents.slice(i, i + BATCH), signal);
    expect(new Set(outcomes)).toEqual(new Set(['created']));
  }
  await settled();
}

function sizeOf(answer: number | readonly unknown[] | object): number {
  if (typeof answer === 'number') return answer;
  return Array.isArray(answer) ? answer.length : Object.keys(answer).length;
}
