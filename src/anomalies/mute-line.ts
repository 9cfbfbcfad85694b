import { OWN_EMITTER } from '../frames/header.ts';
import type { LogFrame } from '../frames/log.ts';
import { MUTE, UNMUTE } from './mutes.ts';

/** Bounds of what is asked for. */
export const MUTE_LIMITS = {
  usMin: 1_000_000,
  usMax: 30 * 86_400_000_000,
  reasonCharsMax: 1024,
  nameCharsMax: 128,
} as const;

/** A wish that incidents of a chip or layer wake nobody for a time, or do so again. */
export interface MuteOrder {
  readonly deviceType: string;
  readonly chipId: string;
  /** Undefined for the whole chip. */
  readonly layerName: string | undefined;
  /** Undefined takes back what was muted. */
  readonly durationUs: number | undefined;
  readonly reason: string;
  readonly user: string | undefined;
}

/**
 * What is asked for goes as a log line of the chip: into the stream, recordings and replays. It is
 * Spikescope's own, and no frame of the chip.
 */
export function muteLine(order: MuteOrder, nowUs: number): LogFrame {
  const { deviceType, chipId, layerName, durationUs, reason, user } = order;
  return {
    kind: 'log',
    ...{ deviceType, chipId, t0Us: nowUs, spanUs: 0, seq: undefined },
    ...{ runId: undefined, emitter: OWN_EMITTER, arrivedUs: Number.NaN, restarts: 0 },
    level: 'INFO',
    text: reason,
    line: undefined,
    eventType: durationUs === undefined ? UNMUTE : MUTE,
    names: new Map([
      ['logger', 'spikeformer.neuromorphic'],
      ...(layerName === undefined ? [] : ([['layer_name', layerName]] as const)),
      ...(user === undefined ? [] : ([['user_id', user]] as const)),
    ]),
    ...{ errorMessage: undefined, requiresAttention: undefined },
    ...{ spikeCount: undefined, timestep: undefined, spikeRate: undefined },
    ...(durationUs !== undefined && { durationUs }),
  };
}
