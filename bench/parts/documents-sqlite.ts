import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import type { StoredDocument } from '../../src/sinks/documents/document.ts';
import { INDEX_NAMES, type IndexName } from '../../src/sinks/documents/indices.ts';
import { rowOf } from '../../src/sinks/documents/sqlite/rows.ts';
import { columnsOf, schemaText } from '../../src/sinks/documents/sqlite/schema.ts';
import { SqliteStore } from '../../src/sinks/documents/sqlite/sqlite-store.ts';
import type { BenchOptions, Row } from './report.ts';
import { median } from './report.ts';

const DOCUMENTS = 100_000;
const BATCH = 500;
/** Batches that the service has under way at once. */
const IN_FLIGHT = 2;

interface Cost {
  readonly cpuS: number;
  /** Of that, on the thread that has other work to do. */
  readonly mainCpuS: number;
  readonly wallS: number;
  /** How long that thread was held at once, at most. */
  readonly heldMs: number;
}

type Batches = readonly (readonly StoredDocument[])[];

/** Opens a file in a folder, which is not measured; gives what writes to it and closes it. */
type Open = (folder: string) => Promise<(batches: Batches) => Promise<void>>;

/** Log lines into the embedded store, beside bare prepared inserts into the same tables. */
export async function documentsSqlite({ rounds, scale }: BenchOptions): Promise<Row[]> {
  const documents = Array.from({ length: Math.round(DOCUMENTS * scale) }, (_, i) => line(i));
  const batches: StoredDocument[][] = [];
  for (let i = 0; i < documents.length; i += BATCH) batches.push(documents.slice(i, i + BATCH));
  const ways: readonly (readonly [string, Open])[] = [
    ['bare prepared inserts, on the thread itself', openBare],
    ['the store, checked, in its thread', openStore],
  ];
  const costs = new Map<string, Cost[]>(ways.map(([what]) => [what, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [what, open] of ways) costs.get(what)?.push(await measure(open, batches));
  }
  const perCpuS = (what: string) =>
    documents.length / median((costs.get(what) as Cost[]).map(({ cpuS }) => cpuS));
  const bare = perCpuS((ways[0] as (typeof ways)[number])[0]);
  return ways.map(([what]) => {
    const of = (cost: keyof Cost) => median((costs.get(what) as Cost[]).map((each) => each[cost]));
    return {
      'log lines': what,
      documents: documents.length,
      'per CPU-s': Math.round(perCpuS(what)),
      'of bare': (perCpuS(what) / bare).toFixed(2),
      'per s': Math.round(documents.length / of('wallS')),
      "main thread's CPU, µs a document": ((of('mainCpuS') / documents.length) * 1e6).toFixed(1),
      'it is held at once, ms': of('heldMs').toFixed(0),
    };
  });
}

async function measure(open: Open, batches: Batches): Promise<Cost> {
  const folder = await mkdtemp(join(tmpdir(), 'spikescope-bench-'));
  try {
    const write = await open(folder);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const cpu = process.cpuUsage();
    const main = process.threadCpuUsage();
    const started = performance.now();
    await write(batches);
    const wallS = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const thread = process.threadCpuUsage(main);
    // What was held to the very end is seen a turn later.
    await new Promise((resolve) => setTimeout(resolve, 5));
    delay.disable();
    if ((await stat(join(folder, 'documents.sqlite'))).size === 0) throw new Error('no file');
    return {
      cpuS: (user + system) / 1e6,
      mainCpuS: (thread.user + thread.system) / 1e6,
      wallS,
      heldMs: delay.max / 1e6,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same tables, indices, durability and transactions; nothing is checked or remembered. */
async function openBare(folder: string): Promise<(batches: Batches) => Promise<void>> {
  const db = new DatabaseSync(join(folder, 'documents.sqlite'));
  db.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  db.exec(schemaText());
  const columns = columnsOf('logs').map(({ name }) => `"${name}"`);
  const insert = db.prepare(
    `INSERT INTO logs (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  return async (batches) => {
    for (const batch of batches) {
      db.exec('BEGIN');
      for (const document of batch) insert.run(...rowOf(document));
      db.exec('COMMIT');
      await new Promise((resolve) => setImmediate(resolve));
    }
    db.close();
  };
}

async function openStore(folder: string): Promise<(batches: Batches) => Promise<void>> {
  const keptMs = Object.fromEntries(INDEX_NAMES.map((index) => [index, 1e12]));
  const store = new SqliteStore({
    file: join(folder, 'documents.sqlite'),
    limits: { bytesMax: 2 ** 40, keptMs: keptMs as Record<IndexName, number> },
    deleted: () => {},
    failed: (reason) => {
      throw new Error(reason);
    },
  });
  const { signal } = new AbortController();
  await store.setup(signal);
  return async (batches) => {
    const left = batches.values();
    const writeAll = async (): Promise<void> => {
      for (const batch of left) await store.write(batch, signal);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, writeAll));
    await store.close();
  };
}

/** A line of the kit, some 450 bytes long as JSON. */
function line(i: number): StoredDocument {
  return {
    id: `m3k9f2x1-${String(i).padStart(12, '0')}`,
    index: 'logs',
    timeUs: 1_764_000_000_000_000 + i * 1000,
    fields: {
      level: i % 10 === 0 ? 'ERROR' : 'INFO',
      logger: 'spikeformer.neuromorphic',
      message: `conversion of vit-tiny-${i} to loihi2 started`,
      ...{ module: 'conversions', function: 'writeLog', line: 120 },
      event_type: i % 3 === 0 ? 'conversion_start' : 'spike_activity',
      ...{ model_id: `vit-${i % 100}`, model_type: 'vit', model_size: 'tiny' },
      ...{ hardware_target: 'loihi2', conversion_id: `c-${i}` },
      ...{ trace_id: 'ab'.repeat(16), span_id: 'cd'.repeat(8) },
    },
  };
}
