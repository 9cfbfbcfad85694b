/** Counters and histograms of a text exposition, series by series as they are written. */
export interface Exposed {
  /** Series with name and labels to value; buckets, sums and counts of histograms are series. */
  readonly counters: ReadonlyMap<string, number>;
  readonly gauges: ReadonlyMap<string, number>;
}

export function readExposition(text: string): Exposed {
  const counters = new Map<string, number>();
  const gauges = new Map<string, number>();
  let into = gauges;
  for (const line of text.split('\n')) {
    if (line.startsWith('# TYPE ')) into = line.endsWith(' gauge') ? gauges : counters;
    const space = line.lastIndexOf(' ');
    if (space < 0 || line.startsWith('#')) continue;
    into.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return { counters, gauges };
}

/** `frames_total` for `frames_total{kind="spikes"}`. */
export function nameOf(series: string): string {
  return series.split('{', 1)[0] as string;
}

/** Sum of a metric over its series. */
export function sumOf(series: ReadonlyMap<string, number>, name: string): number {
  let sum = 0;
  for (const [each, value] of series) if (nameOf(each) === name) sum += value;
  return sum;
}
