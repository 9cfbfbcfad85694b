import { z } from 'zod';
import { duration } from '../../component/duration.ts';
import { elasticsearchOptions } from './elasticsearch/options.ts';
import { INDEX_NAMES, type IndexName } from './indices.ts';

const DAY_US = 86_400_000_000;

/** How long documents are kept by default: what is most of the volume goes first. */
const KEPT_DEFAULT: Readonly<Record<IndexName, string>> = {
  logs: '30d',
  rates: '7d',
  power: '7d',
  conversions: '365d',
  benchmarks: '365d',
  anomalies: '90d',
  health: '30d',
  runs: '365d',
};

const kept = (index: IndexName) =>
  duration(DAY_US / 24, DAY_US * 36_500)
    .prefault(KEPT_DEFAULT[index])
    .describe(`How long documents of ${index} are kept, from when they were written.`);

const retention = z.strictObject(
  Object.fromEntries(INDEX_NAMES.map((index) => [index, kept(index)])) as Record<
    IndexName,
    ReturnType<typeof kept>
  >,
);

const sqlite = z.strictObject({
  file: z
    .string()
    .min(1)
    .optional()
    .describe('The file of the embedded store (by default documents.sqlite in the state folder).'),
  bytes_max: z
    .int()
    .min(16 * 1024 * 1024)
    .max(2 ** 50)
    .default(4 * 1024 ** 3)
    .describe('Bytes of documents that it holds; beyond them the oldest go, whatever their index.'),
});

const batch = z.strictObject({
  documents: z.int().min(1).max(10_000).default(1000).describe('Documents of one request at most.'),
  bytes: z
    .int()
    .min(1024)
    .max(64 * 1024 * 1024)
    .default(4 * 1024 * 1024)
    .describe('Bytes of one request at most, about; one document alone may have more.'),
  age: duration(1000, 60_000_000)
    .prefault('1s')
    .describe('How long the first document of a batch waits for others.'),
});

const queue = z.strictObject({
  documents: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(100_000)
    .describe('Documents that wait for the store at most; those beyond are dropped.'),
  bytes: z
    .int()
    .min(64 * 1024)
    .max(16 * 1024 ** 3)
    .default(64 * 1024 * 1024)
    .describe('Bytes of them at most, about.'),
});

const dead = z.strictObject({
  documents: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe(
      'Documents that a store refused, kept in the state folder; those beyond are dropped.',
    ),
  bytes: z
    .int()
    .min(64 * 1024)
    .max(16 * 1024 ** 3)
    .default(64 * 1024 * 1024)
    .describe('Bytes of them at most.'),
});

/** The section `documents` of the configuration. */
export const documentOptions = z.strictObject({
  store: z
    .enum(['sqlite', 'elasticsearch', 'none'])
    .default('sqlite')
    .describe('Where documents are kept: embedded in a file, in Elasticsearch, or nowhere.'),
  retention: retention.prefault({}),
  sqlite: sqlite.prefault({}),
  elasticsearch: elasticsearchOptions.prefault({}),
  batch: batch.prefault({}),
  queue: queue.prefault({}),
  dead: dead.prefault({}),
});

export type DocumentOptions = z.output<typeof documentOptions>;
