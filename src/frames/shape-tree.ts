import type { FrameSubject } from './subject.ts';

/**
 * What messages of one subject look like, as a tree: bytes that are the same in all of them, what
 * varies between those, and where they differ branches by the next byte.
 */
export interface ShapeNode<V, Like> {
  readonly text: Uint8Array;
  /** The same, eight bytes at a time, as far as they go and can be compared as numbers. */
  readonly doubles: Float64Array;
  /** The same, four bytes at a time, as far as they go. */
  readonly words: Int32Array;
  /** Something that varies follows, and then `next`. */
  readonly varying: V | undefined;
  readonly next: ShapeNode<V, Like> | undefined;
  /** Shapes that differ from here on, by their next byte. */
  readonly branches: Branches<V, Like> | undefined;
  /** The message ends here, and means this. */
  readonly like: Like | undefined;
}

/** Nodes by the byte that each begins with; those lie together, as they are looked through. */
interface Branches<V, Like> {
  readonly heads: Uint8Array;
  readonly nodes: readonly ShapeNode<V, Like>[];
}

/** Bytes that stay, and what follows them; undefined at the end of the message. */
export interface ShapePart<V> {
  readonly text: Uint8Array;
  readonly varying: V | undefined;
}

function nodeOf<V, Like>(parts: readonly ShapePart<V>[], like: Like): ShapeNode<V, Like> {
  let node: ShapeNode<V, Like> | undefined;
  for (const { text, varying } of parts.toReversed()) {
    const isEnd = varying === undefined;
    const end = isEnd ? like : undefined;
    node = { ...textOf(text), varying, next: node, branches: undefined, like: end };
  }
  return node as ShapeNode<V, Like>;
}

export function branchOf<V, Like>(
  { heads, nodes }: Branches<V, Like>,
  byte: number | undefined,
): ShapeNode<V, Like> | undefined {
  for (let i = 0; i < heads.length; i++) if (heads[i] === byte) return nodes[i];
  return undefined;
}

/**
 * Whether the bytes of a node stand at this place of a message. `view` is on all of the buffer in
 * which the message lies.
 */
export function standsAt(
  { text, doubles, words }: Pick<ShapeNode<unknown, unknown>, 'text' | 'doubles' | 'words'>,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
): boolean {
  const { length } = text;
  if (at + length > end) return false;
  const start = bytes.byteOffset + at;
  for (let i = 0; i < doubles.length; i++) {
    if (view.getFloat64(start + i * 8, true) !== doubles[i]) return false;
  }
  for (let i = doubles.length * 2; i < words.length; i++) {
    if (view.getInt32(start + i * 4, true) !== words[i]) return false;
  }
  for (let i = words.length * 4; i < length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}

function branchesOf<V, Like>(nodes: readonly ShapeNode<V, Like>[]): Branches<V, Like> {
  return { heads: Uint8Array.from(nodes, ({ text }) => text[0] as number), nodes };
}

/** Both, as far as they are alike in one; the other one wins where nothing tells them apart. */
function joined<V, Like>(node: ShapeNode<V, Like>, other: ShapeNode<V, Like>): ShapeNode<V, Like> {
  const same = sameBytes(node.text, other.text);
  if (same === node.text.length && same === other.text.length) {
    if (node.varying === undefined || node.varying !== other.varying) return other;
    const next = joined(node.next as ShapeNode<V, Like>, other.next as ShapeNode<V, Like>);
    return { ...node, next };
  }
  const rest = from(other, same);
  if (same === node.text.length && node.branches !== undefined) {
    const { heads, nodes } = node.branches;
    const at = heads.indexOf(rest.text[0] as number);
    if (at < 0) return { ...node, branches: branchesOf([...nodes, rest]) };
    const branch = joined(nodes[at] as ShapeNode<V, Like>, rest);
    return { ...node, branches: branchesOf(nodes.with(at, branch)) };
  }
  // What has no byte to tell it by can't be a branch.
  if (same === node.text.length || same === other.text.length) return other;
  return {
    ...textOf(node.text.subarray(0, same)),
    varying: undefined,
    next: undefined,
    branches: branchesOf([from(node, same), rest]),
    like: undefined,
  };
}

function from<V, Like>(node: ShapeNode<V, Like>, at: number): ShapeNode<V, Like> {
  return { ...node, ...textOf(node.text.subarray(at)) };
}

function textOf(bytes: Uint8Array): Pick<ShapeNode<never, never>, 'text' | 'doubles' | 'words'> {
  const text = Uint8Array.from(bytes);
  const doubles = new Float64Array(text.buffer, 0, text.length >> 3);
  // Equal numbers are equal bytes, but for 0 and -0; and what is no number equals nothing.
  const odd = doubles.findIndex((double) => double === 0 || Number.isNaN(double));
  return {
    text,
    doubles: odd < 0 ? doubles : doubles.subarray(0, odd),
    words: new Int32Array(text.buffer, 0, text.length >> 2),
  };
}

function sameBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return length;
}

/** Shapes that are remembered; with one more all are forgotten, and learned anew. */
const SHAPES_MAX = 16_384;
/** Bytes of a shape at most that stay: what is longer is no frame that comes often. */
const CONSTANT_BYTES_MAX = 2048;

/** Learning costs more than reading: it is paid for by what it has saved. */
const CREDIT_FIRST = 4096;
const CREDIT_MAX = 65_536;
const LEARN_COST = 8;
/** What a message of no known shape gives, so that there is another try now and then. */
const CREDIT_RETRY = 1 / 8;

/** The shapes of all subjects that were learned, and whether another one may be. */
export class KnownShapes<V, Like> {
  private readonly roots = new Map<FrameSubject, ShapeNode<V, Like>>();
  private shapes = 0;
  private credit = CREDIT_FIRST;

  rootOf(subject: FrameSubject): ShapeNode<V, Like> | undefined {
    return this.roots.get(subject);
  }

  /** A message was, or was not, of a known shape. */
  met(isKnown: boolean): void {
    if (!isKnown) this.credit += CREDIT_RETRY;
    else if (this.credit < CREDIT_MAX) this.credit++;
  }

  /** Pays for learning; false where it is not worth it now. */
  spend(): boolean {
    if (this.credit < LEARN_COST) return false;
    this.credit -= LEARN_COST;
    return true;
  }

  /** Shapes that were added since all were forgotten. */
  get count(): number {
    return this.shapes;
  }

  /** Those of this subject are learned anew. */
  forget(subject: FrameSubject): void {
    this.roots.delete(subject);
  }

  /** Gives all shapes of the subject. */
  add(subject: FrameSubject, parts: readonly ShapePart<V>[], like: Like): ShapeNode<V, Like> {
    if (this.shapes >= SHAPES_MAX) {
      this.roots.clear();
      this.shapes = 0;
    }
    const node = nodeOf(parts, like);
    const root = this.roots.get(subject);
    const all = root === undefined ? node : joined(root, node);
    this.roots.set(subject, all);
    this.shapes++;
    return all;
  }
}

/** Whether so little stays the same that the message may be one of many. */
export function isShort(parts: readonly ShapePart<unknown>[]): boolean {
  return parts.reduce((sum, { text }) => sum + text.length, 0) <= CONSTANT_BYTES_MAX;
}
