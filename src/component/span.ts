/** A finished span, as a pipeline derives it from events: its times are the events' times. */
export interface SpanRecord {
  readonly name: string;
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  /** W3C `tracestate` of the sender's span; for spans that have it as ancestor. */
  readonly traceState: string | undefined;
  /** The sender's decision, where there is one: a trace is recorded whole or not at all. */
  readonly sampled: boolean | undefined;
  /** µs since the Unix epoch; may have a fraction. */
  readonly startUs: number;
  readonly endUs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** What went wrong; undefined for a span that is fine. */
  readonly error: string | undefined;
}
