import { DatabaseSync } from 'node:sqlite';

/** Counters of a core, as sPyNNaker names them: each is there once. */
export const CORE_VALUES: readonly (readonly [string, number])[] = [
  ['Times_the_timer_tic_over_ran', 3],
  ['Max_number_of_times_timer_tic_over_ran', 2],
  ['Last_timer_tic_the_core_ran_to', 1000],
  ['Total_pre_synaptic_events', 4100],
  ["DMA's that were completed", 1788],
  ['How many spikes were processed', 401],
  ['Times_the_input_buffer_lost_packets', 0],
];

/** A report of energy: two chips, of which the first has a busy core. */
export const POWER: readonly (readonly [string, number])[] = [
  ['Num_chips', 2],
  ['Total time (seconds)', 72.5],
  ['Booted time (seconds)', 72],
  ['Mapping time (seconds)', 0.25],
  ['Data_gen time (seconds)', 0.25],
  ['Loading time (seconds)', 65],
  ['Exec time (seconds)', 6],
  ['Saving time (seconds)', 1],
  ['Total energy (Joules)', 10.3],
  ['Baseline energy (Joules)', 0.5],
  ['Fpga_total energy (Joules)', 0.25],
  // Part of the one above.
  ['Fpga_exec energy (Joules)', 0.125],
  ['Packet energy (Joules)', 0.125],
  ['Mapping energy (Joules)', 0.1],
  ['Data_gen energy (Joules)', 0.1],
  ['Loading energy (Joules)', 6],
  ['Chip energy (Joules)', 2 * 0.36 * 3 + 0.065],
  ['Saving energy (Joules)', 1],
];

/** Half busy for three seconds of a core's 0.64 / 18 W, rounded. */
export const CORE_JOULES = 0.05;
const IDLE_JOULES = 0.015;

type Run = (sql: string, ...values: (string | number | null)[]) => void;

/** A database as sPyNNaker wrote it until 2022 (`old`) and writes it since then (`current`). */
export function writeProvenance(path: string, schema: 'old' | 'current'): void {
  const db = new DatabaseSync(path);
  const run: Run = (sql, ...values) => void db.prepare(sql).run(...values);
  db.exec(`CREATE TABLE router_provenance(chip_id INTEGER PRIMARY KEY AUTOINCREMENT,
    x INTEGER, y INTEGER, description STRING, the_value FLOAT, expected INTEGER);
    CREATE TABLE monitor_provenance(monitor_id INTEGER PRIMARY KEY AUTOINCREMENT,
    x INTEGER, y INTEGER, description STRING, the_value INTEGER)`);
  const core = schema === 'old' ? oldCores(db, run) : currentCores(db, run);
  for (const [x, name] of [
    [0, 'chain_0:0:99'],
    [1, 'chain_1:0:99'],
  ] as const) {
    for (const [description, value] of CORE_VALUES) core(x, 4, name, description, value + x);
    // Once for each property of the report of energy, always the same.
    for (let k = 0; k < POWER.length; k++) {
      core(x, 4, name, 'Energy (Joules)', x === 0 ? CORE_JOULES : IDLE_JOULES);
    }
    const router =
      'INSERT INTO router_provenance(x, y, description, the_value, expected) \
VALUES (?, 0, ?, ?, 1)';
    run(router, x, 'Local_Multicast_Packets', 2400 + x);
    run(router, x, 'Dropped_Multicast_Packets', x * 7);
    run(router, x, 'Entries', 9);
    const monitor =
      'INSERT INTO monitor_provenance(x, y, description, the_value) VALUES (?, 0, ?, ?)';
    run(monitor, x, 'Power_Monitor_Total_Activity_Count', 100_741);
  }
  db.close();
}

type WriteCore = (x: number, p: number, name: string, description: string, value: number) => void;

function oldCores(db: DatabaseSync, run: Run): WriteCore {
  db.exec(`CREATE TABLE power_provenance(power_id INTEGER PRIMARY KEY AUTOINCREMENT,
    description STRING, the_value FLOAT);
    CREATE TABLE timer_provenance(timer_id INTEGER PRIMARY KEY AUTOINCREMENT,
    category STRING, algorithm STRING, the_value INTEGER);
    CREATE TABLE core_provenance(core_id INTEGER PRIMARY KEY AUTOINCREMENT,
    x INTEGER, y INTEGER, p INTEGER, description STRING, the_value INTEGER);
    CREATE TABLE core_mapping(core_name STRING, x INTEGER, y INTEGER, p INTEGER);
    INSERT INTO timer_provenance(category, algorithm, the_value)
    VALUES ('loading', 'a', 999000), ('loading', 'b', 500), ('Execution', 'c', 1)`);
  for (const row of POWER) {
    run('INSERT INTO power_provenance(description, the_value) VALUES (?, ?)', ...row);
  }
  for (const x of [0, 1]) run('INSERT INTO core_mapping VALUES (?, ?, 0, 4)', `chain_${x}:0:99`, x);
  return (x, p, _name, description, value) =>
    run(
      'INSERT INTO core_provenance(x, y, p, description, the_value) VALUES (?, 0, ?, ?, ?)',
      ...[x, p, description, value],
    );
}

function currentCores(db: DatabaseSync, run: Run): WriteCore {
  db.exec(`CREATE TABLE power_provenance(power_id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER, description STRING, the_value FLOAT);
    CREATE TABLE core(core_id INTEGER PRIMARY KEY AUTOINCREMENT, x INTEGER, y INTEGER,
    processor INTEGER, core_name STRING);
    CREATE TABLE core_provenance(cp_id INTEGER PRIMARY KEY AUTOINCREMENT, core_id INTEGER,
    description STRING, the_value INTEGER)`);
  for (const row of POWER) {
    run('INSERT INTO power_provenance(run, description, the_value) VALUES (1, ?, ?)', ...row);
  }
  return (x, p, name, description, value) => {
    if (description === CORE_VALUES[0]?.[0]) {
      run('INSERT INTO core(x, y, processor, core_name) VALUES (?, 0, ?, ?)', x, p, name);
    }
    run(
      'INSERT INTO core_provenance(core_id, description, the_value) \
SELECT core_id, ?, ? FROM core WHERE x = ?',
      ...[description, value, x],
    );
  };
}

/** The file of a session's timers, beside those of its runs; ms. */
export function writeGlobalProvenance(path: string): void {
  const db = new DatabaseSync(path);
  db.exec(`CREATE TABLE timer_provenance(timer_id INTEGER PRIMARY KEY AUTOINCREMENT,
    category_id INTEGER, algorithm STRING, work STRING, time_taken INTEGER, skip_reason STRING);
    CREATE TABLE category_timer_provenance(category_id INTEGER PRIMARY KEY AUTOINCREMENT,
    category STRING, time_taken INTEGER, machine_on BOOL, n_run INTEGER, n_loop INTEGER);
    INSERT INTO category_timer_provenance(category, time_taken, machine_on, n_run)
    VALUES ('Mapping', 250, 0, 1), ('Loading', 65000, 1, 1), ('Run_Loop', 6000, 1, 1)`);
  db.close();
}
