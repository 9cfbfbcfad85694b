const UTF8 = new TextEncoder();

/**
 * MurmurHash3 x86 128 of a text's UTF-8 (Austin Appleby, public domain; values as Python's mmh3):
 * 32 hexadecimal digits, the four words after each other. Not for secrets.
 */
export function murmur3(text: string, seed = 0): string {
  const bytes = UTF8.encode(text);
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const h = [seed, seed, seed, seed] as [number, number, number, number];
  const blocks = bytes.length >>> 4;
  for (let block = 0; block < blocks; block++) {
    const at = block * 16;
    for (let lane = 0; lane < 4; lane++) {
      const next = h[(lane + 1) & 3] as number;
      const mixed = (h[lane] as number) ^ scramble(words.getUint32(at + lane * 4, true), lane);
      const turned = (rotl(mixed, TURN[lane] as number) + next) | 0;
      h[lane] = (Math.imul(turned, 5) + (ADD[lane] as number)) | 0;
    }
  }
  for (let lane = 3; lane >= 0; lane--) {
    h[lane] = (h[lane] as number) ^ scramble(tailWord(bytes, blocks * 16 + lane * 4), lane);
  }
  return finish(h, bytes.length);
}

const C = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93];
const SCRAMBLE_TURN = [15, 16, 17, 18];
const TURN = [19, 17, 15, 13];
const ADD = [0x561ccd1b, 0x0bcaa747, 0x96cd1c35, 0x32ac3b17];

function rotl(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function scramble(word: number, lane: number): number {
  const multiplied = Math.imul(word, C[lane] as number);
  return Math.imul(rotl(multiplied, SCRAMBLE_TURN[lane] as number), C[(lane + 1) & 3] as number);
}

/** What is left of the text from there, at most four bytes, little-endian. */
function tailWord(bytes: Uint8Array, at: number): number {
  let word = 0;
  for (let i = Math.min(at + 4, bytes.length) - 1; i >= at; i--) {
    word = (word << 8) | (bytes[i] as number);
  }
  return word;
}

function finish(h: [number, number, number, number], length: number): string {
  const spread = (): void => {
    h[0] = (h[0] + h[1] + h[2] + h[3]) | 0;
    for (let lane = 1; lane < 4; lane++) h[lane] = ((h[lane] as number) + h[0]) | 0;
  };
  for (let lane = 0; lane < 4; lane++) h[lane] = (h[lane] as number) ^ length;
  spread();
  for (let lane = 0; lane < 4; lane++) h[lane] = avalanche(h[lane] as number);
  spread();
  return h.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

function avalanche(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
