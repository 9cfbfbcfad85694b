import { SpikeSync } from './spike-sync.ts';

const TRAINS_MAX = 100;
/** Spikes that the measure looks at together: 17 bytes each. */
const WINDOW = 8192;
const GROWTH_MIN = 1024;

/**
 * SPIKE-synchronization of the first 100 neurons with two spikes or more, by their number, found
 * while the spikes go by. A neuron's second spike makes it a candidate; the 101st sends away the
 * one with the highest number, and from then on no number above the rest is of interest. What the
 * candidates fired is kept in a log, which puts right what comes out of order; a full log hands its
 * older half on to the streaming measure.
 *
 * Exact as long as no neuron becomes a candidate after the log was full for the first time
 * (`capacity` spikes of candidates); of one that does, spikes older than half a log are not
 * compared.
 */
export class SyncLog {
  /** Neurons above this are of no interest. */
  bound = Number.POSITIVE_INFINITY;
  private readonly capacity: number;
  private readonly lengthUs: number;
  /** Candidates, ascending. */
  private readonly candidates: number[] = [];
  private readonly trainOf = new Map<number, number>();
  private readonly freeTrains: number[] = [];
  private timesUs = new Float64Array(GROWTH_MIN);
  private neurons = new Float64Array(GROWTH_MIN);
  private length = 0;
  /** Made when the first spikes are handed on. */
  private sync: SpikeSync | undefined;
  private handedUs = Number.NEGATIVE_INFINITY;

  constructor(capacity: number, lengthUs: number) {
    this.capacity = Math.max(GROWTH_MIN, capacity);
    this.lengthUs = lengthUs;
    for (let train = TRAINS_MAX; train > 0; train--) this.freeTrains.push(train - 1);
  }

  /** The second spike of a neuron not above the bound, and its first. */
  second(neuron: number, firstUs: number, timeUs: number): void {
    const { candidates, trainOf, freeTrains } = this;
    let at = candidates.length;
    while (at > 0 && (candidates[at - 1] as number) > neuron) at--;
    candidates.splice(at, 0, neuron);
    if (candidates.length > TRAINS_MAX) {
      const leaves = candidates.pop() as number;
      this.bound = candidates.at(-1) as number;
      if (leaves === neuron) return;
      const train = trainOf.get(leaves) as number;
      trainOf.delete(leaves);
      freeTrains.push(train);
      this.sync?.forget(train);
    }
    trainOf.set(neuron, freeTrains.pop() as number);
    this.insert(neuron, firstUs);
    this.add(neuron, timeUs);
  }

  /** Puts a spike where it belongs, that a log in order stays so. */
  private insert(neuron: number, timeUs: number): void {
    this.add(neuron, timeUs);
    const { timesUs, neurons } = this;
    const end = this.length - 1;
    let at = end;
    while (at > 0 && (timesUs[at - 1] as number) > timeUs) at--;
    timesUs.copyWithin(at + 1, at, end);
    neurons.copyWithin(at + 1, at, end);
    timesUs[at] = timeUs;
    neurons[at] = neuron;
  }

  /** A later spike of a neuron not above the bound. */
  add(neuron: number, timeUs: number): void {
    if (this.length === this.timesUs.length && !this.grow()) this.makeRoom();
    this.timesUs[this.length] = timeUs;
    this.neurons[this.length++] = neuron;
  }

  /** Candidates: at most 100. */
  get size(): number {
    return this.candidates.length;
  }

  /** Undefined for less than two candidates. Nothing may be added after. */
  value(): number | undefined {
    this.sort();
    this.handOn(this.length);
    return this.sync?.value();
  }

  private grow(): boolean {
    const { length } = this;
    if (length >= this.capacity) return false;
    const timesUs = new Float64Array(Math.min(this.capacity, length * 2));
    const neurons = new Float64Array(timesUs.length);
    timesUs.set(this.timesUs);
    neurons.set(this.neurons);
    this.timesUs = timesUs;
    this.neurons = neurons;
    return true;
  }

  /** Drops what is no candidate's; where that is little, hands the older half on. */
  private makeRoom(): void {
    const { timesUs, neurons, length } = this;
    let kept = 0;
    for (let i = 0; i < length; i++) {
      if ((neurons[i] as number) > this.bound) continue;
      timesUs[kept] = timesUs[i] as number;
      neurons[kept++] = neurons[i] as number;
    }
    this.length = kept;
    if (kept * 4 <= length * 3) return;
    this.sort();
    let half = kept >> 1;
    // What is at one time goes together, so that ties don't depend on where the log was full.
    while (half < kept && timesUs[half] === timesUs[half - 1]) half++;
    this.handOn(half);
    timesUs.copyWithin(0, half, kept);
    neurons.copyWithin(0, half, kept);
    this.length = kept - half;
  }

  private handOn(count: number): void {
    if (count === 0) return;
    this.sync ??= new SpikeSync(TRAINS_MAX, this.lengthUs, WINDOW);
    for (let i = 0; i < count; i++) {
      const timeUs = this.timesUs[i] as number;
      const train = this.trainOf.get(this.neurons[i] as number);
      if (train === undefined || timeUs < this.handedUs) continue;
      this.sync.add(train, timeUs);
    }
    this.handedUs = this.timesUs[count - 1] as number;
  }

  /** By time; in which order what is at one time comes changes nothing. */
  private sort(): void {
    const { timesUs, neurons, length } = this;
    let isSorted = true;
    for (let i = 1; i < length; i++) {
      if ((timesUs[i] as number) < (timesUs[i - 1] as number)) isSorted = false;
    }
    if (isSorted) return;
    const order = Uint32Array.from({ length }, (_, i) => i);
    order.sort((a, b) => (timesUs[a] as number) - (timesUs[b] as number) || a - b);
    timesUs.set(Float64Array.from(order, (i) => timesUs[i] as number));
    neurons.set(Float64Array.from(order, (i) => neurons[i] as number));
  }
}
