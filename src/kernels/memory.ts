import { BuddyBlocks } from './buddy-blocks.ts';

/**
 * The one memory that kernels work in: what a socket reads, columns that are moved, counts of open
 * windows. It is reserved at once and never grows, as growing would detach every view on it; what
 * nobody has touched of it takes no memory of the machine. Where there is no room left, or no
 * WebAssembly with SIMD, areas are plain ones, and plain JavaScript works there with the same
 * results.
 */
const MEMORY_BYTES = 256 * 1024 * 1024;
const PAGE_BYTES = 65_536;
/** Address 0 stands for nothing; the first block is never handed out. */
const NULL_BYTES = 64;

/** Says `plain` where kernels are not to be used though they could be; no setting, for tests. */
const KERNELS_WANTED = 'SPIKEFORMER_KERNELS';

/** A function that gives (i8x16.bitmask (i8x16.splat (i32.const 0))): valid where there is SIMD. */
const SIMD_PROBE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f],
  ...[0x03, 0x02, 0x01, 0x00, 0x0a, 0x0a, 0x01, 0x08, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0xfd, 0x64],
  0x0b,
);

/** As much of WebAssembly as is used; the compiler's own types of it belong to browsers. */
export interface WebAssemblyPart {
  readonly Memory: new (size: {
    initial: number;
    maximum: number;
  }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: unknown };
  validate(bytes: Uint8Array): boolean;
}

/** The memory, and what of it is taken. */
export interface KernelMemory {
  /** The WebAssembly.Memory itself, to be imported by modules. */
  readonly memory: object;
  readonly buffer: ArrayBuffer;
  readonly webAssembly: WebAssemblyPart;
  readonly blocks: BuddyBlocks;
}

let made: KernelMemory | null | undefined;

/** The memory of kernels, made when it is first asked for; undefined where kernels can't run. */
export function kernelMemory(): KernelMemory | undefined {
  if (made === undefined) made = makeMemory() ?? null;
  return made ?? undefined;
}

function makeMemory(): KernelMemory | undefined {
  const { WebAssembly: webAssembly } = globalThis as unknown as { WebAssembly?: WebAssemblyPart };
  if (webAssembly === undefined || !webAssembly.validate(SIMD_PROBE)) return undefined;
  if (process.env[KERNELS_WANTED] === 'plain') return undefined;
  const pages = MEMORY_BYTES / PAGE_BYTES;
  try {
    const memory = new webAssembly.Memory({ initial: pages, maximum: pages });
    const blocks = new BuddyBlocks(MEMORY_BYTES);
    blocks.take(NULL_BYTES);
    return { memory, buffer: memory.buffer, webAssembly, blocks };
  } catch {
    // So little address space is left to the process: plain arrays need less of it at once.
    return undefined;
  }
}

/**
 * An area of so many bytes, aligned for any column, with whatever was there before: in the memory
 * of kernels as long as there is room, or else a plain one.
 */
export function takeArena(bytes: number): Uint8Array<ArrayBuffer> {
  const memory = kernelMemory();
  const at = memory?.blocks.take(bytes) ?? -1;
  if (memory === undefined || at < 0) return new Uint8Array(bytes);
  return new Uint8Array(memory.buffer, at, bytes);
}

/** Gives an area back, whole, as `takeArena` gave it: nobody uses it any more. */
export function giveArena(area: ArrayBufferView): void {
  if (isInKernelMemory(area)) kernelMemory()?.blocks.give(area.byteOffset, area.byteLength);
}

/** Whether kernels can work on these bytes where they are. */
export function isInKernelMemory(view: ArrayBufferView): boolean {
  return made != null && view.buffer === made.buffer;
}
