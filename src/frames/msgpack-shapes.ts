import { UNORDERED } from '../kernels/column-kernels.ts';
import type { ColumnReader } from './columns.ts';
import { DenseSpikesFrame, readDense } from './dense-spikes.ts';
import type { Fields } from './fields.ts';
import type { FrameLimits } from './limits.ts';
import { BINS, MsgpackSplitter, type MsgpackVarying, NUMBERS } from './msgpack-parts.ts';
import { branchOf, isShort, KnownShapes, type ShapeNode, standsAt } from './shape-tree.ts';
import { noteOrder, type SpikesFrame, spikesLike, withoutColumns } from './spikes.ts';
import type { FrameSubject } from './subject.ts';

const [T0, SPAN, SEQ, TIMESTEP0] = [0, 1, 2, 3] as const;
const [IDS, TIMES, IDS16, TIMES16, STEPS] = [0, 1, 2, 3, 4] as const;

/** What a shape means: a frame, its varying numbers and columns aside. */
interface Like {
  readonly frame: SpikesFrame;
  /** By place in NUMBERS: whether that one varies. */
  readonly varies: readonly boolean[];
  /** Places in BINS of its columns. */
  readonly bins: readonly number[];
}

type Node = ShapeNode<MsgpackVarying, Like>;

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
  private view: DataView = new DataView(new ArrayBuffer(0));
  private at = 0;
  private readonly numbers = new Float64Array(NUMBERS.length);
  private readonly binAt = new Int32Array(BINS.length);
  private readonly binBytes = new Int32Array(BINS.length);

  constructor(limits: FrameLimits, columns: ColumnReader) {
    this.limits = limits;
    this.columns = columns;
  }

  /** Undefined where the message has no known shape or is not valid: the reader says which. */
  read(bytes: Uint8Array, subject: FrameSubject): SpikesFrame | undefined {
    const root = this.known.rootOf(subject);
    const like = root === undefined ? undefined : this.follow(bytes, root);
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
    this.known.add(subject, parts, { frame: withoutColumns(frame), varies, bins });
  }

  /** Reads along the bytes of known shapes; gives what the message looks like. */
  private follow(bytes: Uint8Array, root: Node): Like | undefined {
    if (bytes.buffer !== this.view.buffer) this.view = new DataView(bytes.buffer);
    this.at = 0;
    const { view } = this;
    let node = root;
    while (true) {
      if (!standsAt(node, bytes, view, this.at, bytes.length)) return undefined;
      this.at += node.text.length;
      if (node.varying !== undefined) {
        if (!this.take(bytes, node.varying)) return undefined;
        node = node.next as Node;
      } else if (node.branches !== undefined) {
        const branch = branchOf(node.branches, bytes[this.at]);
        if (branch === undefined) return undefined;
        node = branch;
      } else {
        return this.at === bytes.length ? node.like : undefined;
      }
    }
  }

  /** Takes what varies; false where the message ends before. */
  private take(bytes: Uint8Array, { what, slot, tag, width }: MsgpackVarying): boolean {
    const { view, at } = this;
    this.at = at + width;
    if (this.at > bytes.length) return false;
    const start = bytes.byteOffset + at;
    if (what === 'bin') {
      const length = unsigned(view, start, width);
      this.binAt[slot] = this.at;
      this.binBytes[slot] = length;
      this.at += length;
      return this.at <= bytes.length;
    }
    if (what === 'number') this.numbers[slot] = number(view, start, tag);
    return true;
  }

  /** Undefined where a value is not valid. */
  private frameLike(bytes: Uint8Array, { frame, varies, bins }: Like): SpikesFrame | undefined {
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
    const isUsual = bins.length === 2 && bins.includes(IDS) && bins.includes(TIMES);
    if (!isUsual) return this.dense(bytes, { ...frame, t0Us, spanUs, seq, timestep0 }, bins);
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

  private dense(bytes: Uint8Array, like: SpikesFrame, bins: readonly number[]): SpikesFrame {
    const fields: Fields = {};
    for (const slot of bins) {
      const at = this.binAt[slot] as number;
      const end = at + (this.binBytes[slot] as number);
      fields[BINS[slot] as string] = new Uint8Array(bytes.buffer, bytes.byteOffset + at, end - at);
    }
    const { columns } = this;
    const { neuronCount, spanUs, timestepUs } = like;
    const dense = readDense(fields, columns, neuronCount, spanUs, timestepUs);
    return new DenseSpikesFrame(like, like, dense, columns.scratch);
  }
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
