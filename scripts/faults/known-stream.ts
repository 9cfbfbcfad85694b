import { frameMessage } from '../../src/emitter/frame-message.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { sampleCount } from '../../src/frames/frame.ts';
import { FRAME_KINDS, type FrameKind } from '../../src/frames/header.ts';
import { randomFrom } from '../../test/conformance/generate-frames.ts';
import { malformedCase } from '../../test/frames/malformed.ts';
import {
  type Chip,
  chipSlot,
  hostSlot,
  type Random,
  runEnd,
  runOf,
  SLOT_US,
} from './chip-frames.ts';

export interface StreamMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** By which the server knows it again when it is published once more. */
  readonly id: string;
}

/** What the messages that were made should count, in any order: known without Spikescope. */
export class StreamTally {
  readonly framesByKind = new Map<FrameKind, number>();
  readonly samplesByKind = new Map<FrameKind, number>();
  /** Chips in each run of several chips; all of these end. */
  readonly jointRuns = new Map<string, number>();
  spikes = 0;
  invalid = 0;
  repeated = 0;
  lost = 0;
  late = 0;
  restarts = 0;

  endJoint({ runId = '' }: Frame): void {
    this.jointRuns.set(runId, (this.jointRuns.get(runId) ?? 0) + 1);
  }

  add(frame: Frame): void {
    const { kind } = frame;
    const samples = sampleCount(frame);
    this.framesByKind.set(kind, (this.framesByKind.get(kind) ?? 0) + 1);
    this.samplesByKind.set(kind, (this.samplesByKind.get(kind) ?? 0) + samples);
    if (kind === 'spikes') this.spikes += samples;
  }
}

/** Of every message: how rough the known stream is. */
const REPEAT_SHARE = 0.02;
const LOST_SHARE = 0.01;
const LATE_SHARE = 0.015;
const MALFORMED_SHARE = 0.02;
/** Of every slot of a chip. */
const RESTART_SHARE = 0.01;
/** A late one comes after this many others, at most; seq is remembered for far more. */
const LATE_BY_MAX = 40;
const MALFORMED_BYTES_MAX = 20_000;
const START_US = 1_800_000_000_000_000;
/** One process joins nothing that could go wrong: its runs are long. */
const SLOTS_A_RUN = 60;
const SLOTS_IN_PARTITIONS = 3;
const CHIPS_TOGETHER = 2;
/** Where the server computes partitions, it takes subjects of these tokens alone. */
const IN_PARTITIONS = /^[^.]+(\.[^.]+){3}$/;
const IN_STREAM = new RegExp(`^spikeformer\\.(${FRAME_KINDS.join('|')})(\\.[!-)+-\\-/-=?-~]+)+$`);

/** Of the names of runs that several chips have together. */
export const JOINT = 'joint';

interface Emitter {
  readonly chip: Chip;
  readonly frames: (chip: Chip, random: Random) => Frame[];
  /** Undefined for one that names itself nowhere; it then never starts anew. */
  name: string | undefined;
  starts: number;
  readonly seqs: Map<string, number>;
}

/**
 * The stream that is published under faults: the same messages for a seed, as many as are asked
 * for, of all kinds, from several chips; some twice, some late, some lost, some that are no frames,
 * and emitters that start anew.
 */
export class KnownStream {
  readonly tally = new StreamTally();
  private readonly seed: number;
  private readonly isPartitioned: boolean;
  private readonly random: Random;
  private readonly emitters: readonly Emitter[];
  private readonly ready: StreamMessage[] = [];
  private readonly held: { readonly at: number; readonly message: StreamMessage }[] = [];
  private made = 0;
  private turn = 0;
  private malformed = 0;

