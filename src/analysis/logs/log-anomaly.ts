/** What is out of order in the logs. Each has these three, and what more there is to say. */
export interface LogAnomaly {
  readonly type:
    | 'high_error_rate'
    | 'critical_errors'
    | 'new_error_type'
    | 'hardware_failure_share'
    | 'timeout';
  readonly count: number;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly [more: string]: unknown;
}
