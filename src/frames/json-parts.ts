/** What a place in a message holds that differs from one message of a shape to the next. */
export type Varying = 't0' | 'seq' | 'timestep0' | 'neuron_id' | 'dt' | 'unread';

/** Bytes that stay, and what follows them; undefined at the end of the message. */
export interface JsonPart {
  readonly text: Uint8Array;
  readonly varying: Varying | undefined;
}

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

const NUMBERS: ReadonlySet<string> = new Set(['t0', 'seq', 'timestep0']);
const LISTS: ReadonlySet<string> = new Set(['neuron_id', 'dt']);
/** Every other field that a frame of spikes is read for. */
const READ: ReadonlySet<string> = new Set([
  ...['v', 'kind', 'device_type', 'chip_id', 'span_us', 'run_id', 'emitter'],
  ...['layer_name', 'neuron_type', 'neuron_count', 'timestep_us', 'neuron_offset'],
]);

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/**
 * Where a number in plain digits ends; -1 where it is written in another way, or begins with a zero
 * that is not all of it.
 */
export function endOfDigits(bytes: Uint8Array, from: number): number {
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

/** Splits one valid message; undefined where it is not plain enough. */
export class JsonSplitter {
  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;
  private from = 0;
  private parts: JsonPart[] = [];

  /**
   * The parts of a message that has been read as JSON: one flat object without escapes, no name
   * twice, and no list but the two columns. Undefined for any other.
   */
  split(bytes: Uint8Array): JsonPart[] | undefined {
    this.bytes = bytes;
    this.at = 0;
    this.from = 0;
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
    this.skipSpace();
    if (this.at !== this.bytes.length) return false;
    this.endPart(this.at, undefined);
    return true;
  }

  private readValue(name: string): boolean {
    const byte = this.bytes[this.at] as number;
    if (byte === QUOTE) return this.readString() !== undefined;
    if (byte === OPEN) return false;
    if (byte === OPEN_LIST) return LISTS.has(name) && this.readList(name as Varying);
    if (byte !== MINUS && !(byte >= ZERO && byte <= NINE)) return this.readWord();
    return this.readNumber(name);
  }

  private readNumber(name: string): boolean {
    const { bytes, at } = this;
    const end = endOfNumber(bytes, at);
    if (end < 0) return false;
    if (NUMBERS.has(name)) {
      // In another form it is as constant as any byte.
      if (endOfDigits(bytes, at) === end) this.vary(name as Varying, end);
    } else if (!READ.has(name) && !LISTS.has(name)) {
      this.vary('unread', end);
    }
    this.at = end;
    return true;
  }

  private readList(name: Varying): boolean {
    const end = this.bytes.indexOf(CLOSE_LIST, this.at);
    if (end < 0) return false;
    this.vary(name, end + 1);
    this.at = end + 1;
    return true;
  }

  /** `true`, `false` or `null`: the parser has seen which. */
  private readWord(): boolean {
    const from = this.at;
    let byte = this.bytes[this.at] as number;
    while (byte >= 0x61 && byte <= 0x7a) byte = this.bytes[++this.at] as number;
    return this.at > from;
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

  private vary(varying: Varying, end: number): void {
    this.endPart(this.at, varying);
    this.from = end;
  }

  private endPart(end: number, varying: Varying | undefined): void {
    this.parts.push({ text: Uint8Array.prototype.slice.call(this.bytes, this.from, end), varying });
  }
}
