import type { Snapshot } from '../component/state.ts';
import { OWN_EMITTER } from '../frames/header.ts';
import type { HealthFrame } from '../frames/health.ts';

/** The times that decide about a chip, ms of the monitor's clock. */
export interface ChipRules {
  /** A chip that can't be asked is disconnected when it was silent for longer. */
  readonly silenceMs: number;
  /** A chip that never answered nor sent health is forgotten when it was silent for longer. */
  readonly forgetMs: number;
  /** The same for one that did either. */
  readonly forgetReportingMs: number;
}

/** What the stream was told of a chip last; `unseen`: it is configured and gave no sign yet. */
export type Said = 'nothing' | 'unseen' | 'present' | 'absent';

/** What the monitor knows of one chip. */
export interface WatchedChip {
  readonly deviceType: string;
  readonly chipId: string;
  readonly isConfigured: boolean;
  /** Set by a frame, taken by the next round: a frame costs no look at a clock. */
  isHeard: boolean;
  wasEverHeard: boolean;
  /** The round that took its last frame; when it became known, before any. */
  heardMs: number;
  /** An answer to a ping is health as well. */
  hasSentHealth: boolean;
  /** Its own last word was `down`. */
  saysDown: boolean;
  /** Whether it answered the last ping; `never` as long as it answered none at all. */
  answered: 'never' | 'last' | 'not';
  /** A ping is under way. */
  isAsked: boolean;
  /** When it is to be asked next. */
  dueMs: number;
  said: Said;
}

export function newChip(
  deviceType: string,
  chipId: string,
  nowMs: number,
  isConfigured: boolean,
): WatchedChip {
  return {
    deviceType,
    chipId,
    isConfigured,
    isHeard: false,
    wasEverHeard: false,
    heardMs: nowMs,
    hasSentHealth: false,
    saysDown: false,
    answered: 'never',
    isAsked: false,
    dueMs: nowMs,
    said: 'nothing',
  };
}

/** What a restart has to know of a chip; its pings begin anew. */
export function snapshotChip(chip: WatchedChip): Snapshot {
  const { deviceType, chipId, wasEverHeard, hasSentHealth, saysDown, answered, said } = chip;
  return { deviceType, chipId, wasEverHeard, hasSentHealth, saysDown, answered, said };
}

export function restoreChip(snapshot: Snapshot, nowMs: number): WatchedChip {
  const kept = snapshot as unknown as WatchedChip;
  return { ...newChip(kept.deviceType, kept.chipId, nowMs, false), ...kept };
}

/** Connected, as far as the stream was told and by its own word. */
export function isConnected(chip: WatchedChip): boolean {
  return chip.said === 'present' && !chip.saysDown;
}

/**
 * Why a chip is not there; undefined where it is. One that ever answered a ping needs to have
 * answered the last; of one that never did, or while nobody can be asked, a frame needs to have
 * come lately.
 */
export function absenceOf(
  chip: WatchedChip,
  nowMs: number,
  rules: ChipRules,
  canAsk: boolean,
): string | undefined {
  if (chip.answered === 'not') return 'did not answer';
  if (chip.answered === 'last' && canAsk) return undefined;
  return nowMs - chip.heardMs > rules.silenceMs
    ? `silent for ${seconds(rules.silenceMs)}`
    : undefined;
}

/** For how long a chip is silent when it is forgotten; undefined for one that stays. */
export function forgottenAfterMs(chip: WatchedChip, rules: ChipRules): number | undefined {
  if (chip.isConfigured) return undefined;
  return chip.hasSentHealth ? rules.forgetReportingMs : rules.forgetMs;
}

/** What the service itself says of a chip, as the frame that goes into the stream. */
export function toldHealth(
  { deviceType, chipId }: WatchedChip,
  nowUs: number,
  told: Pick<HealthFrame, 'status' | 'text' | 'forgotten'>,
): HealthFrame {
  return {
    kind: 'health',
    deviceType,
    chipId,
    t0Us: nowUs,
    spanUs: 0,
    seq: undefined,
    runId: undefined,
    emitter: OWN_EMITTER,
    arrivedUs: nowUs,
    restarts: 0,
    temperatureC: undefined,
    ...told,
  };
}

export function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
