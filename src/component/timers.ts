/** A clock that never jumps and what waits by it; tests bring their own, to wait for nothing. */
export interface Timers {
  nowMs(): number;
  /** Calls back once, after that time; what is given calls it off. */
  after(ms: number, callback: () => void): () => void;
}

export const TIMERS: Timers = {
  nowMs: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
