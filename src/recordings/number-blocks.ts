import type { Hdf5Dataset } from './hdf5-dataset.ts';

/**
 * The rows of a dataset of numbers one after another, held a block at a time: `values` from index
 * `at` on are what comes next.
 */
export class NumberBlocks {
  values: Float64Array = new Float64Array(0);
  at = 0;
  private readonly dataset: Hdf5Dataset;
  private readonly blockRows: number;
  private readonly rowLength: number;
  private readonly end: number;
  private next: number;

  constructor(dataset: Hdf5Dataset, from: number, to: number, rowsWanted: number) {
    this.dataset = dataset;
    this.blockRows = dataset.blockRows(rowsWanted);
    this.rowLength = dataset.shape.slice(1).reduce((product, length) => product * length, 1);
    this.end = Math.min(to, dataset.length);
    this.next = from;
  }

  /** Numbers that are there without reading on; 0 is the end. */
  available(): number {
    if (this.at < this.values.length) return this.values.length - this.at;
    if (this.next >= this.end || this.rowLength === 0) return 0;
    // Blocks end where chunks end, so that no chunk is unpacked twice.
    const blockEnd = (Math.floor(this.next / this.blockRows) + 1) * this.blockRows;
    const to = Math.min(this.end, blockEnd);
    this.values = this.dataset.numbers(this.next, to);
    this.next = to;
    this.at = 0;
    return this.values.length;
  }
}
