import { UNORDERED } from '../kernels/column-kernels.ts';
import type { ColumnReader } from './columns.ts';
import { DenseSpikesFrame, denseOf } from './dense-spikes.ts';
import type { FrameLimits } from './limits.ts';
import { BINS, MsgpackSplitter, type MsgpackVarying, NUMBERS } from './msgpack-parts.ts';
import {
  afterText,
  branchFor,
  ENDS,
  type ShapeProgram,
  shapeProgram,
  stands,
  VARIES,
} from './shape-program.ts';
import { isShort, KnownShapes } from './shape-tree.ts';
import { noteOrder, type SpikesFrame, spikesLike, withoutColumns } from './spikes.ts';
import type { FrameSubject } from './subject.ts';

const [T0, SPAN, SEQ, TIMESTEP0] = [0, 1, 2, 3] as const;
const [IDS, TIMES, IDS16, TIMES16, STEPS] = [0, 1, 2, 3, 4] as const;

/** What a shape means: a frame, its varying numbers and columns aside. */
interface Like {
  readonly frame: SpikesFrame;
  /** By place in NUMBERS: whether that one varies. */
  readonly varies: readonly boolean[];
  /** Places in BINS of its columns: of the ids and of the times. */
  readonly ids: number;
  readonly times: number;
  /** The same frame, to be filled with the numbers of the one that is read. */
  readonly filled: Numbered;
}

type Numbered = { -readonly [Name in keyof SpikesFrame]: SpikesFrame[Name] };

/** Kinds of what varies, in a program: of each its kind, slot, tag and width. */
const KINDS = ['number', 'unread', 'bin'] as const;
const [NUMBER, , BIN] = [0, 1, 2] as const;

function encodeVarying({ what, slot, tag, width }: MsgpackVarying): readonly number[] {
  return [KINDS.indexOf(what), slot, tag, width];
}

/**
 * Reads spike frames in msgpack that look like one that was read before, without making values of
 * their bytes: where all bytes are the same but those of `t0`, `span_us`, `seq`, `timestep0`, the
 * columns and numbers that nobody reads, so is what they mean. Learns from frames that the reader
 * has read and found valid; whatever is unusual is the reader's, and so are all errors.
 */
export class MsgpackShapes {
  private readonly limits: FrameLimits;
  private readonly columns: ColumnReader;
  private readonly splitter = new MsgpackSplitter();
  private readonly known = new KnownShapes<MsgpackVarying, Like>();
  /** The known shapes of each subject, as they are read along. */
  private readonly programs = new Map<FrameSubject, ShapeProgram<Like>>();
  private view: DataView = new DataView(new ArrayBuffer(0));
  private readonly numbers = new Float64Array(NUMBERS.length);
  private readonly binAt = new Int32Array(BINS.length);
  private readonly binBytes = new Int32Array(BINS.length);

  constructor(limits: FrameLimits, columns: ColumnReader) {
    this.limits = limits;
    this.columns = columns;
  }

  /** Undefined where the message has no known shape or is not valid: the reader says which. */
  read(bytes: Uint8Array, subject: FrameSubject): SpikesFrame | undefined {
    const program = this.programs.get(subject);
    const like = program === undefined ? undefined : this.follow(bytes, program);
    const frame = like === undefined ? undefined : this.frameLike(bytes, like);
    this.known.met(frame !== undefined);
    return frame;
  }

  /** Remembers what a message looks like that was read as this frame. */
  learn(bytes: Uint8Array, subject: FrameSubject, frame: SpikesFrame): void {
    if (!this.known.spend()) return;
    const parts = this.splitter.split(bytes);
    if (parts === undefined) return;
    const bins: number[] = [];
    const varies = NUMBERS.map(() => false);
    for (const { varying } of parts) {
      if (varying?.what === 'bin') bins.push(varying.slot);
      else if (varying?.what === 'number') varies[varying.slot] = true;
    }
    if (!isShort(parts) || !arePlain(bins)) return;
    const shape = withoutColumns(frame);
    const [ids, times] = bins.toSorted((a, b) => Number(isTimes(a)) - Number(isTimes(b)));
    const like: Like = {
      ...{ frame: shape, filled: { ...shape }, varies },
      ...{ ids: ids as number, times: times as number },
    };
    const root = this.known.add(subject, parts, like);
    if (this.known.count === 1) this.programs.clear();
    const program = shapeProgram(root, encodeVarying);
    if (program !== undefined) {
      this.programs.set(subject, program);
    } else {
      this.known.forget(subject);
      this.programs.delete(subject);
    }
  }

  /** Reads along the bytes of known shapes; gives what the message looks like. */
  private follow(bytes: Uint8Array, { code, likes }: ShapeProgram<Like>): Like | undefined {
    if (bytes.buffer !== this.view.buffer) this.view = new DataView(bytes.buffer);
    const { view } = this;
    const start = bytes.byteOffset;
    const end = start + bytes.length;
    let at = start;
    let step = 0;
    for (;;) {
      const length = code[step] as number;
      if (at + length > end || !stands(code, step + 1, length, view, at)) return undefined;
      at += length;
      step = afterText(step + 1, length);
      const then = code[step] as number;
      if (then === VARIES) {
        at = this.take(code, step + 1, at, start, end);
        if (at > end) return undefined;
        step += 5;
      } else if (then === ENDS) {
        return at === end ? likes[code[step + 1] as number] : undefined;
      } else {
        step = at < end ? branchFor(code, step + 1, view.getUint8(at)) : -1;
        if (step < 0) return undefined;
      }
    }
  }

