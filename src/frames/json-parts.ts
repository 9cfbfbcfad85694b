import type { ShapePart } from './shape-tree.ts';

/** Bytes that stay, and what follows them; undefined at the end of the object. */
export type JsonPart<Varying> = ShapePart<Varying>;

/** How a value is written: `digits` is a whole number without anything else. */
export type JsonForm = 'text' | 'digits' | 'number' | 'list' | 'word';

/**
 * What the value of a field is: one that differs from one object of a shape to the next; `constant`
 * where it is one of the bytes that stay; undefined where no shape can be made with it.
 */
export type Varies<Varying> = (name: string, form: JsonForm) => Varying | 'constant' | undefined;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/**
 * Where a number in plain digits ends; -1 where it is written in another way, or begins with a zero
 * that is not all of it.
 */
function endOfDigits(bytes: Uint8Array, from: number): number {
  let at = from;
  let byte = bytes[at] as number;
  while (byte >= ZERO && byte <= NINE) byte = bytes[++at] as number;
  if (at === from || (bytes[from] === ZERO && at > from + 1)) return -1;
  return at;
}

/** Where any number of JSON ends; -1 where there is none. */
export function endOfNumber(bytes: Uint8Array, from: number): number {
  let at = endOfDigits(bytes, bytes[from] === MINUS ? from + 1 : from);
  if (at >= 0 && bytes[at] === 0x2e) at = endOfFraction(bytes, at + 1);
  if (at < 0 || ((bytes[at] as number) | 0x20) !== 0x65) return at;
  const sign = bytes[at + 1];
  return endOfFraction(bytes, sign === MINUS || sign === 0x2b ? at + 2 : at + 1);
}

/** As many digits as there are, but one. */
function endOfFraction(bytes: Uint8Array, from: number): number {
  let at = from;
  let byte = bytes[at] as number;
  while (byte >= ZERO && byte <= NINE) byte = bytes[++at] as number;
  return at === from ? -1 : at;
}

/** Splits objects of valid JSON into what stays and what differs. */
export class JsonSplitter<Varying> {
  private readonly varies: Varies<Varying>;
  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;
  private from = 0;
  private parts: JsonPart<Varying>[] = [];

  constructor(varies: Varies<Varying>) {
    this.varies = varies;
  }

  /**
   * The parts of the object that begins there, in bytes that have been read as JSON: flat, without
   * escapes, no name twice. Undefined for any other.
   */
  split(bytes: Uint8Array, from: number): JsonPart<Varying>[] | undefined {
    this.bytes = bytes;
    this.at = from;
    this.from = from;
    this.parts = [];
    const isPlain = this.readObject();
    const { parts } = this;
    this.bytes = new Uint8Array(0);
    this.parts = [];
    return isPlain ? parts : undefined;
  }

  private readObject(): boolean {
    const names = new Set<string>();
    if (!this.take(OPEN)) return false;
    do {
      const name = this.readString();
      if (name === undefined || names.has(name) || !this.take(COLON)) return false;
      names.add(name);
      this.skipSpace();
      if (!this.readValue(name)) return false;
    } while (this.take(COMMA));
    if (!this.take(CLOSE)) return false;
    this.endPart(this.at, undefined);
    return true;
  }

  private readValue(name: string): boolean {
    const { bytes, at } = this;
    const byte = bytes[at] as number;
    if (byte === QUOTE) return this.readText(name);
    if (byte === OPEN) return false;
    if (byte === OPEN_LIST) return this.pass(name, 'list', bytes.indexOf(CLOSE_LIST, at) + 1);
    if (byte !== MINUS && !(byte >= ZERO && byte <= NINE)) {
      return this.pass(name, 'word', endOfWord(bytes, at));
    }
    const end = endOfNumber(bytes, at);
    return this.pass(name, endOfDigits(bytes, at) === end ? 'digits' : 'number', end);
  }

  /** Of a text that differs the quotes stay. */
  private readText(name: string): boolean {
    const varying = this.varies(name, 'text');
    const from = this.at + 1;
    if (varying === undefined || this.readString() === undefined) return false;
    if (varying === 'constant') return true;
    this.endPart(from, varying);
    this.from = this.at - 1;
    return true;
  }

  /** Goes past a value that ends there. */
  private pass(name: string, form: JsonForm, end: number): boolean {
    const varying = this.varies(name, form);
    if (varying === undefined || end <= this.at) return false;
    if (varying !== 'constant') {
      this.endPart(this.at, varying);
      this.from = end;
    }
    this.at = end;
    return true;
  }

  private readString(): string | undefined {
    this.skipSpace();
    const { bytes } = this;
    if (bytes[this.at] !== QUOTE) return undefined;
    const from = this.at + 1;
    const end = bytes.indexOf(QUOTE, from);
    if (end < 0) return undefined;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from);
    if (text.includes(BACKSLASH)) return undefined;
    this.at = end + 1;
    return text.toString('utf8');
  }

  private take(byte: number): boolean {
    this.skipSpace();
    if (this.bytes[this.at] !== byte) return false;
    this.at++;
    return true;
  }

  private skipSpace(): void {
    while (isSpace(this.bytes[this.at])) this.at++;
  }

  private endPart(end: number, varying: Varying | undefined): void {
    this.parts.push({ text: Uint8Array.prototype.slice.call(this.bytes, this.from, end), varying });
  }
}

function endOfWord(bytes: Uint8Array, from: number): number {
  let at = from;
  let byte = bytes[at] as number;
  while (byte >= 0x61 && byte <= 0x7a) byte = bytes[++at] as number;
  return at;
}
