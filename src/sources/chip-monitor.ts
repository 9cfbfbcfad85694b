import type { InboundMessage } from '../component/message.ts';
import type { FrameWatch, Inlet } from '../component/source.ts';
import type { HeldState, Snapshot } from '../component/state.ts';
import type { Timers } from '../component/timers.ts';
import { type Frame, frameCount } from '../frames/frame.ts';
import type { HealthFrame } from '../frames/health.ts';
import type { ChipPings, PingResult } from './chip-pings.ts';
import { Rounds } from './rounds.ts';
import {
  absenceOf,
  type ChipRules,
  forgottenAfterMs,
  isConnected,
  newChip,
  restoreChip,
  seconds,
  snapshotChip,
  toldHealth,
  type WatchedChip,
} from './watched-chip.ts';

/** `invalid`: the answer is no health frame of that chip. `failed`: a fault of the program. */
export type CheckOutcome =
  | Exclude<PingResult['outcome'], 'answer'>
  | 'answered'
  | 'invalid'
  | 'failed';

export interface ChipMonitorOptions extends ChipRules {
  /** Known from the start, and for ever. */
  readonly chips: readonly { readonly device_type: string; readonly chip_id: string }[];
  readonly chipsMax: number;
  readonly checkMs: number;
  readonly retryMs: number;
}

export interface ChipMonitorParts {
  readonly options: ChipMonitorOptions;
  /** Undefined where there is nobody to ask: chips are known by their frames only. */
  readonly pings: ChipPings | undefined;
  readonly timers: Timers;
  /** µs since the Unix epoch. */
  readonly nowUs: () => number;
  /**
   * Whether an answer is a health frame of its chip, where the inlet takes it later; where this is
   * absent the inlet takes it at once, and the frame shows it.
   */
  readonly isHealth?: ((answer: InboundMessage) => boolean) | undefined;
  /** A ping has ended. */
  readonly checked: (outcome: CheckOutcome) => void;
  /** So many frames came of one chip more than `chipsMax`. */
  readonly refused: (frames: number) => void;
  /** A round or a check failed, which is a fault of the program. */
  readonly failed: (error: unknown) => void;
}

/** Outcomes that are the chip's fault, of one that answered before. */
const MISSED: ReadonlySet<CheckOutcome> = new Set(['no_responders', 'timed_out', 'invalid']);

/** Between two rounds, where nothing is due earlier. */
const ROUND_MS_MAX = 1000;
/** Rounds in the time of silence: what they may find it late by. */
const ROUNDS_A_SILENCE = 20;
/** Pings under way at once: those without an answer must not keep others waiting. */
const PINGS_MAX = 1024;
/** A monitor without a round for as long does not work. */
const WORKING_MS_MAX = 15_000;

/**
 * Watches over chips (DESIGN §5): knows them by their frames, asks each for its health, and tells
 * the stream, as frames of emitter `spikescope`, whom it saw first, who is gone and why, who is
 * back, and who is forgotten. What a chip says of itself is in the stream already.
 */
export class ChipMonitor implements FrameWatch, HeldState {
  private readonly parts: ChipMonitorParts;
  private readonly chips = new Map<string, Map<string, WatchedChip>>();
  private readonly all = new Set<WatchedChip>();
  /** The chip of the frame before: frames of one chip come in a row. */
  private last: WatchedChip | undefined;
  private inlet: Inlet | undefined;
  private readonly rounds: Rounds;
  /** Between two rounds at most. */
  private readonly roundMs: number;
  private pinging = 0;
  /** Health frames that came in; tells whether an answer was one. */
  private healthFrames = 0;

  constructor(parts: ChipMonitorParts) {
    this.parts = parts;
    const { options, timers, failed } = parts;
    this.roundMs = Math.min(ROUND_MS_MAX, options.silenceMs / ROUNDS_A_SILENCE);
    const round = (nowMs: number): number => this.round(nowMs);
    this.rounds = new Rounds({ timers, everyMs: this.roundMs, round, failed });
    for (const { device_type, chip_id } of options.chips) {
      this.add(newChip(device_type, chip_id, 0, true));
    }
  }

