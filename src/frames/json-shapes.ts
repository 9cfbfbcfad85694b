import { endOfNumber, type JsonPart, JsonSplitter, type Varying } from './json-parts.ts';
import type { FrameLimits } from './limits.ts';
import { noteOrder, type SpikesFrame } from './spikes.ts';
import type { FrameSubject } from './subject.ts';

/** Shapes that are remembered; with one more all are forgotten, and learned anew. */
const SHAPES_MAX = 16_384;
/** Bytes of a shape at most that are not digits: what is longer is no frame that comes often. */
const CONSTANT_BYTES_MAX = 2048;
/** Learning costs more than reading: it is paid for by what it has saved. */
const CREDIT_FIRST = 4096;
const CREDIT_MAX = 65_536;
const LEARN_COST = 8;
/** What a message of no known shape gives, so that there is another try now and then. */
const CREDIT_RETRY = 1 / 8;

const ZERO = 0x30;
const COMMA = 0x2c;
const SPACE = 0x20;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
/** More digits than any whole number below 2^53 has. */
const DIGITS_MAX = 16;

/** Where the numbers of a message are put. */
const SLOTS = { t0: 0, seq: 1, timestep0: 2 };

/** Bytes that are the same in all shapes below it, and what comes after them. */
interface Node {
  readonly text: Uint8Array;
  /** The same, four bytes at a time, as far as they go. */
  readonly words: Int32Array;
  /** A number or a list follows, and then that node. */
  readonly varying: Varying | undefined;
  readonly next: Node | undefined;
  /** Shapes that differ from here on, by their next byte. */
  readonly branches: readonly Node[] | undefined;
  /** The message ends here, and looks like this frame. */
  readonly frame: SpikesFrame | undefined;
}

/**
 * Reads spike frames in JSON that look like one that was read before, without parsing them: where
 * all bytes are the same but the digits of `t0`, `seq`, `timestep0`, `neuron_id`, `dt` and numbers
 * that nobody reads, so is what they mean. Learns from frames that the parser has read and found
 * valid; whatever is unusual is the parser's, and so are all errors: there is one truth.
 */
export class JsonShapes {
  private readonly limits: FrameLimits;
  private view: DataView = new DataView(new ArrayBuffer(0));
  private readonly splitter = new JsonSplitter();
  private readonly roots = new Map<FrameSubject, Node>();
  private shapes = 0;
  private credit = CREDIT_FIRST;
  private at = 0;
  private readonly numbers = new Float64Array(3);
  private readonly ids = new Column();
  private readonly dts = new Column();

  constructor(limits: FrameLimits) {
    this.limits = limits;
  }

  /** Undefined where the message has no known shape or is not valid: the parser says which. */
  read(bytes: Uint8Array, subject: FrameSubject): SpikesFrame | undefined {
    const root = this.roots.get(subject);
    const like = root === undefined ? undefined : this.follow(bytes, root);
    if (like === undefined || !this.isValid(like)) {
      this.credit += CREDIT_RETRY;
      return undefined;
    }
    if (this.credit < CREDIT_MAX) this.credit++;
    return this.frameLike(like);
  }

  /** Remembers what a message looks like that was read as this frame. */
  learn(bytes: Uint8Array, subject: FrameSubject, frame: SpikesFrame): void {
    if (this.credit < LEARN_COST) return;
    this.credit -= LEARN_COST;
    const parts = this.splitter.split(bytes);
    if (parts === undefined || !isPlain(parts, frame)) return;
    if (this.shapes >= SHAPES_MAX) {
      this.roots.clear();
      this.shapes = 0;
    }
    const root = this.roots.get(subject);
    const node = nodeOf(parts, { ...frame, neuronId: NO_COLUMN, dtUs: NO_COLUMN });
    this.roots.set(subject, root === undefined ? node : joined(root, node));
    this.shapes++;
  }

  /** Reads along the bytes of known shapes; gives the frame that the message looks like. */
  private follow(bytes: Uint8Array, root: Node): SpikesFrame | undefined {
    if (bytes.buffer !== this.view.buffer) this.view = new DataView(bytes.buffer);
    this.at = 0;
    this.numbers.fill(0);
    let node = root;
    while (true) {
      if (!this.has(bytes, node)) return undefined;
      const { at } = this;
      if (node.varying !== undefined) {
        if (!this.take(bytes, node.varying)) return undefined;
        node = node.next as Node;
      } else if (node.branches !== undefined) {
        const branch = branchOf(node.branches, bytes[at]);
        if (branch === undefined) return undefined;
        node = branch;
      } else {
        return at === bytes.length ? node.frame : undefined;
      }
    }
  }

