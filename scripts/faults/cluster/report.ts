import { differencesOf, rowsOf } from '../report.ts';
import type { ClusterRunOptions, ClusterRunResult } from './run.ts';

/** A table of what was done and compared, then what differs. */
export function clusterReportOf(options: ClusterRunOptions, result: ClusterRunResult): string {
  const { seed, faults, servers, partitions, workers } = options;
  const { tally } = result.stream;
  const { jointRuns } = result.faulty;
  const count = (value: number) => Math.round(value).toLocaleString('en');
  return [
    ...rowsOf([
      ['seed', String(seed)],
      ['servers, partitions, workers', `${servers}, ${partitions}, ${workers}`],
      ['faults', [...result.faults].map(([fault, n]) => `${fault} ${n}`).join(', ')],
      ['of', `${faults} asked for`],
      ['workers in the end', `${result.workers}, started ${count(result.starts)} times`],
      ['time under faults', `${count(result.seconds)} s`],
      [
        'messages published',
        `${count(result.published)}, ${count(result.publishedAgain)} publishes again`,
      ],
      [
        'among them',
        `${tally.repeated} repeats, ${tally.late} late, ${tally.invalid} malformed; ` +
          `${tally.lost} lost before, ${tally.restarts} restarts of emitters`,
      ],
      ...[...result.told].map(([what, n]): [string, string] => [what, count(n)]),
      [
        'marks of owners',
        `${count(result.marks)}, partitions changed hands ${result.handovers} times`,
      ],
      ['scrapes under faults', count(result.scrapes)],
      ['derived records compared', count(result.faulty.derived.length)],
      [
        'joined records compared',
        `${count(result.faulty.joinedRecords ?? 0)}; ` +
          `${count(jointRuns?.size ?? 0)} runs of chips in several partitions in ` +
          `${count(jointRuns?.records ?? 0)} records`,
      ],
      ['documents compared', count(result.faulty.documents.length)],
      ['dead messages compared', count(result.faulty.dead.length)],
      ['counters compared', `${count(result.faulty.counters.size)} series, summed over workers`],
    ]),
    '',
    ...differencesOf(result.differences),
    '',
  ].join('\n');
}
