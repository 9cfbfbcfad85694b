import type { OperatorFunction } from 'rxjs';
import type { CountEvent } from '../component/operator-event.ts';
import type { QuietState, Snapshot, StateSlot } from '../component/state.ts';
import type { Frame } from '../frames/frame.ts';
import { OWN_EMITTER } from '../frames/header.ts';
import type { SpikesFrame } from '../frames/spikes.ts';
import { KeyedByNames } from './keyed.ts';
import { Recent } from './recent.ts';
import {
  addToPart,
  isFull,
  missingBefore,
  modelOf,
  newPart,
  type OpenRun,
  type RunChip,
  type RunPart,
} from './run-state.ts';
import { type Stateful, stateful } from './stateful.ts';

/** Why a run was taken to have ended. */
export type RunEnd = 'said' | 'silence' | 'next' | 'input';

/** A run that has ended, with what all its chips did. */
export interface RunRecord {
  readonly runId: string;
  /** From the start of its first frame to the end of its last. */
  readonly t0Us: number;
  readonly t1Us: number;
  /** Kinds of its devices, in the order of the alphabet. */
  readonly hardware: readonly string[];
  readonly chips: number;
  readonly model: string | undefined;
  readonly frames: number;
  readonly spikes: number;
  readonly energyJoules: number | undefined;
  /** Undefined where a frame had no seq. */
  readonly framesLost: number | undefined;
  readonly endedBy: RunEnd;
  readonly configHash: string | undefined;
}

/** A run has begun: told where its chips are shared, so that who joins them can wait for all. */
export interface RunOpened {
  readonly opened: true;
  readonly runId: string;
  readonly t0Us: number;
}

export type RunEvent = RunRecord | RunOpened;

export function isOpened(event: RunEvent): event is RunOpened {
  return 'opened' in event;
}

export interface TrackRunsOptions {
  /** Tells when a run begins, too. */
  readonly tellsOpened?: boolean;
  /** A chip that sends nothing of a run for so long has left it. */
  readonly idleUs: number;
  /** Runs that have not ended. */
  readonly openMax: number;
  readonly chipsMax: number;
  /** Of the configuration, told with each record. */
  readonly configHash: string | undefined;
}

/** The event of the log line that says a run is over. */
export const RUN_END = 'run_end';
/** A chip on which another run goes on for so long has left the one before: frames may be late. */
const SETTLED_US = 10_000_000;
/** Runs that ended last: what comes of them late opens no other. */
const ENDED_MAX = 4096;

/**
 * Follows runs by the `run_id` of frames, over all kinds and chips, and emits each when it has
 * ended: when a log line with the event `run_end` says so (an emitter's, or that of the watch in
 * src/sources/run-watch.ts, which knows silence by arrival); when each of its chips has gone on
 * without it, by `idleUs` of its own frames' time, or by 10 s of another run; when the input ends.
 * A run whose frames go on after that is a further record; what lies before its end is late.
 */
export function trackRuns(
  options: TrackRunsOptions,
  slot: StateSlot,
  count: CountEvent,
): OperatorFunction<Frame, RunEvent> {
  return stateful(slot, (emit) => new RunTracker(options, count, emit));
}

class RunTracker implements Stateful<Frame>, QuietState {
  private readonly options: TrackRunsOptions;
  private readonly count: CountEvent;
  private readonly emit: (record: RunEvent) => void;
  private readonly runs = new Map<string, OpenRun>();
  private readonly chips: KeyedByNames<RunChip>;
  private readonly endedUs = new Recent<number>(ENDED_MAX);

  constructor(options: TrackRunsOptions, count: CountEvent, emit: (record: RunEvent) => void) {
    this.options = options;
    this.count = count;
    this.emit = emit;
    this.chips = new KeyedByNames(options.chipsMax);
  }

  next(frame: Frame): void {
    const { runId } = frame;
    const isOwn = frame.emitter === OWN_EMITTER;
    if (!isOwn) this.take(frame, runId);
    if (frame.kind !== 'log' || frame.eventType !== RUN_END || runId === undefined) return;
    const run = this.runs.get(runId);
    if (run !== undefined) this.end(run, isOwn ? 'silence' : 'said');
  }

  /** A chip may leave another run that it was on, as its time goes on. */
  quietUntilUs({ deviceType, chipId, runId }: SpikesFrame): number {
    const chip = this.chips.get(deviceType, chipId, '');
    if (chip === undefined) return runId === undefined ? Number.POSITIVE_INFINITY : 0;
    // Of emitters that are remembered in turns, each frame may be the first.
    if (isFull(chip)) return 0;
    let untilUs = Number.POSITIVE_INFINITY;
    let isOn = runId === undefined;
    for (const part of chip.parts) {
      if (part.runId === runId) isOn = true;
      else untilUs = Math.min(untilUs, part.lastUs + Math.min(SETTLED_US, this.options.idleUs));
    }
    return isOn ? untilUs : 0;
  }

