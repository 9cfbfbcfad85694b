import { giveArena, takeArena } from '../kernels/memory.ts';

/** Bytes of one object in all columns. */
const ROW_BYTES = 8 + 4 + 4 + 4;
const ROWS_MIN = 4096;

/** The objects of one message in columns, in their order. */
export class ObjectColumns {
  length = 0;
  /** [length] µs since the Unix epoch. */
  timeUs = new Float64Array(0);
  /** [length] place in the table of layers. */
  layer = new Uint32Array(0);
  /** [length] from 0 in each layer. */
  neuron = new Uint32Array(0);
  /** [length] NaN where there is none. */
  membrane = new Float32Array(0);
  private area: Uint8Array<ArrayBuffer> | undefined;

  get room(): number {
    return this.timeUs.length;
  }

  /** Makes room for so many; what was in there is gone. */
  reset(rows: number): void {
    this.length = 0;
    if (rows <= this.room) return;
    const room = Math.max(ROWS_MIN, 2 ** Math.ceil(Math.log2(rows)));
    if (this.area !== undefined) giveArena(this.area);
    this.area = takeArena(room * ROW_BYTES);
    const { buffer, byteOffset } = this.area;
    this.timeUs = new Float64Array(buffer, byteOffset, room);
    this.layer = new Uint32Array(buffer, byteOffset + room * 8, room);
    this.neuron = new Uint32Array(buffer, byteOffset + room * 12, room);
    this.membrane = new Float32Array(buffer, byteOffset + room * 16, room);
  }
}
