import { type ColumnKernels, columnKernels, UNORDERED } from './column-kernels.ts';
import { isInKernelMemory } from './memory.ts';

/**
 * Moves a u32 column that lies at `from` in a message to where it is aligned; gives its largest
 * value, 0 of none.
 */
export function takeColumn(message: Uint8Array, from: number, to: Uint32Array): number {
  if (isInKernelMemory(to) && isInKernelMemory(message)) {
    const kernels = columnKernels() as ColumnKernels;
    return kernels.take32(message.byteOffset + from, to.length, to.byteOffset) >>> 0;
  }
  copyTo(message, from, to);
  return largestOf(to);
}

/**
 * As `takeColumn`, of times: gives the largest, and `UNORDERED` on top of it where one is below
 * the one before it.
 */
export function takeTimes(message: Uint8Array, from: number, to: Uint32Array): number {
  if (isInKernelMemory(to) && isInKernelMemory(message)) {
    const kernels = columnKernels() as ColumnKernels;
    return kernels.takeTimes32(message.byteOffset + from, to.length, to.byteOffset);
  }
  copyTo(message, from, to);
  return largestTime(to);
}

function copyTo(message: Uint8Array, from: number, to: Uint32Array): void {
  const bytes = new Uint8Array(message.buffer, message.byteOffset + from, to.byteLength);
  new Uint8Array(to.buffer, to.byteOffset, to.byteLength).set(bytes);
}

/** The largest value of a column; 0 of none. */
export function largestOf(column: Uint16Array | Uint32Array): number {
  const kernels = isInKernelMemory(column) ? columnKernels() : undefined;
  if (kernels !== undefined) {
    const { byteOffset, length } = column;
    if (column instanceof Uint16Array) return kernels.max16(byteOffset, length);
    return kernels.max32(byteOffset, length) >>> 0;
  }
  let largest = 0;
  for (let i = 0; i < column.length; i++) {
    const value = column[i] as number;
    if (value > largest) largest = value;
  }
  return largest;
}

/** The largest of a column of times, with `UNORDERED` on top where one is below the one before. */
export function largestTime(dts: Uint16Array | Uint32Array): number {
  const kernels = isInKernelMemory(dts) ? columnKernels() : undefined;
  if (kernels !== undefined) {
    const { byteOffset, length } = dts;
    if (dts instanceof Uint16Array) return kernels.times16(byteOffset, length);
    return kernels.takeTimes32(byteOffset, length, byteOffset);
  }
  let largest = 0;
  let isOrdered = true;
  for (let i = 0; i < dts.length; i++) {
    const dt = dts[i] as number;
    if (dt >= largest) largest = dt;
    else isOrdered = false;
  }
  return isOrdered ? largest : largest + UNORDERED;
}
