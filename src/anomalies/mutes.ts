import type { CountEvent } from '../component/operator-event.ts';
import type { HeldState, Snapshot } from '../component/state.ts';
import type { FrameHeader } from '../frames/header.ts';
import type { LogFrame } from '../frames/log.ts';
import type { Place } from './finding.ts';

/** Log lines with these events mute a chip or layer, and end that; who sends them is said by both. */
export const MUTE = 'mute';
export const UNMUTE = 'unmute';

/** A mute as it is told when it begins, is taken back, or is over. */
export interface MuteRecord {
  readonly event: 'muted' | 'unmuted' | 'expired';
  readonly deviceType: string;
  readonly chipId: string;
  /** Undefined for the whole chip. */
  readonly layerName: string | undefined;
  readonly reason: string;
  readonly user: string | undefined;
  /** By the chip's event time. */
  readonly tUs: number;
  /** Undefined while no frame of the chip has come to count from. */
  readonly untilUs: number | undefined;
}

interface Mute {
  readonly deviceType: string;
  readonly chipId: string;
  readonly layerName: string;
  readonly reason: string;
  readonly user: string | null;
  readonly durationUs: number;
  /** Below 0 before the first frame of the chip. */
  untilUs: number;
}

const DURATION_US = 3_600_000_000;

/**
 * Who is muted until when. A mute lasts by the event time of its chip, from the last frame that
 * came before it: so it is the same in a replay, and on recordings whose time begins at 0.
 */
export class Mutes implements HeldState {
  private readonly max: number;
  private readonly count: CountEvent;
  private readonly tell: (record: MuteRecord) => void;
  private mutes: Mute[] = [];

  constructor(max: number, count: CountEvent, tell: (record: MuteRecord) => void) {
    this.max = max;
    this.count = count;
    this.tell = tell;
  }

  get isEmpty(): boolean {
    return this.mutes.length === 0;
  }

  /** A log line; `chipUs` is how far its chip has come, below 0 where it is not known. */
  nextLog(frame: LogFrame, chipUs: number): void {
    if (frame.eventType === MUTE) this.mute(frame, chipUs);
    else if (frame.eventType === UNMUTE) this.unmute(frame, chipUs);
  }

  private mute(frame: LogFrame, chipUs: number): void {
    const { deviceType, chipId, names, text } = frame;
    const layerName = names.get('layer_name') ?? '';
    const durationUs = frame.durationUs ?? DURATION_US;
    const others = this.mutes.filter((mute) => !isOf(mute, deviceType, chipId, layerName));
    if (others.length >= this.max) {
      this.count('mutes_refused', 1);
      return;
    }
    const mute: Mute = {
      ...{ deviceType, chipId, layerName, durationUs },
      reason: text,
      user: names.get('user_id') ?? null,
      untilUs: chipUs < 0 ? -1 : chipUs + durationUs,
    };
    this.mutes = [...others, mute];
    this.say('muted', mute, chipUs < 0 ? frame.t0Us : chipUs);
  }

  private unmute(frame: LogFrame, chipUs: number): void {
    const layerName = frame.names.get('layer_name') ?? '';
    const ended = this.mutes.find((mute) => isOf(mute, frame.deviceType, frame.chipId, layerName));
    if (ended === undefined) return;
    this.mutes = this.mutes.filter((mute) => mute !== ended);
    this.say('unmuted', ended, chipUs < 0 ? frame.t0Us : chipUs);
  }

  /** A chip has come to `chipUs`; true where a mute of it is over. */
  pass({ deviceType, chipId }: FrameHeader, chipUs: number): boolean {
    let isOver = false;
    for (const mute of this.mutes) {
      if (mute.chipId !== chipId || mute.deviceType !== deviceType) continue;
      if (mute.untilUs < 0) mute.untilUs = chipUs + mute.durationUs;
      if (chipUs < mute.untilUs) continue;
      isOver = true;
      this.mutes = this.mutes.filter((each) => each !== mute);
      this.say('expired', mute, mute.untilUs);
    }
    return isOver;
  }

  /** Whether what is wrong at a place is not to be told now. */
  isMuted({ deviceType, chipId, layerName }: Place): boolean {
    return this.mutes.some(
      (mute) =>
        mute.deviceType === deviceType &&
        mute.chipId === chipId &&
        (mute.layerName === '' || mute.layerName === layerName),
    );
  }

  private say(event: MuteRecord['event'], mute: Mute, tUs: number): void {
    const { deviceType, chipId, layerName, reason, user, untilUs } = mute;
    this.tell({
      ...{ event, deviceType, chipId, reason, tUs },
      layerName: layerName === '' ? undefined : layerName,
      user: user ?? undefined,
      untilUs: untilUs < 0 ? undefined : untilUs,
    });
  }

  snapshot(): Snapshot {
    return this.mutes.map((mute) => ({ ...mute }));
  }

  restore(snapshot: Snapshot): void {
    this.mutes = (snapshot as unknown as readonly Mute[]).map((mute) => ({ ...mute }));
  }
}

function isOf(mute: Mute, deviceType: string, chipId: string, layerName: string): boolean {
  return mute.chipId === chipId && mute.deviceType === deviceType && mute.layerName === layerName;
}
