import { columnKernels } from './column-kernels.ts';
import { isInKernelMemory } from './memory.ts';

type Times = Uint16Array | Uint32Array;

/** Bins of `width`, of which the first begins `into` before the time 0. */
export interface Bins {
  readonly into: number;
  readonly width: number;
  readonly count: number;
}

/** Spikes a bin from which on it is worth looking for the ends of bins only. */
const MANY_A_BIN = 24;

/**
 * Counts times by bin, over what was in the first `bins.count` of the counts; the last bin takes
 * what is past it. `isOrdered` says that the times never go back.
 */
export function binTimes(dts: Times, isOrdered: boolean, bins: Bins, counts: Uint32Array): void {
  const { into, width, count } = bins;
  const areMany = dts.length >= MANY_A_BIN * count;
  const kernels = isInKernelMemory(dts) && isInKernelMemory(counts) ? columnKernels() : undefined;
  const { length, byteOffset } = dts;
  const at = counts.byteOffset;
  const is16 = dts instanceof Uint16Array;
  if (isOrdered && areMany) {
    const edge = width - into;
    if (kernels === undefined) binOrdered(dts, bins, counts);
    else if (is16) kernels.binOrdered16(byteOffset, length, edge, width, count, at);
    else kernels.binOrdered32(byteOffset, length, edge, width, count, at);
    return;
  }
  counts.fill(0, 0, count);
  if (kernels === undefined || is16) binAny(dts, bins, counts);
  else kernels.binAny32(byteOffset, length, into, width, count, at);
}

/**
 * A bin's end is looked for from where it would be if spikes were spread evenly, so that most are
 * not looked at. None is looked at more than twice.
 */
function binOrdered(dts: Times, { into, width, count }: Bins, counts: Uint32Array): void {
  const spikes = dts.length;
  const usual = Math.floor(spikes / count);
  const last = count - 1;
  let from = 0;
  let edge = width - into;
  for (let bin = 0; bin < last; bin++, edge += width) {
    let i = Math.min(spikes, from + usual);
    if (i < spikes && (dts[i] as number) < edge) {
      while (i < spikes && (dts[i] as number) < edge) i++;
    } else {
      while (i > from && (dts[i - 1] as number) >= edge) i--;
    }
    counts[bin] = i - from;
    from = i;
  }
  counts[last] = spikes - from;
}

function binAny(dts: Times, { into, width, count }: Bins, counts: Uint32Array): void {
  const last = count - 1;
  for (let i = 0; i < dts.length; i++) {
    const bin = Math.min(Math.floor(((dts[i] as number) + into) / width), last);
    counts[bin] = (counts[bin] as number) + 1;
  }
}
