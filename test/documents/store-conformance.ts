import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateDocuments } from './generate-documents.ts';
import { modelQueries } from './model-queries.ts';
import { fill } from './store-fill.ts';
import { ASKED, RANGE, SENSELESS } from './store-questions.ts';
import { type StoreUnderTest, WRITING } from './store-writing.ts';

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
      await fill(tested.store, documents);
      await tested.settled();
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

function sizeOf(answer: number | readonly unknown[] | object): number {
  if (typeof answer === 'number') return answer;
  return Array.isArray(answer) ? answer.length : Object.keys(answer).length;
}
