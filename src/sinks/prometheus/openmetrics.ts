import type { Family } from './family.ts';
import type { MetricStore } from './metric-store.ts';
import type { Series } from './series.ts';

/** Values that are held, 8 bytes each. */
const VALUES_MAX = 4_000_000;
const TEXT_CHARS = 128 * 1024;

/** What one series showed, time by time. */
interface Track {
  readonly series: Series;
  /** [times] µs since the epoch. */
  readonly timesUs: number[];
  /** [times·lines] */
  readonly values: number[];
}

/**
 * A store's metrics over time as OpenMetrics text 1.0.0, with the time of each sample: what
 * `promtool tsdb create-blocks-from openmetrics` takes. The format wants a metric's samples
 * together, so they are held until the end, at most 4,000,000 values.
 */
export class OpenMetricsLog {
  private readonly store: MetricStore;
  private readonly tracks = new Map<Series, Track>();
  private count = 0;

  constructor(store: MetricStore) {
    this.store = store;
  }

  /** Takes down what the store shows at this time; times ascend. */
  sample(timeUs: number): void {
    for (const family of this.store.families()) {
      for (const series of family.shown()) this.add(series, timeUs);
    }
    if (this.count <= VALUES_MAX) return;
    throw new RangeError(
      `OpenMetrics: more than ${VALUES_MAX} values at ${timeUs / 1e6} s of the recording; take a \
longer window`,
    );
  }

  private add(series: Series, timeUs: number): void {
    const values = series.values();
    if (values.length === 0) return;
    let track = this.tracks.get(series);
    if (track === undefined) {
      track = { series, timesUs: [], values: [] };
      this.tracks.set(series, track);
    }
    track.timesUs.push(timeUs);
    for (const value of values) track.values.push(value);
    this.count += values.length;
  }

  /** The text in pieces; the last ends with `# EOF`. */
  *text(): Generator<string, void, undefined> {
    let text = '';
    for (const family of this.store.families()) {
      const tracks = [...family.everySeries()].flatMap((series) => this.tracks.get(series) ?? []);
      if (tracks.length === 0) continue;
      text += header(family);
      for (const track of tracks) {
        for (const lines of trackLines(family.name, track)) {
          text += lines;
          if (text.length < TEXT_CHARS) continue;
          yield text;
          text = '';
        }
      }
    }
    yield `${text}# EOF\n`;
  }
}

/** A counter's family is named without the suffix of its samples. */
function header({ name, type, spec }: Family<Series>): string {
  const family = type === 'counter' ? name.replace(/_total$/, '') : name;
  const help = spec.help.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
  return `# TYPE ${family} ${type}\n# HELP ${family} ${help}\n`;
}

function* trackLines(name: string, { series, timesUs, values }: Track): Generator<string> {
  const heads = series.heads(name, leText);
  // Where buckets lie below 0 the format allows no sum and no count, which come last.
  const shown = heads.length - (series.hasNegativeBuckets ? 2 : 0);
  for (const [i, timeUs] of timesUs.entries()) {
    const seconds = secondsText(timeUs);
    let lines = '';
    for (let line = 0; line < shown; line++) {
      const value = values[i * heads.length + line] as number;
      lines += `${heads[line]}${value} ${seconds}\n`;
    }
    yield lines;
  }
}

/** A bound as OpenMetrics writes it: 0.5, 1.0, 100000.0, 1e+06. */
function leText(bound: number): string {
  if (!Number.isInteger(bound)) return String(bound);
  if (Math.abs(bound) < 1e6) return `${bound}.0`;
  return bound.toExponential().replace(/e\+(\d)$/, 'e+0$1');
}

/** Whole µs in seconds, all digits kept. */
function secondsText(timeUs: number): string {
  const micros = timeUs % 1e6;
  const seconds = (timeUs - micros) / 1e6;
  return micros === 0 ? `${seconds}` : `${seconds}.${String(micros).padStart(6, '0')}`;
}
