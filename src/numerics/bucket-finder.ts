import { bucketOf } from './bucket-of.ts';

/** Cells that the range of the bounds is cut into; most of them lie in one bucket. */
const CELLS = 256;

/**
 * `bucketOf` for many values of the same bounds: looks up where the value's cell begins and goes on
 * from there, so that bounds that are spread evenly cost no search.
 */
export class BucketFinder {
  private readonly le: Float64Array;
  private readonly low: number;
  private readonly cellsPerUnit: number;
  /** [CELLS] bucket in which each cell begins. */
  private readonly begins: Uint16Array;

  constructor(le: Float64Array) {
    this.le = le;
    this.low = le[0] ?? 0;
    const width = ((le.at(-1) ?? 0) - this.low) / CELLS;
    this.cellsPerUnit = width > 0 ? 1 / width : 0;
    this.begins = Uint16Array.from({ length: CELLS }, (_, i) => bucketOf(le, this.low + i * width));
  }

  find(value: number): number {
    const { le } = this;
    const cell = (value - this.low) * this.cellsPerUnit;
    let bucket = cell < CELLS ? (this.begins[cell > 0 ? cell | 0 : 0] as number) : le.length;
    // A cell is cut by bounds, and its edges are rounded.
    while (bucket > 0 && value <= (le[bucket - 1] as number)) bucket--;
    while (bucket < le.length && value > (le[bucket] as number)) bucket++;
    return bucket;
  }
}
