import type { Snapshot } from '../component/state.ts';
import type { StateRegistry } from './state-registry.ts';

/** Where the values of metrics are, as far as a checkpoint is concerned with them. */
export interface KeptMetrics {
  snapshot(): Record<string, Snapshot>;
  /** Gives the names of metrics whose values do not fit any more. */
  restore(values: Readonly<Record<string, Snapshot>>): string[];
  /** The operators behind these metrics start afresh: what they say is added to what is there. */
  rebase(names: readonly string[]): void;
}

export interface KeptStateParts {
  readonly states: StateRegistry;
  readonly metrics: KeptMetrics;
  /** Hash of what the form and the meaning of a state depend on, by pipeline. */
  readonly pipelines: Readonly<Record<string, string>>;
  readonly metricsOf: (pipeline: string) => readonly string[];
}

export interface StateCopy {
  readonly states: Readonly<Record<string, Snapshot>>;
  readonly metrics: Readonly<Record<string, Snapshot>>;
}

/**
 * All that operators remember and metrics count, as one: copied between two frames, restored into a
 * process that has just begun, or begun afresh where the frames are those of another stream.
 */
export class KeptState {
  private readonly parts: KeptStateParts;
  /** As operators are before the first frame. */
  private readonly fresh: Readonly<Record<string, Snapshot>>;

  constructor(parts: KeptStateParts) {
    this.parts = parts;
    this.fresh = parts.states.snapshot();
  }

  copy(): StateCopy {
    return { states: this.parts.states.snapshot(), metrics: this.parts.metrics.snapshot() };
  }

  /** Goes on where the copy was made; gives sentences on what could not. */
  restore({ states, metrics }: StateCopy, were: Readonly<Record<string, string>>): string[] {
    const said = this.restoreMetrics(metrics);
    const { pipelines } = this.parts;
    const changed = new Set(
      Object.keys(pipelines).filter((name) => were[name] !== pipelines[name]),
    );
    const kept = Object.entries(states).filter(([name]) => !changed.has(pipelineOf(name)));
    try {
      // States that the checkpoint does not know are as they are at a start.
      this.parts.states.restore({ ...this.fresh, ...Object.fromEntries(kept) });
    } catch (error) {
      this.startAfresh();
      return [
        `the states of the checkpoint do not fit (${(error as Error).message}): all begin anew`,
      ];
    }
    for (const name of changed) {
      this.parts.metrics.rebase(this.parts.metricsOf(name));
      const isNew = were[name] === undefined;
      said.push(
        `pipeline ${name} ${isNew ? 'is new' : 'was changed'}: it begins with nothing seen`,
      );
    }
    for (const name of Object.keys(were)) {
      if (pipelines[name] === undefined)
        said.push(`pipeline ${name} is gone, and its state with it`);
    }
    return said;
  }

  /** Only the counters go on: the frames to come are those of another stream. */
  restoreMetrics(metrics: Readonly<Record<string, Snapshot>>): string[] {
    const odd = this.parts.metrics.restore(metrics);
    return odd.map((name) => `metric ${name} has other labels or buckets now: it begins at 0`);
  }

  /** Operators are as at a start; counters go on from where they are. */
  startAfresh(): void {
    this.parts.states.restore(this.fresh);
    for (const name of Object.keys(this.parts.pipelines)) {
      this.parts.metrics.rebase(this.parts.metricsOf(name));
    }
  }
}

/** The first part of a state's name is its pipeline's. */
function pipelineOf(state: string): string {
  return state.slice(0, state.indexOf('/'));
}
