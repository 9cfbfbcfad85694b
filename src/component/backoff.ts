/** How long to wait before an attempt is made again. */
export interface RetryLimits {
  /** Bound of the first pause; each doubles it, up to the last. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/**
 * Full jitter: anything up to a bound that doubles with each failure, so that many who failed at
 * once do not come back at once (M. Brooker, "Exponential Backoff And Jitter", AWS 2015).
 */
export function pauseMs({ firstMs, lastMs }: RetryLimits, failures: number): number {
  return Math.random() * Math.min(lastMs, firstMs * 2 ** Math.min(failures, 30));
}
