import type { SyncLog } from './sync-log.ts';

/** What stands for the first spike of a neuron that has had its second. */
const CANDIDATE = Number.NEGATIVE_INFINITY;

/** Picks, out of a population, the spikes that the search for synchrony wants. */
export class SyncCandidates {
  private readonly log: SyncLog;
  /** What is added to an id to number neurons over several populations. */
  private readonly neuron0: number;
  /** [neurons] µs of the first spike, NaN before it. */
  private readonly firstUs: Float64Array;

  constructor(neuronCount: number, log: SyncLog, neuron0: number) {
    this.log = log;
    this.neuron0 = neuron0;
    this.firstUs = new Float64Array(neuronCount).fill(Number.NaN);
  }

  /**
   * @param ids [n] below neuronCount
   * @param dtsUs [n] µs after t0Us
   */
  add(ids: Uint32Array, dtsUs: Uint32Array, t0Us: number): void {
    const { log, neuron0 } = this;
    let bound = log.bound - neuron0;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as number;
      if (id > bound) continue;
      this.take(id, t0Us + (dtsUs[i] as number));
      bound = log.bound - neuron0;
    }
  }

  private take(id: number, timeUs: number): void {
    const firstUs = this.firstUs[id] as number;
    if (firstUs === CANDIDATE) {
      this.log.add(this.neuron0 + id, timeUs);
    } else if (Number.isNaN(firstUs)) {
      this.firstUs[id] = timeUs;
    } else {
      this.firstUs[id] = CANDIDATE;
      this.log.second(this.neuron0 + id, firstUs, timeUs);
    }
  }
}
