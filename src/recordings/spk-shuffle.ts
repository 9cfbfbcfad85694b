/**
 * Puts the first bytes of all 32-bit words together, then the second ones, and so on; the one to
 * three bytes after the last word stay last. Columns of small numbers become long runs of like
 * bytes, whatever the phase at which a column starts, and zstd takes them faster and smaller.
 */
export function shuffle(bytes: Uint8Array, into: Uint8Array): void {
  const words = bytes.length >>> 2;
  const second = words * 2;
  const third = words * 3;
  for (let word = 0, at = 0; word < words; word++, at += 4) {
    into[word] = bytes[at] as number;
    into[words + word] = bytes[at + 1] as number;
    into[second + word] = bytes[at + 2] as number;
    into[third + word] = bytes[at + 3] as number;
  }
  into.set(bytes.subarray(words * 4), words * 4);
}

/** The inverse; `into` starts at a multiple of 4 in its buffer. */
export function unshuffle(bytes: Uint8Array, into: Uint8Array): void {
  const words = bytes.length >>> 2;
  const second = words * 2;
  const third = words * 3;
  const wide = new Uint32Array(into.buffer, into.byteOffset, words);
  for (let word = 0; word < words; word++) {
    wide[word] =
      (bytes[word] as number) |
      ((bytes[words + word] as number) << 8) |
      ((bytes[second + word] as number) << 16) |
      ((bytes[third + word] as number) << 24);
  }
  into.set(bytes.subarray(words * 4), words * 4);
}
