import type { DropReason } from './emitter-tally.ts';

/** What went wrong without being thrown; `connection` drops nothing by itself. */
export interface EmitterProblem {
  readonly reason: DropReason | 'connection' | 'callback';
  /** One line that names field and value, or the server's own words. */
  readonly message: string;
  /** How often since the last report of this reason; samples or frames where some were dropped. */
  readonly count: number;
}

export type OnProblem = (problem: EmitterProblem) => void;

const EVERY_MS = 1000;

interface Recent {
  toldMs: number;
  count: number;
}

/** Tells the host what goes wrong, of each reason once a second at most. Never throws. */
export class ProblemReports {
  private readonly tell: OnProblem;
  private readonly recent = new Map<EmitterProblem['reason'], Recent>();

  /** Without a callback, the first problem of each reason becomes a warning of the process. */
  constructor(tell: OnProblem | undefined) {
    this.tell = tell ?? firstAsWarning();
  }

  report(reason: EmitterProblem['reason'], count: number, message: () => string): void {
    let recent = this.recent.get(reason);
    if (recent === undefined) {
      recent = { toldMs: Number.NEGATIVE_INFINITY, count: 0 };
      this.recent.set(reason, recent);
    }
    recent.count += count;
    const nowMs = performance.now();
    if (nowMs - recent.toldMs < EVERY_MS) return;
    recent.toldMs = nowMs;
    const problem = { reason, message: message(), count: recent.count };
    recent.count = 0;
    try {
      this.tell(problem);
    } catch {
      // The host's own callback: its errors are not to end what it watches.
    }
  }
}

function firstAsWarning(): OnProblem {
  const told = new Set<string>();
  return ({ reason, message }) => {
    if (told.has(reason)) return;
    told.add(reason);
    process.emitWarning(`${reason}: ${message}`, 'SpikescopeEmitterWarning');
  };
}
