import { median, type Row } from '../parts/report.ts';
import type { ContenderKind } from './contender.ts';
import type { Measured } from './measure.ts';

/** All runs of one contender in a workload. */
export interface Standing {
  readonly name: string;
  readonly version: string;
  readonly kind: ContenderKind;
  readonly runs: readonly Measured[];
  /** Why there are fewer runs than rounds. */
  readonly failures: readonly string[];
}

const perCpuS = ({ events, cpuS }: Measured): number => events / cpuS;

/** The most events a CPU-second of all of a kind, by their medians. */
export function bestOf(standings: readonly Standing[], kind: ContenderKind): number | undefined {
  const medians = standings
    .filter((standing) => standing.kind === kind && standing.runs.length > 0)
    .map(({ runs }) => median(runs.map(perCpuS)));
  return medians.length === 0 ? undefined : Math.max(...medians);
}

/** What a workload's contenders are told as multiples of, and how that is called. */
const AGAINST: readonly [ContenderKind, string][] = [
  ['product', 'of the best product'],
  ['by hand', 'of the best by hand'],
  ['bare', 'of the bare loop'],
];

/** As the document shows them: medians, and the lowest and the highest in brackets. */
export function rowsOf(standings: readonly Standing[]): Row[] {
  const against = AGAINST.flatMap(([kind, head]) => {
    const best = bestOf(standings, kind);
    return best === undefined ? [] : [{ head, best }];
  });
  const hasDocuments = standings.some(({ runs }) =>
    runs.some((run) => run.documents !== undefined),
  );
  return standings.map(({ name, version, runs, failures }): Row => {
    const costs = runs.map(perCpuS);
    const isThere = runs.length > 0;
    const middle = (what: (run: Measured) => number) => (isThere ? median(runs.map(what)) : 0);
    const told = (text: () => string | number) => (isThere ? text() : '');
    const ratios = against.map(({ head, best }) => [
      head,
      told(() => ratio(middle(perCpuS) / best)),
    ]);
    return {
      who: version === '' ? name : `${name} (${version})`,
      'events per CPU-s': isThere ? spread(costs) : `none: ${failures[0] ?? 'no run'}`,
      ...Object.fromEntries(ratios),
      ...(hasDocuments ? { documents: told(() => middle((run) => run.documents ?? 0)) } : {}),
      'events per s': told(() => grouped(middle(({ events, wallS }) => events / wallS))),
      'memory at most, MB': told(() => Math.round(middle(({ peakMb }) => peakMb))),
      'bytes per event': told(() => middle((run) => run.bytesPerEvent).toFixed(1)),
      runs: runs.length,
    };
  });
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
