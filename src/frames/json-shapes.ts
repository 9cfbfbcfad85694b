import { JsonColumn } from './json-column.ts';
import { endOfNumber, type JsonForm, type JsonPart, JsonSplitter } from './json-parts.ts';
import type { FrameLimits } from './limits.ts';
import { branchOf, isShort, KnownShapes, type ShapeNode, standsAt } from './shape-tree.ts';
import { noteOrder, type SpikesFrame, spikesLike, withoutColumns } from './spikes.ts';
import type { FrameSubject } from './subject.ts';

const ZERO = 0x30;
const CLOSE = 0x7d;
/** More digits than any whole number below 2^53 has. */
const DIGITS_MAX = 16;

/** What a place in a message holds that differs from one message of a shape to the next. */
type Varying = 't0' | 'seq' | 'timestep0' | 'neuron_id' | 'dt' | 'unread';

/** The other fields that a frame of spikes is read for. */
const READ: ReadonlySet<string> = new Set([
  ...['v', 'kind', 'device_type', 'chip_id', 'span_us', 'run_id', 'emitter'],
  ...['layer_name', 'neuron_type', 'neuron_count', 'timestep_us', 'neuron_offset'],
]);

function varies(name: string, form: JsonForm): Varying | 'constant' | undefined {
  switch (name) {
    case 't0':
    case 'seq':
    case 'timestep0':
      return form === 'digits' ? name : 'constant';
    case 'neuron_id':
    case 'dt':
      return form === 'list' ? name : undefined;
    default:
      if (form === 'list') return undefined;
      return READ.has(name) || (form !== 'digits' && form !== 'number') ? 'constant' : 'unread';
  }
}

/** Where the numbers of a message are put. */
const SLOTS = { t0: 0, seq: 1, timestep0: 2 };

type Node = ShapeNode<Varying, SpikesFrame>;

/**
 * Reads spike frames in JSON that look like one that was read before, without parsing them: where
 * all bytes are the same but the digits of `t0`, `seq`, `timestep0`, `neuron_id`, `dt` and numbers
 * that nobody reads, so is what they mean. Learns from frames that the parser has read and found
 * valid; whatever is unusual is the parser's, and so are all errors: there is one truth.
 */
export class JsonShapes {
  private readonly limits: FrameLimits;
  private view: DataView = new DataView(new ArrayBuffer(0));
  private readonly splitter = new JsonSplitter<Varying>(varies);
  private readonly known = new KnownShapes<Varying, SpikesFrame>();
  private at = 0;
  private readonly numbers = new Float64Array(3);
  /** Eight digits that were read, as the number that their bytes are and as what they say; at first
   * none, which no bytes are equal to. */
  private eightDigits = Number.NaN;
  private eightValue = 0;
  private readonly ids = new JsonColumn();
  private readonly dts = new JsonColumn();

  private end = 0;
  private readonly isReusing: boolean;

  /** `isReusing`: a frame is valid until the next is read, and none is made anew. */
  constructor(limits: FrameLimits, isReusing = false) {
    this.limits = limits;
    this.isReusing = isReusing;
  }

  /** Undefined where the message has no known shape or is not valid: the parser says which. */
  read(
    bytes: Uint8Array,
    subject: FrameSubject,
    from = 0,
    to = bytes.length,
  ): SpikesFrame | undefined {
    this.at = from;
    this.end = to;
    const root = this.known.rootOf(subject);
    const like = root === undefined ? undefined : this.follow(bytes, root);
    const isKnown = like !== undefined && this.isValid(like);
    this.known.met(isKnown);
    if (!isKnown) return undefined;
    return this.isReusing ? this.frameAgain(like) : this.frameLike(like);
  }

  /** Remembers what a message looks like that was read as this frame. */
  learn(bytes: Uint8Array, subject: FrameSubject, frame: SpikesFrame): void {
    if (!this.known.spend()) return;
    // A frame is all of its message.
    const parts = bytes.at(-1) === CLOSE ? this.splitter.split(bytes, 0) : undefined;
    if (parts === undefined || !isPlain(parts, frame)) return;
    this.known.add(subject, parts, withoutColumns(frame));
  }

  /** Reads along the bytes of known shapes; gives the frame that the message looks like. */
  private follow(bytes: Uint8Array, root: Node): SpikesFrame | undefined {
    if (bytes.buffer !== this.view.buffer) this.view = new DataView(bytes.buffer);
    this.numbers.fill(0);
    const { view, end } = this;
    let node = root;
    while (true) {
      if (!standsAt(node, bytes, view, this.at, end)) return undefined;
      this.at += node.text.length;
      if (node.varying !== undefined) {
        if (!this.take(bytes, node.varying)) return undefined;
        node = node.next as Node;
      } else if (node.branches !== undefined) {
        const branch = branchOf(node.branches, bytes[this.at]);
        if (branch === undefined) return undefined;
        node = branch;
      } else {
        return this.at === end ? node.like : undefined;
      }
    }
  }