  /**
   * Takes what varies, as the program says from `how` on; gives where it ends, which is past the
   * end of the message where that ends before.
   */
  private take(code: Int32Array, how: number, at: number, start: number, end: number): number {
    const { view } = this;
    const kind = code[how] as number;
    const slot = code[how + 1] as number;
    const width = code[how + 3] as number;
    const next = at + width;
    if (next > end) return next;
    if (kind === BIN) {
      const length = unsigned(view, at, width);
      this.binAt[slot] = next - start;
      this.binBytes[slot] = length;
      return next + length;
    }
    if (kind === NUMBER) this.numbers[slot] = number(view, at, code[how + 2] as number);
    return next;
  }

  /** Undefined where a value is not valid. */
  private frameLike(bytes: Uint8Array, like: Like): SpikesFrame | undefined {
    const { frame, varies } = like;
    const { numbers, limits, columns } = this;
    const t0Us = varies[T0] === true ? (numbers[T0] as number) : frame.t0Us;
    const spanUs = varies[SPAN] === true ? (numbers[SPAN] as number) : frame.spanUs;
    const seq = varies[SEQ] === true ? (numbers[SEQ] as number) : frame.seq;
    const timestep0 = varies[TIMESTEP0] === true ? (numbers[TIMESTEP0] as number) : frame.timestep0;
    if (!isWhole(t0Us) || !isWhole(spanUs) || !isWhole(t0Us + spanUs)) return undefined;
    if (spanUs < 1 || spanUs > limits.spanUsMax) return undefined;
    if (seq !== undefined && !isWhole(seq)) return undefined;
    if (timestep0 !== undefined && !isWhole(timestep0)) return undefined;
    columns.reset(bytes.length, false);
    if (like.ids !== IDS || like.times !== TIMES) {
      const { filled } = like;
      filled.t0Us = t0Us;
      filled.spanUs = spanUs;
      filled.seq = seq;
      filled.timestep0 = timestep0;
      return this.dense(bytes, like);
    }
    const idBytes = this.binBytes[IDS] as number;
    const spikes = idBytes / 4;
    if (idBytes !== this.binBytes[TIMES] || !Number.isInteger(spikes)) return undefined;
    if (spikes > limits.samplesMax) return undefined;
    columns.spikes(bytes, this.binAt[IDS] as number, this.binAt[TIMES] as number, spikes);
    const { timeMax } = columns;
    const isOrdered = timeMax < UNORDERED;
    const dtMax = isOrdered ? timeMax : timeMax - UNORDERED;
    if (spikes > 0 && (columns.largest >= frame.neuronCount || dtMax >= spanUs)) return undefined;
    const times = noteOrder(columns.spikeTimes, isOrdered);
    return spikesLike(frame, t0Us, spanUs, seq, timestep0, columns.spikeIds, times);
  }

  /** Undefined where a column is no whole number of values, or too long. */
  private dense(bytes: Uint8Array, { ids, times, filled }: Like): SpikesFrame | undefined {
    const { columns, binAt, binBytes } = this;
    const { samplesMax } = this.limits;
    const spikes = (binBytes[ids] as number) / (ids === IDS ? 4 : 2);
    const values = (binBytes[times] as number) / (times === TIMES ? 4 : 2);
    if (!Number.isInteger(spikes) || spikes > samplesMax) return undefined;
    if (!Number.isInteger(values) || values > samplesMax) return undefined;
    const idsAt = binAt[ids] as number;
    const timesAt = binAt[times] as number;
    const neuronIds =
      ids === IDS ? columns.u32At(bytes, idsAt, spikes) : columns.u16At(bytes, idsAt, spikes);
    const isU32 = times === TIMES;
    const column = isU32 ? undefined : columns.u16At(bytes, timesAt, values);
    const wide = isU32 ? columns.u32At(bytes, timesAt, values) : column;
    const dts = times === STEPS ? undefined : wide;
    const dense = denseOf(neuronIds, dts, column, filled, filled.spanUs, columns.scratch);
    return new DenseSpikesFrame(filled, filled, dense, columns.scratch);
  }
}

function isTimes(slot: number): boolean {
  return slot !== IDS && slot !== IDS16;
}

/** Whether these columns are one of the forms that spikes come in: nothing beside it, or for it. */
function arePlain(bins: readonly number[]): boolean {
  const has = (slot: number) => (bins.includes(slot) ? 1 : 0);
  const ids = has(IDS) + has(IDS16);
  const times = has(TIMES) + has(TIMES16) + has(STEPS);
  return bins.length === 2 && ids === 1 && times === 1;
}

function isWhole(value: number): boolean {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value;
}

function unsigned(view: DataView, at: number, width: number): number {
  if (width === 2) return view.getUint16(at);
  return width === 1 ? view.getUint8(at) : view.getUint32(at);
}

/** A number by its tag; NaN, which no field takes, of one that is not written as its tag says. */
function number(view: DataView, at: number, tag: number): number {
  switch (tag) {
    case 0: {
      const value = view.getUint8(at);
      return value < 0x80 ? value : Number.NaN;
    }
    case 0xca:
      return view.getFloat32(at);
    case 0xcb:
      return view.getFloat64(at);
    case 0xcc:
      return view.getUint8(at);
    case 0xcd:
      return view.getUint16(at);
    case 0xce:
      return view.getUint32(at);
    case 0xcf:
      return view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
    case 0xd0:
      return view.getInt8(at);
    case 0xd1:
      return view.getInt16(at);
    case 0xd2:
      return view.getInt32(at);
    default:
      return view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4);
  }
}