  /** Whether the bytes of a node come next; goes past them. */
  private has(bytes: Uint8Array, { text, words }: Node): boolean {
    const { view, at } = this;
    const { length } = text;
    if (at + length > bytes.length) return false;
    const start = bytes.byteOffset + at;
    for (let i = 0; i < words.length; i++) {
      if (view.getInt32(start + i * 4, true) !== words[i]) return false;
    }
    for (let i = words.length * 4; i < length; i++) if (bytes[at + i] !== text[i]) return false;
    this.at = at + length;
    return true;
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
    let digit = (bytes[at] as number) - ZERO;
    // Eight digits are small enough for whole numbers of the machine.
    while (digit >= 0 && digit <= 9 && at < half) {
      value = (value * 10 + digit) | 0;
      digit = (bytes[++at] as number) - ZERO;
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

  private frameLike(like: SpikesFrame): SpikesFrame {
    const { numbers } = this;
    return {
      kind: 'spikes',
      deviceType: like.deviceType,
      chipId: like.chipId,
      t0Us: numbers[SLOTS.t0] as number,
      spanUs: like.spanUs,
      seq: like.seq === undefined ? undefined : (numbers[SLOTS.seq] as number),
      runId: like.runId,
      emitter: like.emitter,
      arrivedUs: Number.NaN,
      trace: undefined,
      restarts: 0,
      layerName: like.layerName,
      neuronType: like.neuronType,
      neuronCount: like.neuronCount,
      neuronId: this.ids.view(),
      dtUs: noteOrder(this.dts.view(), this.dts.isOrdered),
      timestep0: like.timestep0 === undefined ? undefined : (numbers[SLOTS.timestep0] as number),
      timestepUs: like.timestepUs,
      neuronOffset: like.neuronOffset,
    };
  }

  private isValid(like: SpikesFrame): boolean {
    const { ids, dts, numbers, limits } = this;
    const { length } = ids;
    if (length !== dts.length || length > limits.samplesMax) return false;
    if (length > 0 && (ids.max >= like.neuronCount || dts.max >= like.spanUs)) return false;
    const safe = Number.MAX_SAFE_INTEGER;
    const [t0Us, seq, timestep0] = numbers as unknown as [number, number, number];
    return t0Us + like.spanUs <= safe && seq <= safe && timestep0 <= safe;
  }
}

const NO_COLUMN = new Uint32Array(0);

/** One list of whole numbers at a time. Frames share it: it is valid until the next is read. */
class Column {
  length = 0;
  max = 0;
  isOrdered = true;
  private values = new Uint32Array(16);
  private lastView = this.values.subarray(0, 1);

  view(): Uint32Array {
    if (this.lastView.length !== this.length) this.lastView = this.values.subarray(0, this.length);
    return this.lastView;
  }

  /** Where the list ends; -1 where it is not written plainly, or too long. */
  read(bytes: Uint8Array, from: number, lengthMax: number): number {
    this.length = 0;
    this.max = 0;
    this.isOrdered = true;
    let at = from + 1;
    if (bytes[from] !== OPEN_LIST) return -1;
    if (bytes[at] === CLOSE_LIST) return at + 1;
    let last = 0;
    while (true) {
      const first = at;
      let value = 0;
      let byte = bytes[at] as number;
      while (byte >= ZERO && byte <= ZERO + 9) {
        value = value * 10 + (byte - ZERO);
        byte = bytes[++at] as number;
      }
      const digits = at - first;
      if (digits === 0 || digits > DIGITS_MAX || (digits > 1 && bytes[first] === ZERO)) return -1;
      if (value < last) this.isOrdered = false;
      else if (value > this.max) this.max = value;
      last = value;
      if (this.length === lengthMax) return -1;
      this.add(value);
      at++;
      if (byte === CLOSE_LIST) return at;
      if (byte !== COMMA) return -1;
      if (bytes[at] === SPACE) at++;
    }
  }

  private add(value: number): void {
    if (this.length === this.values.length) {
      const longer = new Uint32Array(this.length * 2);
      longer.set(this.values);
      this.values = longer;
      this.lastView = longer.subarray(0, this.length);
    }
    this.values[this.length++] = value;
  }
}

/** Whether all that a frame says is either in the constant bytes or in what varies. */
function isPlain(parts: readonly JsonPart[], frame: SpikesFrame): boolean {
  const varying = new Set(parts.map((part) => part.varying));
  const bytes = parts.reduce((sum, { text }) => sum + text.length, 0);
  return (
    bytes <= CONSTANT_BYTES_MAX &&
    ['t0', 'neuron_id', 'dt'].every((name) => varying.has(name as Varying)) &&
    varying.has('seq') === (frame.seq !== undefined) &&
    varying.has('timestep0') === (frame.timestep0 !== undefined)
  );
}

function nodeOf(parts: readonly JsonPart[], frame: SpikesFrame): Node {
  let node: Node | undefined;
  for (const { text, varying } of parts.toReversed()) {
    const isEnd = varying === undefined;
    const end = isEnd ? frame : undefined;
    node = { ...textOf(text), varying, next: node, branches: undefined, frame: end };
  }
  return node as Node;
}

function branchOf(branches: readonly Node[], byte: number | undefined): Node | undefined {
  for (let i = 0; i < branches.length; i++) {
    const branch = branches[i] as Node;
    if (branch.text[0] === byte) return branch;
  }
  return undefined;
}

/** Both, as far as they are alike in one; the other one wins where nothing tells them apart. */
function joined(node: Node, other: Node): Node {
  const same = sameBytes(node.text, other.text);
  if (same === node.text.length && same === other.text.length) {
    if (node.varying === undefined || node.varying !== other.varying) return other;
    return { ...node, next: joined(node.next as Node, other.next as Node) };
  }
  const rest = from(other, same);
  if (same === node.text.length && node.branches !== undefined) {
    const at = node.branches.findIndex(({ text }) => text[0] === rest.text[0]);
    if (at < 0) return { ...node, branches: [...node.branches, rest] };
    const branches = node.branches.with(at, joined(node.branches[at] as Node, rest));
    return { ...node, branches };
  }
  // What has no byte to tell it by can't be a branch.
  if (same === node.text.length || same === other.text.length) return other;
  return {
    ...textOf(node.text.subarray(0, same)),
    varying: undefined,
    next: undefined,
    branches: [from(node, same), rest],
    frame: undefined,
  };
}

function from(node: Node, at: number): Node {
  return { ...node, ...textOf(node.text.subarray(at)) };
}

function textOf(bytes: Uint8Array): Pick<Node, 'text' | 'words'> {
  const text = Uint8Array.from(bytes);
  return { text, words: new Int32Array(text.buffer, 0, text.length >> 2) };
}

function sameBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return length;
}
