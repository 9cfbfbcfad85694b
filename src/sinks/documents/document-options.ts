import { z } from 'zod';
import { duration } from '../../component/duration.ts';
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

/** The section `documents` of the configuration. */
export const documentOptions = z.strictObject({
  store: z
    .enum(['sqlite', 'none'])
    .default('sqlite')
    .describe('Where documents are kept: embedded in a file, or nowhere.'),
  retention: retention.prefault({}),
  sqlite: sqlite.prefault({}),
});

export type DocumentOptions = z.output<typeof documentOptions>;
