import { median, type Row } from '../parts/report.ts';
import type { Measured } from './measure.ts';

/** All runs of one contender in a workload. */
export interface Standing {
  readonly name: string;
  readonly version: string;
  readonly isPeer: boolean;
  readonly runs: readonly Measured[];
  /** Why there are fewer runs than rounds. */
  readonly failures: readonly string[];
}

const perCpuS = ({ events, cpuS }: Measured): number => events / cpuS;

/** The most events a CPU-second of all peers, by their medians. */
export function bestPeer(standings: readonly Standing[]): number | undefined {
  const medians = standings
    .filter(({ isPeer, runs }) => isPeer && runs.length > 0)
    .map(({ runs }) => median(runs.map(perCpuS)));
  return medians.length === 0 ? undefined : Math.max(...medians);
}

/** As the document shows them: medians, and the lowest and the highest in brackets. */
export function rowsOf(standings: readonly Standing[]): Row[] {
  const best = bestPeer(standings);
  const against = best ?? baseOf(standings);
  const head = best === undefined ? 'of the first' : 'of the best peer';
  return standings.map(({ name, version, runs, failures }) => {
    const who = version === '' ? name : `${name} (${version})`;
    if (runs.length === 0) return emptyRow(who, head, failures[0] ?? 'no run');
    const costs = runs.map(perCpuS);
    const middle = median(costs);
    return {
      who,
      'events per CPU-s': spread(costs),
      [head]: against === undefined ? '' : ratio(middle / against),
      'events per s': grouped(median(runs.map(({ events, wallS }) => events / wallS))),
      'memory at most, MB': Math.round(median(runs.map(({ peakMb }) => peakMb))),
      'bytes per event': Number(median(runs.map(({ bytesPerEvent }) => bytesPerEvent)).toFixed(1)),
      runs: runs.length,
    };
  });
}

/** All columns, for a table's heads are those of its first row. */
function emptyRow(who: string, head: string, why: string): Row {
  return {
    who,
    'events per CPU-s': `none: ${why}`,
    [head]: '',
    'events per s': '',
    'memory at most, MB': '',
    'bytes per event': '',
    runs: 0,
  };
}

function baseOf(standings: readonly Standing[]): number | undefined {
  const runs = standings[0]?.runs ?? [];
  return runs.length === 0 ? undefined : median(runs.map(perCpuS));
}

function spread(list: readonly number[]): string {
  const [low, high] = [Math.min(...list), Math.max(...list)];
  return `${grouped(median(list))} (${grouped(low)}–${grouped(high)})`;
}

/** Three figures that count; more are the machine's noise. */
function grouped(value: number): string {
  const digits = Math.max(0, Math.floor(Math.log10(Math.abs(value) || 1)) - 2);
  const unit = 10 ** digits;
  return (Math.round(value / unit) * unit).toLocaleString('en');
}

function ratio(value: number): string {
  return value.toFixed(value < 10 ? 2 : 0);
}
