/** The smallest block, bytes: a cache line, so that every block is aligned for any column. */
const BLOCK_BYTES_MIN = 64;

/**
 * Which parts of an area are taken: blocks of powers of two, each half of one twice its size
 * (a buddy allocator), so that what is given back becomes room for anything again.
 */
export class BuddyBlocks {
  private readonly ordersCount: number;
  /** By order: starts of the free blocks of BLOCK_BYTES_MIN · 2^order bytes. */
  private readonly free: readonly Set<number>[];

  /** @param bytes a power of two */
  constructor(bytes: number) {
    this.ordersCount = orderOf(bytes) + 1;
    this.free = Array.from({ length: this.ordersCount }, () => new Set<number>());
    this.free.at(-1)?.add(0);
  }

  /** Where a block of at least so many bytes starts; -1 where there is none. */
  take(bytes: number): number {
    const wanted = orderOf(bytes);
    let order = wanted;
    while (order < this.ordersCount && this.blocksOf(order).size === 0) order++;
    if (order >= this.ordersCount) return -1;
    const [at] = this.blocksOf(order) as unknown as Iterable<number> & [number];
    this.blocksOf(order).delete(at);
    // The upper halves of what is too large stay free.
    while (order > wanted) {
      order--;
      this.blocksOf(order).add(at + blockBytes(order));
    }
    return at;
  }

  /** Gives back what `take` gave for so many bytes. */
  give(start: number, bytes: number): void {
    let at = start;
    let order = orderOf(bytes);
    while (order + 1 < this.ordersCount) {
      // Blocks lie at multiples of their size: the other half differs in that one bit.
      const isUpper = (at / blockBytes(order)) % 2 === 1;
      const other = isUpper ? at - blockBytes(order) : at + blockBytes(order);
      if (!this.blocksOf(order).delete(other)) break;
      if (isUpper) at = other;
      order++;
    }
    this.blocksOf(order).add(at);
  }

  private blocksOf(order: number): Set<number> {
    return this.free[order] as Set<number>;
  }
}

function orderOf(bytes: number): number {
  let order = 0;
  while (blockBytes(order) < bytes) order++;
  return order;
}

function blockBytes(order: number): number {
  return BLOCK_BYTES_MIN * 2 ** order;
}
