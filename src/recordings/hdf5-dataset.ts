import type { Dataset } from 'h5wasm/node';
import { RecordingError } from './recording-error.ts';

/** A packed chunk is unpacked whole; one that takes more than this is refused. */
const CHUNK_BYTES_MAX = 2 ** 28;
const LOW = 2 ** 32;

type Guard = <T>(work: () => T) => T;
type Big = BigInt64Array | BigUint64Array;
type Numbers = ArrayLike<number> & ArrayBufferView;

/** A dataset of an HDF5 file; of it only what is asked for is read. */
export class Hdf5Dataset {
  readonly path: string;
  readonly shape: readonly number[];
  private readonly fileName: string;
  private readonly dataset: Dataset;
  private readonly guard: Guard;
  /** Rows of a chunk, where chunks are packed and must be read whole; else 1. */
  private readonly chunkRows: number;

  constructor(fileName: string, path: string, dataset: Dataset, guard: Guard) {
    this.fileName = fileName;
    this.path = path;
    this.dataset = dataset;
    this.guard = guard;
    const { shape, chunks, size, virtual_sources: sources } = dataset.metadata;
    if (sources !== undefined) {
      throw this.wrong('is put together from other files, which is not read; h5repack joins them');
    }
    this.shape = shape ?? [0];
    const isPacked = chunks !== null && dataset.filters.length > 0;
    this.chunkRows = isPacked ? Math.max(1, chunks[0] ?? 1) : 1;
    const chunkBytes = isPacked ? chunks.reduce((product, length) => product * length, size) : 0;
    if (chunkBytes > CHUNK_BYTES_MAX) {
      throw this.wrong(
        `has packed chunks of ${chunkBytes} bytes, at most ${CHUNK_BYTES_MAX} are unpacked; \
h5repack with -l CHUNK= makes smaller ones`,
      );
    }
  }

  /** Elements of the first dimension. */
  get length(): number {
    return this.shape[0] ?? 1;
  }

  get isText(): boolean {
    return this.dataset.metadata.type === 3;
  }

  get isNumeric(): boolean {
    const { type } = this.dataset.metadata;
    return type === 0 || type === 1;
  }

  /** Rows to read at a time: about as many as wanted, in whole chunks where chunks are packed. */
  blockRows(wanted: number): number {
    return Math.max(1, Math.floor(wanted / this.chunkRows)) * this.chunkRows;
  }

  /** Rows [from, to) as numbers; integers that no double holds are rounded. */
  numbers(from: number, to: number): Float64Array {
    if (!this.isNumeric) throw this.wrong('holds no numbers');
    const rows = this.rows(from, to);
    if (rows instanceof BigUint64Array) return wholeNumbers(rows, false);
    if (rows instanceof BigInt64Array) return wholeNumbers(rows, true);
    if (rows instanceof Float64Array) return rows;
    if (ArrayBuffer.isView(rows)) return Float64Array.from(rows as unknown as Numbers);
    return Float64Array.of(Number(rows));
  }

  /** Rows [from, to) as they are, for text and references. */
  values(from: number, to: number): readonly unknown[] {
    const rows = this.rows(from, to);
    return Array.isArray(rows) ? rows : [rows];
  }

  wrong(text: string): RecordingError {
    return new RecordingError('table', `${this.fileName}: ${this.path} ${text}.`);
  }

  private rows(from: number, to: number): unknown {
    const whole = this.shape.slice(1).map((length): [number, number] => [0, length]);
    return this.guard(() =>
      this.shape.length === 0 ? this.dataset.value : this.dataset.slice([[from, to], ...whole]),
    );
  }
}

/** Without a bigint for each: they cost more than all else. */
function wholeNumbers(column: Big, isSigned: boolean): Float64Array {
  const words = new Uint32Array(column.buffer, column.byteOffset, column.length * 2);
  const numbers = new Float64Array(column.length);
  for (let i = 0; i < numbers.length; i++) {
    const low = words[2 * i] as number;
    const high = words[2 * i + 1] as number;
    numbers[i] = (isSigned ? high | 0 : high) * LOW + low;
  }
  return numbers;
}
