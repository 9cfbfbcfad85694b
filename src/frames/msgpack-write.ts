/**
 * Writes plain values as msgpack that any language reads: no extensions, integers as integers up
 * to 2^53 - 1, typed arrays as bin of their bytes (little-endian). Undefined leaves its key out.
 */
const UTF8 = new TextEncoder();

export class MsgpackWriter {
  private bytes = new Uint8Array(4096);
  private view = new DataView(this.bytes.buffer);
  private at = 0;

  /** The message as bytes of its own. */
  write(value: unknown): Uint8Array {
    this.at = 0;
    this.value(value);
    return this.bytes.slice(0, this.at);
  }

  private reserve(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    let size = this.bytes.length;
    while (size < this.at + count) size *= 2;
    const grown = new Uint8Array(size);
    grown.set(this.bytes.subarray(0, this.at));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  private value(value: unknown): void {
    this.reserve(9);
    if (value === null || value === undefined) this.bytes[this.at++] = 0xc0;
    else if (typeof value === 'boolean') this.bytes[this.at++] = value ? 0xc3 : 0xc2;
    else if (typeof value === 'number') this.number(value);
    else if (typeof value === 'string') this.string(value);
    else if (ArrayBuffer.isView(value)) this.bin(value);
    else if (Array.isArray(value)) this.list(value);
    else if (typeof value === 'object') this.map(value as Record<string, unknown>);
    else throw new TypeError(`a ${typeof value} can't be written as msgpack`);
  }

  private number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      this.bytes[this.at++] = 0xcb;
      this.view.setFloat64(this.at, value);
      this.at += 8;
    } else if (value < 0) this.negative(value);
    else if (value < 0x80) this.bytes[this.at++] = value;
    else if (value < 0x100) this.header(0xcc, value, 1);
    else if (value < 0x1_0000) this.header(0xcd, value, 2);
    else if (value < 0x1_0000_0000) this.header(0xce, value, 4);
    else this.wide(0xcf, value);
  }

  private negative(value: number): void {
    if (value >= -32) this.bytes[this.at++] = value + 0x100;
    else if (value >= -0x8000_0000) this.header(0xd2, value >>> 0, 4);
    else this.wide(0xd3, value);
  }

  private wide(tag: number, value: number): void {
    this.bytes[this.at++] = tag;
    const high = Math.floor(value / 2 ** 32);
    this.view.setInt32(this.at, high);
    this.view.setUint32(this.at + 4, value - high * 2 ** 32);
    this.at += 8;
  }

  private header(tag: number, value: number, width: 1 | 2 | 4): void {
    this.bytes[this.at++] = tag;
    if (width === 1) this.bytes[this.at] = value;
    else if (width === 2) this.view.setUint16(this.at, value);
    else this.view.setUint32(this.at, value);
    this.at += width;
  }

  private string(text: string): void {
    // A UTF-16 unit takes at most three bytes.
    this.reserve(text.length * 3 + 5);
    const bytesMax = text.length * 3;
    const headerBytes = bytesMax < 32 ? 1 : bytesMax < 0x100 ? 2 : bytesMax < 0x1_0000 ? 3 : 5;
    const start = this.at + headerBytes;
    const { written } = UTF8.encodeInto(text, this.bytes.subarray(start));
    if (headerBytes === 1) this.bytes[this.at++] = 0xa0 | written;
    else if (headerBytes === 2) this.header(0xd9, written, 1);
    else if (headerBytes === 3) this.header(0xda, written, 2);
    else this.header(0xdb, written, 4);
    this.at = start + written;
  }

  private bin(column: ArrayBufferView): void {
    const length = column.byteLength;
    if (length < 0x100) this.header(0xc4, length, 1);
    else if (length < 0x1_0000) this.header(0xc5, length, 2);
    else this.header(0xc6, length, 4);
    this.reserve(length);
    this.bytes.set(new Uint8Array(column.buffer, column.byteOffset, length), this.at);
    this.at += length;
  }

  private list(list: readonly unknown[]): void {
    if (list.length < 16) this.bytes[this.at++] = 0x90 | list.length;
    else if (list.length < 0x1_0000) this.header(0xdc, list.length, 2);
    else this.header(0xdd, list.length, 4);
    for (const entry of list) this.value(entry);
  }

  private map(map: Record<string, unknown>): void {
    const keys = Object.keys(map).filter((key) => map[key] !== undefined);
    if (keys.length < 16) this.bytes[this.at++] = 0x80 | keys.length;
    else if (keys.length < 0x1_0000) this.header(0xde, keys.length, 2);
    else this.header(0xdf, keys.length, 4);
    for (const key of keys) {
      this.string(key);
      this.value(map[key]);
    }
  }
}
