import { columnKernels } from './column-kernels.ts';
import { isInKernelMemory } from './memory.ts';

type Ids = Uint16Array | Uint32Array;

/** Adds one to `counts[id]` for each id of [from, to). No id is past the end of the counts. */
export function countIds(counts: Uint32Array, ids: Ids, from: number, to: number): void {
  if (to <= from) return;
  const kernels = isInKernelMemory(counts) && isInKernelMemory(ids) ? columnKernels() : undefined;
  if (kernels === undefined) {
    if (ids instanceof Uint16Array) countPlain16(counts, ids, from, to);
    else countPlain32(counts, ids, from, to);
  } else if (ids instanceof Uint16Array) {
    kernels.count16(ids.byteOffset + from * 2, to - from, counts.byteOffset);
  } else {
    kernels.count32(ids.byteOffset + from * 4, to - from, counts.byteOffset);
  }
}

/** As `countIds`, of the spikes with a time in [fromDt, toDt); gives how many they are. */
export function countIdsBetween(
  counts: Uint32Array,
  ids: Ids,
  dts: Ids,
  fromDt: number,
  toDt: number,
): number {
  const low = Math.max(0, fromDt);
  const kernels = isInKernelMemory(counts) && isInKernelMemory(ids) ? columnKernels() : undefined;
  if (kernels === undefined || !isInKernelMemory(dts) || toDt <= low) {
    return countPlainBetween(counts, ids, dts, low, toDt);
  }
  const { length } = ids;
  const at = counts.byteOffset;
  if (ids instanceof Uint32Array && dts instanceof Uint32Array) {
    return kernels.countBetween32(ids.byteOffset, dts.byteOffset, length, at, low, toDt);
  }
  if (ids instanceof Uint16Array && dts instanceof Uint16Array) {
    return kernels.countBetween16(ids.byteOffset, dts.byteOffset, length, at, low, toDt);
  }
  return countPlainBetween(counts, ids, dts, low, toDt);
}

function countPlain32(counts: Uint32Array, ids: Uint32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const id = ids[i] as number;
    counts[id] = (counts[id] as number) + 1;
  }
}

function countPlain16(counts: Uint32Array, ids: Uint16Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const id = ids[i] as number;
    counts[id] = (counts[id] as number) + 1;
  }
}

function countPlainBetween(
  counts: Uint32Array,
  ids: Ids,
  dts: Ids,
  fromDt: number,
  toDt: number,
): number {
  let counted = 0;
  for (let i = 0; i < ids.length; i++) {
    const dt = dts[i] as number;
    if (dt < fromDt || dt >= toDt) continue;
    const id = ids[i] as number;
    counts[id] = (counts[id] as number) + 1;
    counted++;
  }
  return counted;
}

/** In times that never go back: how many are below `dt`. */
export function countBelow(dts: Ids, dt: number): number {
  let low = 0;
  let high = dts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((dts[middle] as number) < dt) low = middle + 1;
    else high = middle;
  }
  return low;
}