  /** Frames may have come before: they are taken now. */
  start(inlet: Inlet): void {
    this.inlet = inlet;
    this.rounds.start();
  }

  stop(): void {
    this.inlet = undefined;
    this.rounds.stop();
    this.parts.pings?.close();
  }

  /** Called for every frame, and so does next to nothing. */
  saw(frame: Frame, isRepeat: boolean): void {
    switch (frame.kind) {
      case 'conversion':
      case 'inference':
      case 'benchmark':
      case 'log':
        return;
      default:
    }
    let chip = this.last;
    if (chip?.chipId !== frame.chipId || chip.deviceType !== frame.deviceType) {
      chip = this.chips.get(frame.deviceType)?.get(frame.chipId) ?? this.meet(frame);
      if (chip === undefined) return;
      this.last = chip;
    }
    if (!chip.isHeard) this.hear(chip);
    if (frame.kind === 'health') this.hearHealth(chip, frame, isRepeat);
  }

  /** Whether it knows a chip of that kind. */
  has(deviceType: string): boolean {
    return this.chips.has(deviceType);
  }

  /** Whether every known chip of the kind is connected, and there is one. */
  isConnected(deviceType: string): boolean {
    const chips = this.chips.get(deviceType);
    if (!this.isWorking || chips === undefined) return false;
    for (const chip of chips.values()) if (!isConnected(chip)) return false;
    return true;
  }

  get isWorking(): boolean {
    return !this.rounds.isFailing && this.rounds.ageMs < WORKING_MS_MAX;
  }

  /** Since the last round that went well. */
  get roundAgeMs(): number {
    return this.rounds.ageMs;
  }

  /** What is known of chips; the times of silence begin anew when it is restored. */
  snapshot(): Snapshot {
    return [...this.all].map(snapshotChip);
  }

  restore(snapshot: Snapshot): void {
    for (const entry of snapshot as readonly Snapshot[]) {
      const kept = restoreChip(entry, this.rounds.nowMs);
      const known = this.chips.get(kept.deviceType)?.get(kept.chipId);
      // Which chips are configured is for this start to say.
      if (known !== undefined) Object.assign(known, { ...kept, isConfigured: known.isConfigured });
      else if (this.all.size < this.parts.options.chipsMax) this.add(kept);
    }
  }

  private meet(frame: Frame): WatchedChip | undefined {
    if (this.all.size >= this.parts.options.chipsMax) {
      this.parts.refused(frameCount(frame));
      return undefined;
    }
    const { deviceType, chipId } = frame;
    const chip = newChip(deviceType, chipId, this.rounds.nowMs, false);
    this.add(chip);
    return chip;
  }

  private add(chip: WatchedChip): void {
    let chips = this.chips.get(chip.deviceType);
    if (chips === undefined) {
      chips = new Map();
      this.chips.set(chip.deviceType, chips);
    }
    chips.set(chip.chipId, chip);
    this.all.add(chip);
  }

  private hear(chip: WatchedChip): void {
    chip.isHeard = true;
    // A frame that changes what was said is told at once.
    if (chip.said !== 'present' && chip.answered !== 'not') this.rounds.wakeIn(0);
  }

  private hearHealth(chip: WatchedChip, frame: HealthFrame, isRepeat: boolean): void {
    this.healthFrames++;
    chip.hasSentHealth = true;
    if (!isRepeat) chip.saysDown = frame.status === 'down';
  }