  /** `chips` more beside the four, small ones, so that partitions by chip have something each. */
  constructor(seed: number, chips = 0) {
    this.seed = seed;
    this.isPartitioned = chips > 0;
    this.random = randomFrom(seed);
    const slots = this.isPartitioned ? SLOTS_IN_PARTITIONS : SLOTS_A_RUN;
    const chip = (
      deviceType: string,
      chipId: string,
      layers: Record<string, number>,
      runs = { name: chipId, slots, isJoint: false },
    ): Chip => ({
      ...{ deviceType, chipId, layers: new Map(Object.entries(layers)), runs },
      ...{ unit: deviceType === 'spinnaker' ? '1' : 'mV', isStepped: deviceType === 'spinnaker' },
      ...{ t0Us: START_US, slot: 0, synOps: 0 },
    });
    const emitter = (one: Chip, frames = chipSlot, isNamed = true): Emitter => ({
      ...{ chip: one, frames, name: isNamed ? `${one.chipId}-0` : undefined, starts: 0 },
      seqs: new Map(),
    });
    this.emitters = [
      emitter(chip('loihi2', 'a', { enc: 64, dec: 32 })),
      emitter(chip('loihi2', 'b', { enc: 48 })),
      emitter(chip('spinnaker', '0-1', { pop: 100 }), chipSlot, false),
      emitter(chip('cpu', 'host', {}), hostSlot),
      ...Array.from({ length: chips }, (_, i) => {
        const name = `${JOINT}${Math.floor(i / CHIPS_TOGETHER)}`;
        const runs = { name, slots, isJoint: true };
        return emitter(chip('loihi2', `s${i}`, { enc: 16 }, runs));
      }),
    ];
  }

  next(): StreamMessage {
    this.made++;
    const due = this.held.findIndex(({ at }) => at <= this.made);
    if (due >= 0) return (this.held.splice(due, 1)[0] as (typeof this.held)[0]).message;
    if (this.random() < MALFORMED_SHARE) return this.noFrame();
    while (this.ready.length === 0) this.emitSlot();
    return this.ready.shift() as StreamMessage;
  }

  /** What was made and not given out: the end of the stream, with those that were held back. */
  rest(): StreamMessage[] {
    for (const emitter of this.emitters) {
      const { chip } = emitter;
      const { runs, slot } = chip;
      if (!runs.isJoint || slot % runs.slots === 0) continue;
      this.emit(emitter, runEnd(chip, runOf(chip)));
    }
    return [...this.ready.splice(0), ...this.held.splice(0).map(({ message }) => message)];
  }

  private emitSlot(): void {
    const { random } = this;
    const emitter = this.emitters[this.turn++ % this.emitters.length] as Emitter;
    const { chip } = emitter;
    if (emitter.name !== undefined && random() < RESTART_SHARE) {
      emitter.name = `${chip.chipId}-${++emitter.starts}`;
      emitter.seqs.clear();
      chip.t0Us += 3 * SLOT_US;
      chip.synOps = 0;
      this.tally.restarts++;
    }
    for (const frame of emitter.frames(chip, random)) this.emit(emitter, frame);
    chip.t0Us += SLOT_US;
    chip.slot++;
  }

  private emit(emitter: Emitter, frame: Frame): void {
    const { random, tally } = this;
    const seq = emitter.seqs.get(frame.kind) ?? 0;
    emitter.seqs.set(frame.kind, seq + 1);
    const isJointEnd = emitter.chip.runs.isJoint && frame.kind === 'log';
    if (isJointEnd) tally.endJoint(frame);
    // The first of an emitter is what tells that it started; it is never missing.
    const roll = seq === 0 || isJointEnd ? 1 : random();
    if (roll < LOST_SHARE) {
      tally.lost++;
      return;
    }
    const encoding = random() < 0.1 && frame.kind !== 'membrane' ? 'json' : 'msgpack';
    const numbered = { ...frame, seq, emitter: emitter.name };
    const { subject, data, headers } = frameMessage(numbered, { encoding });
    const id = `${emitter.name ?? 'unnamed'}:${subject}:${seq}`;
    const own = headers.filter(([name]) => name !== 'Nats-Msg-Id');
    const message = { subject, data, headers: own, id };
    tally.add(frame);
    if (roll < LOST_SHARE + LATE_SHARE) {
      tally.late++;
      this.held.push({ at: this.made + 1 + Math.floor(random() * LATE_BY_MAX), message });
      return;
    }
    this.ready.push(message);
    if (seq > 0 && random() < REPEAT_SHARE) {
      tally.repeated++;
      this.ready.push({ ...message, id: `${id}:again` });
    }
  }

  /** One of the malformed messages whose subject the stream takes. */
  private noFrame(): StreamMessage {
    for (;;) {
      const { subject, data, contentType } = malformedCase(this.seed, this.malformed++);
      if (this.isPartitioned && !IN_PARTITIONS.test(subject)) continue;
      if (!IN_STREAM.test(subject) || data.length > MALFORMED_BYTES_MAX) continue;
      this.tally.invalid++;
      const isSendable = contentType !== undefined && /^[!-~ ]+$/.test(contentType);
      const headers = isSendable ? [['Content-Type', contentType] as const] : [];
      return { subject, data, headers, id: `malformed:${this.malformed}` };
    }
  }
}
