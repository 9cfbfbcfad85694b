const SLOTS = 4096;
/** Places of a text, one after the other, before one that is in use makes way. */
const PROBES = 4;

/**
 * Subjects as the same strings each time, found by their bytes: a decoded text for each message
 * would cost as much as the rest of its way. A subject that others took the places of is decoded
 * anew: that is slower, and never wrong.
 */
export class SubjectCache {
  private readonly texts: (string | undefined)[] = new Array(SLOTS).fill(undefined);
  private readonly keys: Uint8Array[] = new Array(SLOTS).fill(new Uint8Array(0));

  /** The text of these bytes, of which `hash` is any hash. */
  textOf(bytes: Uint8Array, from: number, to: number, hash: number): string {
    const first = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    for (let probe = 0; probe < PROBES; probe++) {
      const slot = (first + probe) & (SLOTS - 1);
      const text = this.texts[slot];
      if (text === undefined) return this.fill(slot, bytes, from, to);
      if (isSame(this.keys[slot] as Uint8Array, bytes, from, to)) return text;
    }
    return this.fill(first, bytes, from, to);
  }

  private fill(slot: number, bytes: Uint8Array, from: number, to: number): string {
    const key = bytes.slice(from, to);
    const text = new TextDecoder().decode(key);
    this.keys[slot] = key;
    this.texts[slot] = text;
    return text;
  }
}

function isSame(key: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  const { length } = key;
  if (length !== to - from) return false;
  for (let i = 0; i < length; i++) if (key[i] !== bytes[from + i]) return false;
  return true;
}