  /** Looks at every chip; gives how long nothing is due. */
  private round(nowMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const chip of this.all) {
      this.examine(chip, nowMs);
      if (!chip.isAsked && chip.dueMs > nowMs) nextMs = Math.min(nextMs, chip.dueMs - nowMs);
    }
    return nextMs;
  }

  private examine(chip: WatchedChip, nowMs: number): void {
    if (chip.isHeard) {
      chip.heardMs = nowMs;
      chip.wasEverHeard = true;
      chip.isHeard = false;
    }
    this.judge(chip, nowMs);
    const forgottenMs = forgottenAfterMs(chip, this.parts.options);
    if (forgottenMs !== undefined && nowMs - chip.heardMs > forgottenMs) {
      this.forget(chip, `no frame for ${seconds(forgottenMs)}`);
    } else if (!chip.isAsked && chip.dueMs <= nowMs && this.pinging < PINGS_MAX) {
      const { pings } = this.parts;
      if (pings?.canAsk) void this.ask(chip, pings);
    }
  }

  /** Tells the stream where it knows otherwise. */
  private judge(chip: WatchedChip, nowMs: number): void {
    const { said } = chip;
    const absence = absenceOf(chip, nowMs, this.parts.options, this.parts.pings?.canAsk === true);
    if (absence !== undefined) {
      if (said !== 'absent') this.tell(chip, 'down', absence);
      chip.said = 'absent';
    } else if (chip.wasEverHeard) {
      if (said === 'absent') this.tell(chip, 'ok', 'connected again');
      else if (said !== 'present') this.tell(chip, 'ok', 'first seen');
      chip.said = 'present';
    } else if (said === 'nothing') {
      this.tell(chip, 'down', 'not seen yet');
      chip.said = 'unseen';
    }
  }

  private forget(chip: WatchedChip, reason: string): void {
    this.tell(chip, 'down', reason, true);
    this.all.delete(chip);
    const chips = this.chips.get(chip.deviceType);
    chips?.delete(chip.chipId);
    if (chips?.size === 0) this.chips.delete(chip.deviceType);
    if (this.last === chip) this.last = undefined;
  }

  private async ask(chip: WatchedChip, pings: ChipPings): Promise<void> {
    chip.isAsked = true;
    this.pinging++;
    try {
      const result = await pings.ask(chip.deviceType, chip.chipId);
      if (this.inlet !== undefined) this.conclude(chip, this.outcomeOf(result, this.inlet));
    } catch (error) {
      this.rounds.fail(error);
      this.conclude(chip, 'failed');
    } finally {
      this.pinging--;
      chip.isAsked = false;
    }
  }

  private conclude(chip: WatchedChip, outcome: CheckOutcome): void {
    const { checkMs, retryMs } = this.parts.options;
    this.parts.checked(outcome);
    // That nobody answers for a chip that never did is no error.
    const isUsual = chip.answered === 'never' && outcome === 'no_responders';
    if (outcome === 'answered') chip.answered = 'last';
    else if (chip.answered === 'last' && MISSED.has(outcome)) chip.answered = 'not';
    let waitMs = outcome === 'answered' || isUsual ? checkMs : retryMs;
    if (outcome === 'undecided') waitMs = this.roundMs;
    chip.dueMs = this.rounds.look() + waitMs;
    this.rounds.wakeIn(0);
  }

  /** An answer goes through the door as any message does; there it shows whether it is valid. */
  private outcomeOf(result: PingResult, inlet: Inlet): CheckOutcome {
    if (result.outcome !== 'answer') return result.outcome;
    const { isHealth } = this.parts;
    if (isHealth !== undefined) {
      inlet.message(result.message);
      return isHealth(result.message) ? 'answered' : 'invalid';
    }
    const before = this.healthFrames;
    inlet.message(result.message);
    return this.healthFrames > before ? 'answered' : 'invalid';
  }

  private tell(chip: WatchedChip, status: 'ok' | 'down', text: string, forgotten?: true): void {
    this.inlet?.frame(toldHealth(chip, this.parts.nowUs(), { status, text, forgotten }));
  }
}
