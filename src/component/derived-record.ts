/** What a derived record is on NATS: `<prefix>.derived.<record>.<key…>`. */
export interface DerivedRecord {
  /** `anomaly`: on `<prefix>.anomaly.<key…>` instead. */
  readonly root?: 'anomaly' | undefined;
  /** One token, such as `spike-rate`. */
  readonly record: string;
  /** Names that the subject ends with; what is no token is made one. */
  readonly key: readonly string[];
  /** The record covers [t0Us, t0Us + spanUs) of event time. */
  readonly t0Us: number;
  readonly spanUs: number;
  /** Further fields by their wire names; undefined leaves one out. */
  readonly fields: Readonly<Record<string, unknown>>;
}
