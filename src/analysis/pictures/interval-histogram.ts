/** Neurons of the recording whose last spike is remembered, 8 bytes each. */
export const NEURONS_MAX = 1 << 20;

/** Bins of 0.1 ms up to 1 s, of 10 ms up to 100 s; one boundary of each is one of the next. */
const FINE_US = 100;
const COARSE_US = 10_000;
const BINS = 10_000;
const BARS_MAX = 60;

export interface Intervals {
  readonly binUs: number;
  /** [n] intervals in [k · binUs, (k + 1) · binUs) */
  readonly counts: Float64Array;
  /** Longer than the last of these. */
  readonly beyond: number;
  readonly total: number;
}

/** Interspike intervals of a layer by their length. */
export class IntervalHistogram {
  private readonly fine = new Uint32Array(BINS);
  /** [10000] the first 100 stay empty: they are in `fine`. */
  private readonly coarse = new Uint32Array(BINS);
  private total = 0;

  /**
   * @param lastUs [neurons] time of each one's last spike, -Infinity before its first
   * @param ids [n] below the number of neurons
   * @param dtsUs [n] µs after t0Us, ascending
   */
  add(lastUs: Float64Array, ids: Uint32Array, dtsUs: Uint32Array, t0Us: number): void {
    const { fine, coarse } = this;
    let total = 0;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as number;
      const timeUs = t0Us + (dtsUs[i] as number);
      const tookUs = timeUs - (lastUs[id] as number);
      // As SpikeIntervals: what comes before its neuron's last spike makes no interval.
      if (tookUs < 0) continue;
      lastUs[id] = timeUs;
      if (tookUs === Number.POSITIVE_INFINITY) continue;
      total++;
      if (tookUs < FINE_US * BINS) {
        const bin = Math.floor(tookUs / FINE_US);
        fine[bin] = (fine[bin] as number) + 1;
      } else if (tookUs < COARSE_US * BINS) {
        const bin = Math.floor(tookUs / COARSE_US);
        coarse[bin] = (coarse[bin] as number) + 1;
      }
    }
    this.total += total;
  }

  /** In bars of a round length, as far as 99 of 100 intervals reach. */
  result(): Intervals {
    const reachUs = this.reachUs(0.99);
    const unitUs = reachUs <= FINE_US * BINS ? FINE_US : COARSE_US;
    const binUs = unitUs * roundUnits(reachUs / unitUs / BARS_MAX);
    const bars = Math.max(1, Math.ceil(reachUs / binUs));
    const counts = new Float64Array(bars);
    let drawn = 0;
    const put = (fromUs: number, count: number): void => {
      const bar = Math.floor(fromUs / binUs);
      if (bar >= bars) return;
      counts[bar] = (counts[bar] as number) + count;
      drawn += count;
    };
    for (let bin = 0; bin < BINS; bin++) {
      put(bin * FINE_US, this.fine[bin] as number);
      put(bin * COARSE_US, this.coarse[bin] as number);
    }
    return { binUs, counts, beyond: this.total - drawn, total: this.total };
  }

  /** Below this length lies the share of intervals, as far as they are told apart. */
  private reachUs(share: number): number {
    let left = this.total * share;
    for (let bin = 0; bin < BINS; bin++) {
      left -= this.fine[bin] as number;
      if (left <= 0) return (bin + 1) * FINE_US;
    }
    for (let bin = 0; bin < BINS; bin++) {
      left -= this.coarse[bin] as number;
      if (left <= 0) return (bin + 1) * COARSE_US;
    }
    return BINS * COARSE_US;
  }
}

/** The next of 1, 2 and 5 with zeros, at least 1. */
function roundUnits(least: number): number {
  const power = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, least))));
  return ([1, 2, 5, 10].find((digit) => digit * power >= least) ?? 10) * power;
}