  private take(frame: Frame, runId: string | undefined): void {
    // Where nobody names runs there is nothing to look up.
    if (runId === undefined && this.chips.isEmpty) return;
    const { deviceType, chipId } = frame;
    let chip = this.chips.get(deviceType, chipId, '');
    if (chip === undefined) {
      if (runId === undefined) return;
      chip = { sequences: [], parts: [] };
      if (!this.chips.add(deviceType, chipId, '', chip)) {
        this.count('chips_refused', 1);
        return;
      }
    }
    // Asked of frames without a run as well: they are no gap between those that have one.
    const missing = missingBefore(chip, frame);
    if (chip.parts.length > 0) this.leave(chip, frame);
    if (runId !== undefined) this.add(chip, frame, runId, missing);
  }

  /** The chip's time goes on: runs that it has sent nothing of for long enough, it has left. */
  private leave(chip: RunChip, frame: Frame): void {
    const { idleUs } = this.options;
    for (const part of chip.parts.slice()) {
      const goneUs = frame.t0Us - part.lastUs;
      const isNext = frame.runId !== undefined && frame.runId !== part.runId;
      if (goneUs < (isNext ? Math.min(SETTLED_US, idleUs) : idleUs)) continue;
      part.hasLeft = true;
      const run = this.runs.get(part.runId) as OpenRun;
      if (run.parts.every(({ hasLeft }) => hasLeft)) {
        this.end(run, goneUs < idleUs ? 'next' : 'silence');
      }
    }
  }

  private add(chip: RunChip, frame: Frame, runId: string, missing: number | undefined): void {
    const run = this.openRun(frame, runId);
    if (run === undefined) return;
    let part = chip.parts.find((each) => each.runId === runId);
    if (part === undefined) {
      part = newPart(frame, runId);
      chip.parts.push(part);
      run.parts.push(part);
    }
    addToPart(part, frame, missing);
    run.firstUs = Math.min(run.firstUs, frame.t0Us);
    run.model ??= modelOf(frame) ?? null;
  }

  private openRun(frame: Frame, runId: string): OpenRun | undefined {
    const open = this.runs.get(runId);
    if (open !== undefined) return open;
    if (frame.t0Us < (this.endedUs.get(runId) ?? Number.NEGATIVE_INFINITY)) {
      this.count('run_frames_late', 1);
      return undefined;
    }
    if (this.runs.size >= this.options.openMax) {
      this.count('runs_refused', 1);
      return undefined;
    }
    const run: OpenRun = { runId, firstUs: frame.t0Us, model: null, parts: [] };
    this.runs.set(runId, run);
    if (this.options.tellsOpened === true) {
      this.emit({ opened: true, runId, t0Us: frame.t0Us });
    }
    return run;
  }

  private end(run: OpenRun, endedBy: RunEnd): void {
    this.runs.delete(run.runId);
    for (const part of run.parts) {
      const parts = this.chips.get(part.deviceType, part.chipId, '')?.parts;
      parts?.splice(parts.indexOf(part), 1);
    }
    const record = { ...recordOf(run, endedBy), configHash: this.options.configHash };
    this.endedUs.set(run.runId, record.t1Us);
    this.emit(record);
  }

  finish(): void {
    for (const run of this.runs.values()) this.end(run, 'input');
  }

  snapshot(): Snapshot {
    const chips = [...this.chips.entries()].map(([device, chip, , { sequences }]) => [
      device,
      chip,
      structuredClone(sequences),
    ]);
    const runs = [...this.runs.values()].map((run) => structuredClone(run));
    return { chips, runs, ended: this.endedUs.entries() } as unknown as Snapshot;
  }

  restore(snapshot: Snapshot): void {
    const kept = snapshot as unknown as Kept;
    this.runs.clear();
    this.chips.clear();
    for (const [device, chip, sequences] of kept.chips) {
      this.chips.add(device, chip, '', { sequences: structuredClone(sequences), parts: [] });
    }
    for (const run of structuredClone(kept.runs)) {
      this.runs.set(run.runId, run);
      for (const part of run.parts) {
        this.chips.get(part.deviceType, part.chipId, '')?.parts.push(part);
      }
    }
    this.endedUs.fill(kept.ended);
  }
}

interface Kept {
  readonly chips: readonly (readonly [string, string, RunChip['sequences']])[];
  readonly runs: OpenRun[];
  readonly ended: readonly (readonly [string, number])[];
}

function recordOf(
  { runId, firstUs, model, parts }: OpenRun,
  endedBy: RunEnd,
): Omit<RunRecord, 'configHash'> {
  const sum = (of: (part: RunPart) => number) => parts.reduce((total, part) => total + of(part), 0);
  const isCounted = parts.every(({ isUncounted }) => !isUncounted);
  const hasPower = parts.some(({ rail }) => rail?.hasLast === true);
  return {
    runId,
    t0Us: firstUs,
    t1Us: Math.max(...parts.map(({ lastUs }) => lastUs)),
    hardware: [...new Set(parts.map(({ deviceType }) => deviceType))].sort(),
    chips: parts.length,
    model: model ?? undefined,
    frames: sum(({ frames }) => frames),
    spikes: sum(({ spikes }) => spikes),
    energyJoules: hasPower ? sum(({ rail }) => rail?.energyJoules ?? 0) : undefined,
    framesLost: isCounted
      ? Math.max(
          0,
          sum(({ lost }) => lost),
        )
      : undefined,
    endedBy,
  };
}
