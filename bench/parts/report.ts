/** How much of each measurement is made. */
export interface BenchOptions {
  /** Repetitions, of which the median is told. */
  readonly rounds: number;
  /** Multiplies the work of each. */
  readonly scale: number;
  /** A Python with elephant, for the part that is compared with it. */
  readonly python: string | undefined;
  /** The folder of the Numenta Anomaly Benchmark, for the part that scores on it. */
  readonly nab: string | undefined;
  /** A folder of recordings with labels, for the part that finds their faults. */
  readonly faults: string | undefined;
  /** How long NATS is away from an emitter. */
  readonly awaySeconds: number;
}

/** One line of a table: what was measured, in which unit, and the number. */
export type Row = Readonly<Record<string, string | number>>;

/** The middle of a list that is not empty. */
export function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

/** Rows as a table of Markdown, numbers grouped, as docs/benchmarks.md has them. */
export function table(rows: readonly Row[]): string {
  const heads = Object.keys(rows[0] ?? {});
  const lines = rows.map((row) => `| ${heads.map((head) => cell(row[head])).join(' | ')} |`);
  return [`| ${heads.join(' | ')} |`, `|${heads.map(() => '---').join('|')}|`, ...lines].join('\n');
}

function cell(value: string | number | undefined): string {
  return typeof value === 'number' ? value.toLocaleString('en') : (value ?? '');
}
