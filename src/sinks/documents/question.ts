import type { StoredDocument } from './document.ts';
import type {
  DocumentBuckets,
  DocumentFilter,
  DocumentGroup,
  DocumentQueries,
} from './document-store.ts';

/** A query as a value: who knows what to ask needs no store, and nothing to wait for. */
export type Question =
  | { readonly ask: 'count'; readonly filter: DocumentFilter }
  | {
      readonly ask: 'countBy';
      readonly filter: DocumentFilter;
      readonly fields: readonly string[];
      readonly max: number;
    }
  | {
      readonly ask: 'bucketsBy';
      readonly filter: DocumentFilter;
      readonly fields: readonly string[];
      readonly numeric: string;
      readonly bounds: readonly number[];
      readonly max: number;
    }
  | {
      readonly ask: 'list';
      readonly filter: DocumentFilter;
      readonly order: 'oldest' | 'newest';
      readonly max: number;
    };

type Answer<Asked extends Question> = Asked['ask'] extends 'count'
  ? number
  : Asked['ask'] extends 'countBy'
    ? readonly DocumentGroup[]
    : Asked['ask'] extends 'bucketsBy'
      ? readonly DocumentBuckets[]
      : readonly StoredDocument[];

/** What is answered to questions, under the same names. */
export type Answers<Asked extends Readonly<Record<string, Question>>> = {
  readonly [Name in keyof Asked]: Answer<Asked[Name]>;
};

/** Asks a store, one question after another: it has other work to do as well. */
export async function askAll<Asked extends Readonly<Record<string, Question>>>(
  queries: DocumentQueries,
  asked: Asked,
): Promise<Answers<Asked>> {
  const answers: Record<string, unknown> = {};
  for (const [name, question] of Object.entries(asked)) {
    answers[name] = await askOne(queries, question);
  }
  return answers as Answers<Asked>;
}

function askOne(queries: DocumentQueries, question: Question): Promise<unknown> {
  const { ask, filter } = question;
  if (ask === 'count') return queries.count(filter);
  if (ask === 'countBy') return queries.countBy(filter, question.fields, question.max);
  if (ask === 'list') return queries.list(filter, question.order, question.max);
  const { fields, numeric, bounds, max } = question;
  return queries.bucketsBy(filter, fields, numeric, bounds, max);
}
