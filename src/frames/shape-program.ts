import type { ShapeNode } from './shape-tree.ts';

/** What comes after the bytes of a step: the end of the message, what varies, or branches. */
export const [ENDS, VARIES, BRANCHES] = [0, 1, 2] as const;

/** What varies, as numbers for who reads the program: always as many. */
export type EncodeVarying<V> = (varying: V) => readonly number[];

/** Numbers of a longer program: who sends so many shapes on one subject has few alike. */
const CODE_MAX = 8192;

/**
 * A tree of shapes written out as one column of numbers. The nodes of a tree lie wherever they were
 * made, each a look past the processor's caches where a thousand subjects take turns; these lie in
 * a row. A step is the length of its text, the text as `wordsOf` has it, and what comes then: ENDS
 * and the place of what the message means in `likes`; VARIES and how; or BRANCHES, how many, and of
 * each the byte that it begins with and where its step is.
 */
export interface ShapeProgram<Like> {
  readonly code: Int32Array;
  readonly likes: readonly Like[];
}

/** Undefined where it would be too long. */
export function shapeProgram<V, Like>(
  root: ShapeNode<V, Like>,
  encode: EncodeVarying<V>,
): ShapeProgram<Like> | undefined {
  const code: number[] = [];
  const likes: Like[] = [];
  write(root, encode, code, likes);
  return code.length > CODE_MAX ? undefined : { code: Int32Array.from(code), likes };
}

function write<V, Like>(
  root: ShapeNode<V, Like>,
  encode: EncodeVarying<V>,
  code: number[],
  likes: Like[],
): void {
  let node: ShapeNode<V, Like> | undefined = root;
  while (node !== undefined && code.length <= CODE_MAX) {
    code.push(node.text.length, ...wordsOf(node.text));
    if (node.varying !== undefined) {
      code.push(VARIES, ...encode(node.varying));
      node = node.next;
    } else if (node.branches !== undefined) {
      const { heads, nodes } = node.branches;
      code.push(BRANCHES, heads.length);
      const from = code.length;
      for (const head of heads) code.push(head, 0);
      for (const [i, branch] of nodes.entries()) {
        code[from + i * 2 + 1] = code.length;
        write(branch, encode, code, likes);
      }
      node = undefined;
    } else {
      code.push(ENDS, likes.length);
      likes.push(node.like as Like);
      node = undefined;
    }
  }
}

/**
 * Four bytes at a time; the last four reach back over some of those before, where the bytes are no
 * whole number of fours. Fewer than four bytes are one a word.
 */
function wordsOf(text: Uint8Array): number[] {
  if (text.length < 4) return [...text];
  const view = new DataView(text.buffer, text.byteOffset, text.length);
  const words: number[] = [];
  for (let at = 0; at + 4 <= text.length; at += 4) words.push(view.getInt32(at, true));
  if (text.length % 4 > 0) words.push(view.getInt32(text.length - 4, true));
  return words;
}

/** Where the step goes on after its text. */
export function afterText(from: number, length: number): number {
  return from + (length < 4 ? length : (length + 3) >> 2);
}

/**
 * Whether the text of a step, `length` bytes whose words are from `from` on, stands at a place of
 * a buffer; so many bytes are there.
 */
export function stands(
  code: Int32Array,
  from: number,
  length: number,
  view: DataView,
  at: number,
): boolean {
  if (length < 4) {
    for (let i = 0; i < length; i++) if (view.getUint8(at + i) !== code[from + i]) return false;
    return true;
  }
  const words = length >> 2;
  for (let i = 0; i < words; i++) {
    if (view.getInt32(at + i * 4, true) !== code[from + i]) return false;
  }
  return length % 4 === 0 || view.getInt32(at + length - 4, true) === code[from + words];
}

/** The step of the branch that begins with a byte; below 0 of none. `at` is where they stand. */
export function branchFor(code: Int32Array, at: number, byte: number): number {
  const end = at + 1 + (code[at] as number) * 2;
  for (let i = at + 1; i < end; i += 2) if (code[i] === byte) return code[i + 1] as number;
  return -1;
}
