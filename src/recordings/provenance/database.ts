import { existsSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { RecordingError } from '../recording-error.ts';

/**
 * What sPyNNaker's provenance database says, of either schema. Until 2022 cores are named by x, y
 * and p in each row; since then by a key of the table `core`, and timers lie in their own file.
 */
export interface Provenance {
  /** By description, over all runs in the file, in their order. */
  readonly power: ReadonlyMap<string, number>;
  readonly cores: readonly PlacedValues[];
  readonly routers: readonly PlacedValues[];
  readonly monitors: readonly PlacedValues[];
  /** Time by category of the tool chain, ms. Empty where it was not kept. */
  readonly timersMs: ReadonlyMap<string, number>;
  /** sPyNNaker of old kept the fraction of a second only, in µs: these are no lengths. */
  readonly timersAreFractions: boolean;
  readonly runs: number;
}

/** Values of a core, or of a chip's router or monitor. */
export interface PlacedValues {
  readonly x: number;
  readonly y: number;
  /** 0 for what a chip has once. */
  readonly p: number;
  /** Of the vertex on the core; '' where nobody says. */
  readonly name: string;
  /** By description: one for each row. */
  readonly values: Map<string, number[]>;
}

const MAGIC = 'SQLite format 3\0';
/** Rows of one table: a full machine of a million cores has some tens of millions. */
const ROWS_MAX = 50_000_000;
/** The file of the whole session beside the folders of its runs. */
const GLOBAL_FILE = 'global_provenance.sqlite3';

/** Whether a file is a provenance database: by its first bytes, and its tables. */
export async function isProvenance(path: string): Promise<boolean> {
  if (!(await stat(path)).isFile()) return false;
  const handle = await open(path, 'r');
  try {
    const first = Buffer.alloc(MAGIC.length);
    await handle.read(first, 0, first.length, 0);
    if (first.toString('latin1') !== MAGIC) return false;
  } finally {
    await handle.close();
  }
  return withDatabase(path, (db) => {
    const tables = tablesOf(db);
    return tables.has('core_provenance') || tables.has('timer_provenance');
  });
}

/** @throws RecordingError where the file can't be read as one */
export function readProvenance(path: string): Provenance {
  const own = withDatabase(path, (db) => ({ ...placesOf(db), ...powerOf(db), ...timersOf(db) }));
  if (own.timersMs.size > 0) return own;
  const beside = [dirname(path), dirname(dirname(path))].map((folder) => join(folder, GLOBAL_FILE));
  const found = beside.find((file) => existsSync(file));
  return found === undefined ? own : { ...own, ...withDatabase(found, timersOf) };
}

function withDatabase<Result>(path: string, use: (db: DatabaseSync) => Result): Result {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true });
    return use(db);
  } catch (cause) {
    if (cause instanceof RecordingError) throw cause;
    throw new RecordingError(
      'table',
      `${basename(path)}: can't be read as a provenance database (${(cause as Error).message}). \
Copy it again when the run has ended.`,
      { cause },
    );
  } finally {
    db?.close();
  }
}

function tablesOf(db: DatabaseSync): Set<string> {
  const rows = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  return new Set(rows.map((row) => String(row['name'])));
}

function columnsOf(db: DatabaseSync, table: string): Set<string> {
  const rows = db.prepare('SELECT name FROM pragma_table_info(?)').all(table);
  return new Set(rows.map((row) => String(row['name'])));
}

function placesOf(db: DatabaseSync) {
  const tables = tablesOf(db);
  const isKeyed = tables.has('core') && columnsOf(db, 'core_provenance').has('cp_id');
  const cores = isKeyed
    ? 'SELECT x, y, processor AS p, core_name AS name, description, the_value AS value ' +
      'FROM core_provenance JOIN core USING (core_id) ORDER BY x, y, p, cp_id'
    : 'SELECT a.x, a.y, a.p, m.core_name AS name, description, the_value AS value ' +
      'FROM core_provenance a LEFT JOIN core_mapping m ON a.x = m.x AND a.y = m.y AND a.p = m.p ' +
      'ORDER BY a.x, a.y, a.p, core_id';
  const ofChips = (table: string) =>
    tables.has(table)
      ? placed(
          db,
          `SELECT x, y, 0 AS p, '' AS name, description, the_value AS value FROM ${table} ` +
            'ORDER BY x, y, rowid',
        )
      : [];
  return {
    cores: tables.has('core_provenance') ? placed(db, cores) : [],
    routers: ofChips('router_provenance'),
    monitors: ofChips('monitor_provenance'),
  };
}

function placed(db: DatabaseSync, sql: string): PlacedValues[] {
  const places: PlacedValues[] = [];
  let rows = 0;
  for (const row of db.prepare(sql).iterate()) {
    if (++rows > ROWS_MAX) throw new RecordingError('too_large', `more than ${ROWS_MAX} rows`);
    const [x, y, p] = [Number(row['x']), Number(row['y']), Number(row['p'])];
    let place = places.at(-1);
    if (place?.x !== x || place.y !== y || place.p !== p) {
      place = { x, y, p, name: String(row['name'] ?? ''), values: new Map() };
      places.push(place);
    }
    const value = Number(row['value']);
    if (!Number.isFinite(value)) continue;
    const description = String(row['description']);
    const list = place.values.get(description);
    if (list === undefined) place.values.set(description, [value]);
    else list.push(value);
  }
  return places;
}

/** Of several runs in a file everything is added up, but for what counts chips and cores. */
function powerOf(db: DatabaseSync): Pick<Provenance, 'power' | 'runs'> {
  const power = new Map<string, number>();
  if (!tablesOf(db).has('power_provenance')) return { power, runs: 0 };
  const run = columnsOf(db, 'power_provenance').has('run') ? 'run' : '1 AS run';
  const sql = `SELECT ${run}, description, the_value AS value FROM power_provenance \
ORDER BY power_id`;
  const runs = new Set<number>();
  for (const row of db.prepare(sql).iterate()) {
    runs.add(Number(row['run']));
    const description = String(row['description']);
    const value = Number(row['value']);
    const before = power.get(description);
    const isSize = description.startsWith('Num_');
    power.set(description, before === undefined || isSize ? value : before + value);
  }
  return { power, runs: runs.size };
}

function timersOf(db: DatabaseSync): Pick<Provenance, 'timersMs' | 'timersAreFractions'> {
  const tables = tablesOf(db);
  if (tables.has('category_timer_provenance')) {
    const sql =
      'SELECT category, sum(time_taken) AS ms FROM category_timer_provenance \
GROUP BY category ORDER BY min(category_id)';
    return { timersMs: byName(db, sql), timersAreFractions: false };
  }
  if (!tables.has('timer_provenance')) return { timersMs: new Map(), timersAreFractions: false };
  const sql =
    'SELECT category, sum(the_value) / 1000.0 AS ms FROM timer_provenance \
GROUP BY category ORDER BY min(timer_id)';
  return { timersMs: byName(db, sql), timersAreFractions: true };
}

function byName(db: DatabaseSync, sql: string): Map<string, number> {
  const rows = db.prepare(sql).all();
  return new Map(rows.map((row) => [String(row['category']), Number(row['ms'] ?? 0)]));
}
