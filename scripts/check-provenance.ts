/**
 * Compares what is read of a provenance database with what SQL says of it: the total energy, and
 * each counter of each core, router and monitor. Usage: node scripts/check-provenance.ts FILE
 */
import { DatabaseSync } from 'node:sqlite';
import { Analyzer } from '../src/analysis/analyzer.ts';
import type { Frame } from '../src/frames/frame.ts';
import { openRecording } from '../src/recordings/open.ts';
import { differencesFromSql } from '../test/recordings/provenance-sql.ts';

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: node scripts/check-provenance.ts FILE');
const recording = await openRecording(path);
const analyzer = new Analyzer(recording.info, { windowUs: 1_000_000, listsWindows: false });
const frames: Frame[] = [];
for await (const frame of recording.frames(100_000)) {
  frames.push(frame);
  analyzer.next(frame);
}
const { analysis } = analyzer.finish(recording.notes);
const db = new DatabaseSync(path, { readOnly: true });
const rows = db
  .prepare(
    "SELECT description, sum(the_value) AS value FROM power_provenance \
WHERE description LIKE '%energy (Joules)' GROUP BY description",
  )
  .all();
db.close();
const rails = new Map<string, number>();
for (const frame of frames) {
  if (frame.kind !== 'power' || frame.chipId !== 'machine') continue;
  rails.set(frame.rail, (rails.get(frame.rail) ?? 0) + (frame.joules?.[0] ?? 0));
}
let wrong = 0;
for (const row of rows) {
  const [description, value] = [String(row['description']), Number(row['value'])];
  const name = (description.split(' ')[0] as string).toLowerCase();
  // Of the FPGAs the part during execution is in their total.
  if (name === 'fpga_exec') continue;
  const told = rails.get(name) ?? 0;
  const isSame = Math.abs(told - value) <= 1e-12 * Math.max(1, value);
  if (!isSame) wrong++;
  process.stdout.write(
    `${isSame ? 'same' : 'DIFFERS'}  ${description}: SQL ${value}, read ${told}\n`,
  );
}
const total = analysis.power['spinnaker/machine']?.energy_joules;
const differences = differencesFromSql(path, frames);
process.stdout.write(`analyze: ${total} J; ${differences.length} counters differ from SQL's\n`);
for (const difference of differences.slice(0, 20)) process.stdout.write(`  ${difference}\n`);
process.exitCode = wrong + differences.length > 0 ? 1 : 0;