  /** Takes what differs; false where it is not written plainly. */
  private take(bytes: Uint8Array, varying: Varying): boolean {
    switch (varying) {
      case 'neuron_id':
        this.at = this.ids.read(bytes, this.at, this.limits.samplesMax);
        return this.at >= 0;
      case 'dt':
        this.at = this.dts.read(bytes, this.at, this.limits.samplesMax);
        return this.at >= 0;
      case 'unread':
        this.at = endOfNumber(bytes, this.at);
        return this.at >= 0;
      default:
        return this.takeNumber(bytes, SLOTS[varying]);
    }
  }

  private takeNumber(bytes: Uint8Array, slot: number): boolean {
    const from = this.at;
    const half = from + DIGITS_MAX / 2;
    let at = from;
    let value = 0;
    // Of times one after the other the first digits are the same.
    const hasEight = half < this.end;
    const eight = hasEight ? this.view.getFloat64(bytes.byteOffset + from, true) : 0;
    const isSame = hasEight && eight === this.eightDigits;
    if (isSame) {
      at = half;
      value = this.eightValue;
    }
    let digit = (bytes[at] as number) - ZERO;
    // Eight digits are small enough for whole numbers of the machine.
    while (digit >= 0 && digit <= 9 && at < half) {
      value = (value * 10 + digit) | 0;
      digit = (bytes[++at] as number) - ZERO;
    }
    if (at === half && hasEight && !isSame) {
      this.eightDigits = eight;
      this.eightValue = value;
    }
    let low = 0;
    let scale = 1;
    while (digit >= 0 && digit <= 9 && at < half + DIGITS_MAX / 2) {
      low = (low * 10 + digit) | 0;
      scale = (scale * 10) | 0;
      digit = (bytes[++at] as number) - ZERO;
    }
    this.at = at;
    this.numbers[slot] = value * scale + low;
    const digits = at - from;
    return digits > 0 && (digits === 1 || bytes[from] !== ZERO);
  }

  /** The same frame each time, with what differs. */
  private frameAgain(like: SpikesFrame): SpikesFrame {
    const { numbers } = this;
    const frame = like as { -readonly [Key in keyof SpikesFrame]: SpikesFrame[Key] };
    frame.t0Us = numbers[SLOTS.t0] as number;
    if (frame.seq !== undefined) frame.seq = numbers[SLOTS.seq] as number;
    if (frame.timestep0 !== undefined) frame.timestep0 = numbers[SLOTS.timestep0] as number;
    frame.arrivedUs = Number.NaN;
    frame.trace = undefined;
    frame.restarts = 0;
    frame.neuronId = this.ids.view();
    frame.dtUs = noteOrder(this.dts.view(), this.dts.isOrdered);
    return frame;
  }

  private frameLike(like: SpikesFrame): SpikesFrame {
    const { numbers } = this;
    const t0Us = numbers[SLOTS.t0] as number;
    const seq = like.seq === undefined ? undefined : (numbers[SLOTS.seq] as number);
    const has0 = like.timestep0 !== undefined;
    const timestep0 = has0 ? (numbers[SLOTS.timestep0] as number) : undefined;
    const dtUs = noteOrder(this.dts.view(), this.dts.isOrdered);
    return spikesLike(like, t0Us, like.spanUs, seq, timestep0, this.ids.view(), dtUs);
  }

  private isValid(like: SpikesFrame): boolean {
    const { ids, dts, numbers, limits } = this;
    const { length } = ids;
    if (length !== dts.length || length > limits.samplesMax) return false;
    if (length > 0 && (ids.max >= like.neuronCount || dts.max >= like.spanUs)) return false;
    const safe = Number.MAX_SAFE_INTEGER;
    return (
      (numbers[SLOTS.t0] as number) + like.spanUs <= safe &&
      (numbers[SLOTS.seq] as number) <= safe &&
      (numbers[SLOTS.timestep0] as number) <= safe
    );
  }
}

/** Whether all that a frame says is either in the constant bytes or in what varies. */
function isPlain(parts: readonly JsonPart<Varying>[], frame: SpikesFrame): boolean {
  const varying = new Set(parts.map((part) => part.varying));
  return (
    isShort(parts) &&
    ['t0', 'neuron_id', 'dt'].every((name) => varying.has(name as Varying)) &&
    varying.has('seq') === (frame.seq !== undefined) &&
    varying.has('timestep0') === (frame.timestep0 !== undefined)
  );
}
