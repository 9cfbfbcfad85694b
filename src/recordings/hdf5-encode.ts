/**
 * Pieces of an HDF5 file, as bytes. Source: HDF5 File Format Specification 3.0; of what it offers
 * only what every HDF5 library since 1.8 reads: superblock 0, object headers 1, links in them, and
 * B-trees 1. Written here because h5wasm makes no enumerated types, which SONATA asks for.
 */
export const ADDRESS_NONE = 0xffff_ffff_ffff_ffffn;
/** What a file states as its end as long as it is not closed. */
export const END_UNKNOWN = 2 ** 62;
export const SUPERBLOCK_BYTES = 96;

/** Children of a node of a B-tree of chunks: 2K, with the K of 32 that a superblock 0 implies. */
const TREE_CHILDREN = 64;
const TREE_KEY_BYTES = 24;

type Part = Uint8Array | readonly number[];

function joined(...parts: Part[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Filled up with zeros to a multiple of 8. */
function padded(bytes: Part): Uint8Array {
  return joined(bytes, new Uint8Array(-bytes.length & 7));
}

function integer(value: number | bigint, width: 1 | 2 | 4 | 8): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes.subarray(0, width);
}

const u16 = (value: number) => integer(value, 2);
const u32 = (value: number) => integer(value, 4);
const u64 = (value: number | bigint) => integer(value, 8);
const text = (value: string) => new TextEncoder().encode(value);

/** Types of elements (IV.A.2.d), unpadded. */
const UNSIGNED_8 = joined([0x10, 0, 0, 0], u32(1), u16(0), u16(8));
const UNSIGNED_32 = joined([0x10, 0, 0, 0], u32(4), u16(0), u16(32));
export const UNSIGNED_64 = joined([0x10, 0, 0, 0], u32(8), u16(0), u16(64));
export const FLOAT_64 = joined(
  [0x11, 0x20, 0x3f, 0],
  u32(8),
  u16(0),
  u16(64),
  [52, 11, 0, 52],
  u32(1023),
);

/** Text of any length, UTF-8: what Python reads as str, where text of a fixed length is bytes. */
const TEXT = joined([0x19, 1, 1, 0], u32(16), UNSIGNED_8);

/** A collection of a global heap is at least so long. */
const HEAP_BYTES_MIN = 4096;

/** A collection of a global heap (III.E): pieces of text, which attributes refer to. */
export class Hdf5Texts {
  /** Where the collection stands; known once it is written. */
  address: number | undefined;
  private readonly numbers = new Map<string, number>();

  add(...texts: readonly string[]): void {
    for (const added of texts) {
      if (!this.numbers.has(added)) this.numbers.set(added, this.numbers.size + 1);
    }
  }

  encode(): Uint8Array {
    const objects = [...this.numbers].map(([content, number]) => {
      const bytes = text(content);
      return joined(u16(number), u16(1), u32(0), u64(bytes.length), padded(bytes));
    });
    const used = objects.reduce((sum, object) => sum + object.length, 16);
    const size = Math.max(HEAP_BYTES_MIN, used + 16);
    const head = joined([0x47, 0x43, 0x4f, 0x4c, 1, 0, 0, 0], u64(size));
    // What is left is the object 0.
    const free = joined(u64(0), u64(size - used), new Uint8Array(size - used - 16));
    return joined(head, ...objects, free);
  }

  /** The value of an attribute: length and place of a text that was added. */
  attribute(name: string, content: string): Message {
    const number = this.numbers.get(content);
    if (number === undefined || this.address === undefined) {
      throw new Error(`the text ${content} is in no heap yet`);
    }
    const value = joined(u32(text(content).length), u64(this.address), u32(number));
    return attribute(name, TEXT, [], value);
  }
}

/** Names for the numbers from 0, in a byte. */
function enumType(names: readonly string[]): Uint8Array {
  const members = names.map((name) => padded(text(`${name}\0`)));
  const values = names.map((_, value) => value);
  return joined([0x18], u16(names.length), [0], u32(1), UNSIGNED_8, ...members, values);
}

/** Dataspace (IV.A.2.b): no dimension is a single value. */
function space(lengths: readonly number[]): Uint8Array {
  return joined([1, lengths.length, 0, 0, 0, 0, 0, 0], ...lengths.map(u64));
}

/** A message of an object header; attributes are some. */
export interface Message {
  readonly type: number;
  readonly body: Uint8Array;
}

/** An attribute (IV.A.2.m) of the values whose bytes are given. */
function attribute(name: string, type: Uint8Array, lengths: number[], data: Part): Message {
  const nameBytes = text(`${name}\0`);
  const shape = space(lengths);
  const sizes = [nameBytes, type, shape].map((part) => u16(part.length));
  const head = [padded(nameBytes), padded(type), padded(shape)];
  return { type: 0x0c, body: joined([1, 0], ...sizes, ...head, data) };
}

export function integerAttribute(name: string, value: number): Message {
  return attribute(name, UNSIGNED_64, [], u64(value));
}

export function smallAttribute(name: string, values: number | readonly number[]): Message {
  const list = typeof values === 'number' ? [values] : values;
  const lengths = typeof values === 'number' ? [] : [list.length];
  return attribute(name, UNSIGNED_32, lengths, joined(...list.map(u32)));
}

export function enumAttribute(name: string, names: readonly string[], value: string): Message {
  return attribute(name, enumType(names), [], [names.indexOf(value)]);
}

/** An object header (IV.A.1.a) with its messages. */
function objectHeader(messages: readonly Message[]): Uint8Array {
  const parts = messages.map(({ type, body }) => {
    const data = padded(body);
    return joined(u16(type), u16(data.length), [0, 0, 0, 0], data);
  });
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const head = joined([1, 0], u16(messages.length), u32(1), u32(size), [0, 0, 0, 0]);
  return joined(head, ...parts);
}

/** A group: names of what it holds, with their addresses. */
export function groupObject(
  links: ReadonlyMap<string, number>,
  attributes: readonly Message[],
): Uint8Array {
  const info = { type: 0x02, body: joined([0, 0], u64(ADDRESS_NONE), u64(ADDRESS_NONE)) };
  const group = { type: 0x0a, body: Uint8Array.of(0, 0) };
  const messages = [...links].map(([name, address]) => {
    const bytes = text(name);
    // Flags: a name length of two bytes, and a character set follows (1: UTF-8).
    const body = joined([1, 0x11, 1], u16(bytes.length), bytes, u64(address));
    return { type: 0x06, body };
  });
  return objectHeader([info, group, ...messages, ...attributes]);
}

/** Where a dataset has its values. */
export type Storage =
  | { readonly kind: 'contiguous'; readonly address: number | bigint }
  | { readonly kind: 'chunked'; readonly tree: number; readonly chunkLength: number };

/** A dataset of one dimension with elements of 8 bytes. */
export function columnObject(
  type: Uint8Array,
  length: number,
  storage: Storage,
  attributes: readonly Message[],
): Uint8Array {
  const isContiguous = storage.kind === 'contiguous';
  const layout = isContiguous
    ? joined([3, 1], u64(storage.address), u64(length * 8))
    : joined([3, 2, 2], u64(storage.tree), u32(storage.chunkLength), u32(8));
  // The default value; space is taken late for contiguous data, step by step for chunks.
  const fill = joined([2, isContiguous ? 2 : 3, 2, 1], u32(0));
  return objectHeader([
    { type: 0x01, body: space([length]) },
    { type: 0x03, body: type },
    { type: 0x05, body: fill },
    { type: 0x08, body: layout },
    ...attributes,
  ]);
}

/**
 * The B-tree (III.A.1) that finds the chunks of a column, from the leaves up. `place` is where its
 * first byte will stand; the root is the last node.
 */
export function chunkTree(
  chunks: readonly number[],
  chunkLength: number,
  place: number,
): { readonly bytes: Uint8Array; readonly root: number } {
  const nodes: Uint8Array[] = [];
  const size = 24 + TREE_CHILDREN * 8 + (TREE_CHILDREN + 1) * TREE_KEY_BYTES;
  let children = chunks.map((address, i) => ({ address, first: i }));
  for (let level = 0; ; level++) {
    const count = Math.ceil(children.length / TREE_CHILDREN);
    const parents: typeof children = [];
    const levelAt = place + nodes.length * size;
    for (let i = 0; i < count; i++) {
      const own = children.slice(i * TREE_CHILDREN, (i + 1) * TREE_CHILDREN);
      const after = children[(i + 1) * TREE_CHILDREN];
      const left = i === 0 ? ADDRESS_NONE : levelAt + (i - 1) * size;
      const right = i === count - 1 ? ADDRESS_NONE : levelAt + (i + 1) * size;
      const keys = own.map(({ address, first }) =>
        joined(chunkKey(first * chunkLength, chunkLength * 8, 0), u64(address)),
      );
      const end = after === undefined ? chunks.length : after.first;
      const head = joined([0x54, 0x52, 0x45, 0x45, 1, level], u16(own.length));
      const node = joined(head, u64(left), u64(right), ...keys, chunkKey(end * chunkLength, 0, 8));
      parents.push({ address: levelAt + i * size, first: own[0]?.first ?? 0 });
      nodes.push(joined(node, new Uint8Array(size - node.length)));
    }
    if (count === 1) return { bytes: joined(...nodes), root: levelAt };
    children = parents;
  }
}

/** Bytes and first element of a chunk; the last number counts within elements. */
function chunkKey(first: number, bytes: number, within: number): Uint8Array {
  return joined(u32(bytes), u32(0), u64(first), u64(within));
}

/** Superblock (II.A) of a file whose root group has its header at the address. */
export function superblock(root: number | bigint, end: number): Uint8Array {
  const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
  const versions = [0, 0, 0, 0, 0, 8, 8, 0];
  const addresses = joined(u64(0), u64(ADDRESS_NONE), u64(end), u64(ADDRESS_NONE));
  const rootEntry = joined(u64(0), u64(root), new Uint8Array(24));
  return joined(signature, versions, u16(4), u16(16), u32(0), addresses, rootEntry);
}
