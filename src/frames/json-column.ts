const ZERO = 0x30;
const COMMA = 0x2c;
const SPACE = 0x20;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
/** More digits than any whole number below 2^53 has. */
const DIGITS_MAX = 16;

/** One list of whole numbers at a time. Frames share it: it is valid until the next is read. */
export class JsonColumn {
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
