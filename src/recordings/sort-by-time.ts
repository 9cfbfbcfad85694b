import { allocateSamples, appendSamples, type SampleColumns } from './samples.ts';

const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const LOW = 2 ** 32;

/** Whether times never go back. */
export function isSortedByTime(samples: SampleColumns): boolean {
  const { timeUs, length } = samples;
  for (let i = 1; i < length; i++) {
    if ((timeUs[i] as number) < (timeUs[i - 1] as number)) return false;
  }
  return true;
}

/**
 * Sorts samples by time, those of one time staying in their order: a radix sort on the distance to
 * the earliest. Keeps its room for the next call.
 */
export class TimeSorter {
  private order = new Uint32Array(0);
  private orderNext = new Uint32Array(0);
  private low = new Uint32Array(0);
  private high = new Uint32Array(0);
  private copy: SampleColumns | undefined;
  private readonly counts = new Uint32Array(DIGITS);

  sort(samples: SampleColumns): void {
    if (isSortedByTime(samples)) return;
    const { length, timeUs } = samples;
    const copy = this.room(samples);
    let minUs = timeUs[0] as number;
    let maxUs = minUs;
    for (let i = 1; i < length; i++) {
      const time = timeUs[i] as number;
      if (time < minUs) minUs = time;
      else if (time > maxUs) maxUs = time;
    }
    const rangeUs = maxUs - minUs;
    this.setKeys(timeUs, length, minUs, rangeUs);
    const bits = Math.ceil(Math.log2(rangeUs + 1));
    for (let shift = 0; shift < Math.min(bits, 32); shift += DIGIT_BITS) {
      this.pass(this.low, shift, length);
    }
    for (let shift = 0; shift < bits - 32; shift += DIGIT_BITS) {
      this.pass(this.high, shift, length);
    }
    copy.length = 0;
    appendSamples(copy, samples, 0, length);
    gather(timeUs, copy.timeUs, this.order, length);
    gather(samples.layer, copy.layer, this.order, length);
    gather(samples.neuron, copy.neuron, this.order, length);
    if (samples.value && copy.value) gather(samples.value, copy.value, this.order, length);
  }

  private room(samples: SampleColumns): SampleColumns {
    if (this.copy !== undefined && this.copy.timeUs.length >= samples.length) return this.copy;
    const capacity = samples.timeUs.length;
    this.order = new Uint32Array(capacity);
    this.orderNext = new Uint32Array(capacity);
    this.low = new Uint32Array(capacity);
    this.high = new Uint32Array(capacity);
    this.copy = allocateSamples(capacity, samples.value === undefined ? 'spikes' : 'membrane');
    return this.copy;
  }

  private setKeys(timeUs: Float64Array, length: number, minUs: number, rangeUs: number): void {
    const { low, high, order } = this;
    for (let i = 0; i < length; i++) order[i] = i;
    if (rangeUs < LOW) {
      for (let i = 0; i < length; i++) low[i] = (timeUs[i] as number) - minUs;
      return;
    }
    for (let i = 0; i < length; i++) {
      const distance = (timeUs[i] as number) - minUs;
      low[i] = distance % LOW;
      high[i] = distance / LOW;
    }
  }

  private pass(keys: Uint32Array, shift: number, length: number): void {
    const { counts, order, orderNext } = this;
    counts.fill(0);
    for (let i = 0; i < length; i++) {
      const digit = ((keys[i] as number) >>> shift) & (DIGITS - 1);
      counts[digit] = (counts[digit] as number) + 1;
    }
    let start = 0;
    for (let digit = 0; digit < DIGITS; digit++) {
      const count = counts[digit] as number;
      counts[digit] = start;
      start += count;
    }
    for (let i = 0; i < length; i++) {
      const index = order[i] as number;
      const digit = ((keys[index] as number) >>> shift) & (DIGITS - 1);
      const at = counts[digit] as number;
      orderNext[at] = index;
      counts[digit] = at + 1;
    }
    this.order = orderNext;
    this.orderNext = order;
  }
}

type Column = Float64Array | Int32Array | Uint32Array | Float32Array;

function gather(into: Column, from: Column, order: Uint32Array, length: number): void {
  for (let i = 0; i < length; i++) into[i] = from[order[i] as number] as number;
}
