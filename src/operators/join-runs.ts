import type { OperatorFunction } from 'rxjs';
import type { CountEvent } from '../component/operator-event.ts';
import type { JoinedRecord } from '../component/pipeline.ts';
import type { Snapshot, StateSlot } from '../component/state.ts';
import { type Stateful, stateful } from './stateful.ts';
import type { RunEnd, RunRecord } from './track-runs.ts';

export interface JoinRunsOptions {
  readonly configHash: string | undefined;
  /** Runs that have not ended in all parts. */
  readonly openMax: number;
}

/**
 * Runs whose chips are in several parts: each part says when a run has begun and when it has ended
 * there. A run has ended when it has ended wherever it had begun; what a part then begins is a
 * further record, as it is within a part.
 */
export function joinRuns(
  options: JoinRunsOptions,
  slot: StateSlot,
  count: CountEvent,
): OperatorFunction<JoinedRecord, RunRecord> {
  return stateful(slot, (emit) => new RunJoin(options, count, emit));
}

/** What the parts that have ended say, summed. */
interface Joined {
  /** Parts in which it goes on. */
  open: number;
  t0Us: number;
  t1Us: number;
  hardware: string[];
  chips: number;
  model: string | null;
  frames: number;
  spikes: number;
  energyJoules: number | null;
  /** Null where a part did not know. */
  framesLost: number | null;
}

class RunJoin implements Stateful<JoinedRecord> {
  private readonly options: JoinRunsOptions;
  private readonly count: CountEvent;
  private readonly emit: (record: RunRecord) => void;
  private readonly runs = new Map<string, Joined>();

  constructor(options: JoinRunsOptions, count: CountEvent, emit: (record: RunRecord) => void) {
    this.options = options;
    this.count = count;
    this.emit = emit;
  }

  next(record: JoinedRecord): void {
    const { run_id: runId } = record.fields;
    if (typeof runId !== 'string') return;
    if (record.record === 'run-open-part') this.open(runId, record.t0Us);
    else this.end(runId, record);
  }

  private open(runId: string, t0Us: number): void {
    const known = this.runs.get(runId);
    if (known !== undefined) known.open++;
    else if (this.runs.size >= this.options.openMax) this.count('runs_refused', 1);
    else this.runs.set(runId, { ...EMPTY, hardware: [], open: 1, t0Us, t1Us: t0Us });
  }

  private end(runId: string, { fields, t0Us, spanUs }: JoinedRecord): void {
    const run = this.runs.get(runId);
    if (run === undefined) return;
    run.open--;
    run.t0Us = Math.min(run.t0Us, t0Us);
    run.t1Us = Math.max(run.t1Us, t0Us + spanUs);
    const hardware = [...run.hardware, ...String(fields['hardware'] ?? '').split(',')];
    run.hardware = [...new Set(hardware.filter((each) => each !== ''))].sort();
    run.chips += numberOf(fields['chips']) ?? 0;
    if (typeof fields['model'] === 'string') run.model ??= fields['model'];
    run.frames += numberOf(fields['frames']) ?? 0;
    run.spikes += numberOf(fields['spikes']) ?? 0;
    const energy = numberOf(fields['energy_joules']);
    if (energy !== undefined) run.energyJoules = (run.energyJoules ?? 0) + energy;
    const lost = numberOf(fields['frames_lost']);
    run.framesLost = lost === undefined || run.framesLost === null ? null : run.framesLost + lost;
    if (run.open > 0) return;
    this.runs.delete(runId);
    this.emit(this.recordOf(runId, run, fields['ended_by'] as RunEnd));
  }

  private recordOf(runId: string, run: Joined, endedBy: RunEnd): RunRecord {
    const { open: _open, model, energyJoules, framesLost, ...sums } = run;
    return {
      ...{ ...sums, runId, endedBy, configHash: this.options.configHash },
      model: model ?? undefined,
      energyJoules: energyJoules ?? undefined,
      framesLost: framesLost ?? undefined,
    };
  }

  snapshot(): Snapshot {
    return [...this.runs].map(([runId, run]) => {
      return [runId, { ...run, hardware: [...run.hardware] }];
    });
  }

  restore(snapshot: Snapshot): void {
    this.runs.clear();
    for (const [runId, run] of structuredClone(snapshot) as unknown as [string, Joined][]) {
      this.runs.set(runId, run);
    }
  }
}

const EMPTY: Omit<Joined, 'open' | 't0Us' | 't1Us' | 'hardware'> = {
  chips: 0,
  model: null,
  frames: 0,
  spikes: 0,
  energyJoules: null,
  framesLost: 0,
};

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
