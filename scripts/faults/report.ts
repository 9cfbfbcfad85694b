import type { Difference } from './compare.ts';
import { notCompared } from './compared.ts';
import type { FaultRunOptions, FaultRunResult } from './fault-run.ts';
import { liveFamilies } from './oracle.ts';

const EXAMPLE_CHARS_MAX = 300;

/** A table of what was done and compared, then what differs. */
export function reportOf({ seed, kills, store }: FaultRunOptions, result: FaultRunResult): string {
  const { chaos, stream, faulty } = result;
  const { tally } = stream;
  const count = (value: number) => Math.round(value).toLocaleString('en');
  const rows: [string, string][] = [
    ['seed', String(seed)],
    ['store of documents', store],
    ['processes killed with -9', `${count(chaos.kills)} (asked for ${kills})`],
    ['faults', [...chaos.faults].map(([fault, n]) => `${fault} ${n}`).join(', ')],
    ['starts of the service', count(result.starts)],
    ['time under faults', `${count(chaos.seconds)} s`],
    ['messages published', `${count(chaos.stored)}, ${count(chaos.retries)} publishes again`],
    [
      'among them',
      `${tally.repeated} repeats, ${tally.late} late, ${tally.invalid} malformed; ` +
        `${tally.lost} lost before, ${tally.restarts} restarts of emitters`,
    ],
    ['derived records compared', count(faulty.derived.length)],
    ['documents compared', count(faulty.documents.length)],
    ['dead messages compared', count(faulty.dead.length)],
    [
      'counters compared',
      `${count(faulty.counters.size)} series, ` +
        `above 0 in ${liveFamilies(faulty.counters).length} metrics`,
    ],
    [
      'scrapes under faults',
      `${count(result.samples)}, ${count(result.samplesCatchingUp)} of them while catching up`,
    ],
  ];
  if (result.noDisk !== undefined) rows.push(['no full disk', result.noDisk]);
  return [
    ...rowsOf(rows),
    '',
    'not compared:',
    ...notCompared().map((line) => `  ${line}`),
    '',
    ...differencesOf(result.differences),
    '',
  ].join('\n');
}

export function rowsOf(rows: readonly (readonly [name: string, value: string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}

export function differencesOf(differences: readonly Difference[]): string[] {
  if (differences.length === 0) return ['equal to a run without faults: none missing, none twice'];
  return [
    'DIFFERENT from a run without faults:',
    ...differences.flatMap(({ what, count, examples }) => [
      `  ${count} ${what}`,
      ...examples.map((each) => `    ${each.slice(0, EXAMPLE_CHARS_MAX)}`),
    ]),
  ];
}
