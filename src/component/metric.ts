/**
 * Metrics as pipelines declare them: families with labels, filled in bulk. Looking a series up
 * marks it as touched; a look-up past the family's cap gives the series `other` (counters,
 * histograms) or one that is never shown (gauges), and both are counted.
 */
export interface MetricSpec {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** `chip`: goes 5 min after the chip's last frame. `series`: 1 h after the last touch. */
  readonly expires: 'chip' | 'series' | 'never';
  /** `<device_type>/<chip_id>` of a series, for `expires: 'chip'`. */
  readonly chipOf?: (labels: readonly string[]) => string;
  /**
   * It tells of this process and not of the frames: a checkpoint does not hold it, and it is shown
   * while one is being recovered from.
   */
  readonly ofProcess?: boolean;
  /**
   * It tells of all chips together: where several workers share them it is not shown for a part,
   * but by who joins the parts.
   */
  readonly joinsChips?: boolean;
  /** Series at most, where the configured cap for all families does not fit. */
  readonly seriesMax?: number;
}

export interface HistogramSpec extends MetricSpec {
  /** Upper bounds, ascending, without +Inf. */
  readonly le: readonly number[];
  /** Factor from the summed unit to the metric's unit, so that sums can stay integers. */
  readonly sumScale?: number;
}

export interface CounterSeries {
  add(count: number): void;
  /** Says the total since the operator's start, where the operator itself keeps the sum. */
  total(sinceStart: number): void;
}

export interface GaugeSeries {
  set(value: number): void;
  /** Takes the series out: what it told of is gone. To tell of it again, look it up again. */
  remove(): void;
}

export interface HistogramSeries {
  /** Adds `counts[i]` observations to bucket i (not cumulative, the last is +Inf) and `sum`. */
  add(counts: ArrayLike<number>, sum: number): void;
  /** The same as totals since the operator's start; `from` is where the counts begin. */
  total(counts: ArrayLike<number>, from: number, sumSinceStart: number): void;
}

export interface MetricFamily<S> {
  /** The series with these label values, in the order of the spec; made when new. */
  series(...labels: string[]): S;
}

/** Declares metrics; a name that two pipelines declare must have the same spec. */
export interface MetricDefiner {
  counter(spec: MetricSpec): MetricFamily<CounterSeries>;
  gauge(spec: MetricSpec): MetricFamily<GaugeSeries>;
  histogram(spec: HistogramSpec): MetricFamily<HistogramSeries>;
}
