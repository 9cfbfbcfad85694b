import type { Difference } from './compare.ts';
import { JOINT } from './known-stream.ts';

/** Of one or more records of a run, from whichever of its chips had ended together. */
interface JointRun {
  records: number;
  t0Us: number;
  t1Us: number;
  readonly hardware: Set<string>;
  chips: number;
  frames: number;
  spikes: number;
  energyJoules: number;
  framesLost: number;
}

type Fields = Readonly<Record<string, unknown>>;

const RUN = new RegExp(`^run-${JOINT}\\d`);
/** Sums in another order differ in their last digits. */
const ENERGY_DIGITS = 6;

/**
 * Runs of chips in several partitions, as they were told. Which chips' ends were told first depends
 * on which worker was faster: a run is one record where all had begun by then, and else several.
 * Their sums are the same, and are what can be compared: a part that was joined twice, or not at
 * all, is in them.
 */
export class JointRuns {
  private readonly runs = new Map<string, JointRun>();

  static isOne(runId: unknown): runId is string {
    return typeof runId === 'string' && RUN.test(runId);
  }

  get records(): number {
    return [...this.runs.values()].reduce((sum, { records }) => sum + records, 0);
  }

  get size(): number {
    return this.runs.size;
  }

  add(runId: string, t0Us: number, fields: Fields): void {
    const run = this.runs.get(runId) ?? {
      ...{ records: 0, t0Us: Number.POSITIVE_INFINITY, t1Us: 0, hardware: new Set<string>() },
      ...{ chips: 0, frames: 0, spikes: 0, energyJoules: 0, framesLost: 0 },
    };
    const number = (name: string) => Number(fields[name] ?? 0);
    run.records++;
    run.t0Us = Math.min(run.t0Us, t0Us);
    run.t1Us = Math.max(run.t1Us, t0Us + number('span_us'));
    for (const each of String(fields['hardware']).split(',')) run.hardware.add(each);
    run.chips += number('chips');
    run.frames += number('frames');
    run.spikes += number('spikes');
    run.energyJoules += number('energy_joules');
    run.framesLost += number('frames_lost');
    this.runs.set(runId, run);
  }

  /** What each run was in all, whichever records told it. */
  get texts(): (readonly [runId: string, text: string])[] {
    return [...this.runs].map(([runId, { records: _records, hardware, energyJoules, ...sums }]) => {
      const joules = energyJoules.toFixed(ENERGY_DIGITS);
      return [runId, JSON.stringify({ ...sums, joules, hardware: [...hardware].sort() })];
    });
  }

  /** Against what was published: which runs there were, and of how many chips. */
  differences(published: ReadonlyMap<string, number>): Difference[] {
    const ids = new Set([...published.keys(), ...this.runs.keys()]);
    const wrong = [...ids].filter((id) => this.runs.get(id)?.chips !== published.get(id));
    if (wrong.length === 0) return [];
    const examples = wrong.slice(0, 5).map((id) => {
      return `${id}: ${this.runs.get(id)?.chips ?? 0} chips, published ${published.get(id) ?? 0}`;
    });
    return [{ what: 'joint runs other than published', count: wrong.length, examples }];
  }
}
