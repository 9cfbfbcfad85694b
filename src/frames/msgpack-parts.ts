import type { ShapePart } from './shape-tree.ts';

/** Numbers that differ from one frame of a layer to the next, in this order. */
export const NUMBERS = ['t0', 'span_us', 'seq', 'timestep0'] as const;
/** Columns of spikes in all their forms, in this order. */
export const BINS = ['neuron_id', 'dt', 'neuron_id_u16', 'dt_u16', 'step_spikes'] as const;

/** A number of a form, or a bin with a length of so many bytes. */
export interface MsgpackVarying {
  readonly what: 'number' | 'unread' | 'bin';
  /** Place in NUMBERS or BINS. */
  readonly slot: number;
  /** The number's tag; 0 of a positive fixint, which is its own. */
  readonly tag: number;
  /** Bytes of the number, or of the bin's length. */
  readonly width: number;
}

/** Every other field that a frame of spikes is read for. */
const READ: ReadonlySet<string> = new Set([
  ...['v', 'kind', 'device_type', 'chip_id', 'run_id', 'emitter'],
  ...['layer_name', 'neuron_type', 'neuron_count', 'timestep_us', 'neuron_offset'],
]);

/** By tag, from 0xca on: bytes of a number after it. */
const NUMBER_WIDTHS = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8];

const known = new Map<number, MsgpackVarying>();

/** The same object each time, so that shapes can be compared. */
function varying(
  what: MsgpackVarying['what'],
  slot: number,
  tag: number,
  width: number,
): MsgpackVarying {
  const key = (tag * 16 + slot) * 4 + (what === 'number' ? 0 : what === 'bin' ? 1 : 2);
  const found = known.get(key) ?? { what, slot, tag, width };
  known.set(key, found);
  return found;
}

/** Splits one message that has been read and found valid; undefined where it is not plain. */
export class MsgpackSplitter {
  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;
  private from = 0;
  private parts: ShapePart<MsgpackVarying>[] = [];

  split(bytes: Uint8Array): ShapePart<MsgpackVarying>[] | undefined {
    this.bytes = bytes;
    this.at = 0;
    this.from = 0;
    this.parts = [];
    const entries = this.count(0x80, 0x0f, 0xde);
    for (let i = 0; i < entries; i++) this.entry();
    const { parts } = this;
    this.endPart(this.at, undefined);
    this.bytes = new Uint8Array(0);
    this.parts = [];
    return entries > 0 && this.at === bytes.length ? parts : undefined;
  }

  private entry(): void {
    const name = this.name();
    const tag = this.bytes[this.at] as number;
    const slot = (NUMBERS as readonly string[]).indexOf(name);
    const bin = (BINS as readonly string[]).indexOf(name);
    const isNumber = tag >= 0xca && tag <= 0xd3;
    if (slot >= 0 && tag < 0x80) {
      this.vary(this.at, varying('number', slot, 0, 1), 1);
    } else if (isNumber && !READ.has(name)) {
      const width = NUMBER_WIDTHS[tag - 0xca] as number;
      const what = slot >= 0 ? 'number' : 'unread';
      this.vary(this.at + 1, varying(what, Math.max(0, slot), tag, width), width);
    } else if (bin >= 0 && tag >= 0xc4 && tag <= 0xc6) {
      const width = 1 << (tag - 0xc4);
      const length = this.unsigned(this.at + 1, width);
      this.vary(this.at + 1, varying('bin', bin, tag, width), width + length);
    } else {
      this.skip();
    }
  }

  /** The key that comes next; in whatever form, so that none is taken for an unknown one. */
  private name(): string {
    const tag = this.bytes[this.at] as number;
    const head = tag < 0xc0 ? 1 : 1 + (1 << (tag - 0xd9));
    const from = this.at + head;
    this.skip();
    return Buffer.from(this.bytes.subarray(from, this.at)).toString('utf8');
  }

  /** Entries of a map or list: of its short form, of 16 or 32 bits. */
  private count(short: number, mask: number, tag16: number): number {
    const tag = this.bytes[this.at++] as number;
    if ((tag & ~mask) === short) return tag & mask;
    const width = tag === tag16 ? 2 : 4;
    this.at += width;
    return this.unsigned(this.at - width, width);
  }

  /** Past one value of any kind. */
  private skip(): void {
    const { bytes, at } = this;
    const tag = bytes[at] as number;
    if (tag < 0x80 || tag >= 0xe0 || (tag >= 0xc0 && tag <= 0xc3)) {
      this.at++;
    } else if (tag < 0x90 || tag === 0xde || tag === 0xdf) {
      for (let rest = this.count(0x80, 0x0f, 0xde) * 2; rest > 0; rest--) this.skip();
    } else if (tag < 0xa0 || tag === 0xdc || tag === 0xdd) {
      for (let rest = this.count(0x90, 0x0f, 0xdc); rest > 0; rest--) this.skip();
    } else if (tag < 0xc0) {
      this.at += 1 + (tag & 0x1f);
    } else if (tag >= 0xca && tag <= 0xd3) {
      this.at += 1 + (NUMBER_WIDTHS[tag - 0xca] as number);
    } else {
      const width = 1 << (tag >= 0xd9 ? tag - 0xd9 : tag - 0xc4);
      this.at += 1 + width + this.unsigned(at + 1, width);
    }
  }

  private unsigned(at: number, width: number): number {
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + (this.bytes[at + i] as number);
    return value;
  }

  private vary(at: number, what: MsgpackVarying, bytes: number): void {
    this.endPart(at, what);
    this.at = at + bytes;
    this.from = this.at;
  }

  private endPart(end: number, what: MsgpackVarying | undefined): void {
    const text = Uint8Array.prototype.slice.call(this.bytes, this.from, end);
    this.parts.push({ text, varying: what });
  }
}
