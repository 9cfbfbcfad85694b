import { COLUMNS_WASM } from './columns-wasm.ts';
import { kernelMemory } from './memory.ts';

/** Where times go back, what `takeTimes32` and `times16` give has this on top of the largest. */
export const UNORDERED = 2 ** 32;

/** The functions of assembly/columns.ts: addresses in the memory of kernels, counts of values. */
export interface ColumnKernels {
  max32(from: number, n: number): number;
  max16(from: number, n: number): number;
  take32(from: number, n: number, to: number): number;
  takeTimes32(from: number, n: number, to: number): number;
  times16(from: number, n: number): number;
  count32(ids: number, n: number, counts: number): void;
  count16(ids: number, n: number, counts: number): void;
  countBetween32(
    ids: number,
    dts: number,
    n: number,
    counts: number,
    fromDt: number,
    toDt: number,
  ): number;
  countBetween16(
    ids: number,
    dts: number,
    n: number,
    counts: number,
    fromDt: number,
    toDt: number,
  ): number;
  classify32(values: number, n: number, table: number, tableLength: number, counters: number): void;
  binOrdered32(
    dts: number,
    n: number,
    firstEdge: number,
    width: number,
    bins: number,
    counts: number,
  ): void;
  binOrdered16(
    dts: number,
    n: number,
    firstEdge: number,
    width: number,
    bins: number,
    counts: number,
  ): void;
  binAny32(dts: number, n: number, into: number, width: number, bins: number, counts: number): void;
}

let made: ColumnKernels | null | undefined;

/** Undefined where kernels can't run. */
export function columnKernels(): ColumnKernels | undefined {
  if (made === undefined) made = instantiate() ?? null;
  return made ?? undefined;
}

function instantiate(): ColumnKernels | undefined {
  const kernels = kernelMemory();
  if (kernels === undefined) return undefined;
  const { webAssembly, memory } = kernels;
  const module = new webAssembly.Module(Buffer.from(COLUMNS_WASM, 'base64'));
  return new webAssembly.Instance(module, { env: { memory } }).exports as ColumnKernels;
}
