import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BuddyBlocks } from '../src/kernels/buddy-blocks.ts';
import { giveArena, isInKernelMemory, takeArena } from '../src/kernels/memory.ts';

const BYTES = 65_536;

describe('blocks', () => {
  test('never overlap, and what is given back is room again', () => {
    const step = fc.record({ bytes: fc.integer({ min: 1, max: 9000 }), give: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const blocks = new BuddyBlocks(BYTES);
        const taken: { at: number; bytes: number }[] = [];
        for (const { bytes, give } of steps) {
          const at = blocks.take(bytes);
          if (at >= 0) {
            expect(at + bytes).toBeLessThanOrEqual(BYTES);
            expect(at % 64).toBe(0);
            for (const other of taken) {
              expect(at + bytes <= other.at || other.at + other.bytes <= at).toBe(true);
            }
            taken.push({ at, bytes });
          }
          const [gone] = taken.splice(give, 1);
          if (gone !== undefined) blocks.give(gone.at, gone.bytes);
        }
        for (const { at, bytes } of taken) blocks.give(at, bytes);
        expect(blocks.take(BYTES)).toBe(0);
        expect(blocks.take(1)).toBe(-1);
      }),
    );
  });
});

describe('areas', () => {
  test('lie in the memory of kernels while there is room, and elsewhere after that', () => {
    const areas = Array.from({ length: 6 }, () => takeArena(64 * 1024 * 1024));
    const inside = areas.filter(isInKernelMemory);
    expect(areas.every((area) => area.length === 64 * 1024 * 1024)).toBe(true);
    expect(inside.length).toBeGreaterThanOrEqual(2);
    expect(inside.length).toBeLessThan(4);
    expect(new Set(inside.map(({ byteOffset }) => byteOffset)).size).toBe(inside.length);
    for (const area of areas) giveArena(area);
    const again = takeArena(64 * 1024 * 1024);
    expect(isInKernelMemory(again)).toBe(true);
    giveArena(again);
  });

  test('of an odd length are aligned, and their own', () => {
    const odd = takeArena(13);
    const next = takeArena(13);
    expect([odd.byteOffset % 64, next.byteOffset % 64]).toEqual([0, 0]);
    expect(odd.byteOffset).not.toBe(next.byteOffset);
    expect(isInKernelMemory(new Uint8Array(13))).toBe(false);
  });
});
