import { DatabaseSync } from 'node:sqlite';
import type { Frame } from '../../src/frames/frame.ts';
import { counterName } from '../../src/recordings/provenance/counters.ts';

/**
 * Where the activity of frames is not what SQL adds up, over each core, router and monitor and each
 * counter; in either direction.
 */
export function differencesFromSql(path: string, frames: readonly Frame[]): string[] {
  const told = new Map<string, number>();
  for (const frame of frames) {
    if (frame.kind !== 'activity' || frame.chipId === 'machine') continue;
    for (const [name, values] of frame.counters) {
      for (const [i, value] of values.entries()) {
        const key = `${frame.scope} ${frame.chipId} ${frame.coreId[i] ?? 0} ${name}`;
        told.set(key, (told.get(key) ?? 0) + value);
      }
    }
  }
  const counted = countedBySql(path);
  const keys = new Set([...told.keys(), ...counted.keys()]);
  return [...keys].filter((key) => told.get(key) !== counted.get(key));
}

function countedBySql(path: string): Map<string, number> {
  const db = new DatabaseSync(path, { readOnly: true });
  const hasKeys = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'core'").all().length > 0;
  const cores = hasKeys
    ? 'SELECT x, y, processor AS p, description, the_value FROM core_provenance NATURAL JOIN core'
    : 'SELECT x, y, p, description, the_value FROM core_provenance';
  const counted = new Map<string, number>();
  for (const [scope, from] of [
    ['core', cores],
    ['router', 'SELECT x, y, 0 AS p, description, the_value FROM router_provenance'],
    ['chip', 'SELECT x, y, 0 AS p, description, the_value FROM monitor_provenance'],
  ] as const) {
    const sql = `SELECT x, y, p, description, sum(the_value) AS total FROM (${from}) \
GROUP BY x, y, p, description`;
    for (const { x, y, p, description, total } of db.prepare(sql).all()) {
      const name = counterName(String(description));
      if (name !== undefined) counted.set(`${scope} ${x}-${y} ${p} ${name}`, Number(total));
    }
  }
  db.close();
  return counted;
}
