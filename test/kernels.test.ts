import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { compiledKernels } from '../scripts/kernels.ts';
import { binTimes } from '../src/kernels/bin-times.ts';
import { Classifier } from '../src/kernels/classify.ts';
import { columnKernels, UNORDERED } from '../src/kernels/column-kernels.ts';
import { countBelow, countIds, countIdsBetween } from '../src/kernels/count-ids.ts';
import { giveArena, isInKernelMemory, takeArena } from '../src/kernels/memory.ts';
import { largestOf, largestTime, takeColumn, takeTimes } from '../src/kernels/take-column.ts';

/** Longer than any loop of the kernels takes at once, with every rest. */
const LENGTH_MAX = 70;
const NEURONS = 100;

const area = takeArena(1 << 16);
afterAll(() => giveArena(area));

type Column = Uint16Array | Uint32Array;

/** The values at an address of the kernels' memory; `from` counts bytes. */
function inArena<C extends Column>(values: C, from: number): C {
  const Type = values.constructor as new (buffer: ArrayBuffer, at: number, length: number) => C;
  const column = new Type(area.buffer, area.byteOffset + from, values.length);
  column.set(values);
  expect(isInKernelMemory(column)).toBe(true);
  return column;
}

/** The bytes of a column anywhere, as a message has them. */
function bytesInArena(values: Column, from: number): Uint8Array {
  const bytes = area.subarray(from, from + values.byteLength);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return bytes;
}

const alignments = fc.nat(20);
const lengths = fc.nat(LENGTH_MAX);

function column32(max: number): fc.Arbitrary<Uint32Array> {
  const value = fc.oneof(fc.nat(max), fc.constantFrom(0, 1, max - 1, max));
  const make = (length: number) => fc.array(value, { minLength: length, maxLength: length });
  return lengths.chain(make).map((list) => Uint32Array.from(list));
}

const anyIds = column32(NEURONS - 1);
/** Some never go back, some do once, some are in any order. */
const anyTimes = fc
  .tuple(column32(2 ** 32 - 1), fc.constantFrom('sorted', 'one back', 'any'), lengths)
  .map(([times, order, at]) => {
    if (order === 'any') return times;
    times.sort();
    if (order === 'one back' && at < times.length) times[at] = 0;
    return times;
  });

function isSorted(times: Column): boolean {
  return times.every((time, i) => i === 0 || time >= (times[i - 1] as number));
}

test('the compiled kernels are what their source compiles to', () => {
  const file = join(import.meta.dirname, '../src/kernels/columns-wasm.ts');
  expect(readFileSync(file, 'utf8')).toBe(compiledKernels());
});

test('this machine has kernels: what follows compares them', () => {
  expect(columnKernels()).toBeDefined();
});

describe('kernels give what plain JavaScript gives', () => {
  test('moving a column, and its largest value', () => {
    fc.assert(
      fc.property(column32(2 ** 32 - 1), alignments, (values, from) => {
        const plain = new Uint32Array(values.length);
        const largest = takeColumn(new Uint8Array(values.slice().buffer), 0, plain);
        const moved = inArena(new Uint32Array(values.length), 4096);
        expect(takeColumn(bytesInArena(values, from), 0, moved)).toBe(largest);
        expect([...moved]).toEqual([...values]);
        expect([...plain]).toEqual([...values]);
        expect(largest).toBe(values.reduce((a, b) => Math.max(a, b), 0));
        expect(largestOf(moved)).toBe(largest);
        const halves = Uint16Array.from(values);
        expect(largestOf(inArena(halves, 4096))).toBe(largestOf(halves));
      }),
    );
  });

  test('moving times, the last of them, and whether they go back', () => {
    fc.assert(
      fc.property(anyTimes, alignments, (values, from) => {
        const plain = new Uint32Array(values.length);
        const largest = takeTimes(new Uint8Array(values.slice().buffer), 0, plain);
        const moved = inArena(new Uint32Array(values.length), 4096);
        expect(takeTimes(bytesInArena(values, from), 0, moved)).toBe(largest);
        expect([...moved]).toEqual([...values]);
        expect(largest >= UNORDERED).toBe(!isSorted(values));
        expect(largest % UNORDERED).toBe(values.reduce((a, b) => Math.max(a, b), 0));
        expect(largestTime(moved)).toBe(largest);
        const halves = Uint16Array.from(values, (value) => value >>> 16);
        expect(largestTime(inArena(halves, 4096))).toBe(largestTime(halves));
        expect(largestTime(halves) >= UNORDERED).toBe(!isSorted(halves));
      }),
    );
  });

  test('counting ids, all and a stretch of them', () => {
    fc.assert(
      fc.property(anyIds, lengths, lengths, (ids, a, b) => {
        const from = Math.min(a, b, ids.length);
        const to = Math.min(Math.max(a, b), ids.length);
        for (const list of [ids, Uint16Array.from(ids)]) {
          const plain = new Uint32Array(NEURONS).fill(3);
          countIds(plain, list, from, to);
          const counts = inArena(new Uint32Array(NEURONS).fill(3), 8192);
          countIds(counts, inArena(list, 4096), from, to);
          expect([...counts]).toEqual([...plain]);
        }
      }),
    );
  });

  test('counting the ids of a stretch of time, at its borders too', () => {
    const border = fc.oneof(fc.integer({ min: -5, max: 70_000 }), fc.nat(12));
    const spike = fc.tuple(fc.nat(NEURONS - 1), fc.oneof(fc.nat(10), fc.nat(65_535)));
    fc.assert(
      fc.property(fc.array(spike, { maxLength: LENGTH_MAX }), border, border, (spikes, a, b) => {
        const idList = spikes.map(([id]) => id);
        const dtList = spikes.map(([, dt]) => dt);
        for (const Type of [Uint16Array, Uint32Array]) {
          const ids = new Type(idList);
          const dts = new Type(dtList);
          const plain = new Uint32Array(NEURONS);
          const counted = countIdsBetween(plain, ids, dts, a, b);
          const counts = inArena(new Uint32Array(NEURONS), 8192);
          const found = countIdsBetween(counts, inArena(ids, 1024), inArena(dts, 2048), a, b);
          expect(found).toBe(counted);
          expect([...counts]).toEqual([...plain]);
          expect(counted).toBe(spikes.filter(([, dt]) => dt >= a && dt < b).length);
        }
      }),
    );
  });

  test('binning times, sorted and not, few and many a bin', () => {
    const shape = fc.record({
      width: fc.constantFrom(1, 7, 1000, 40_000),
      count: fc.integer({ min: 1, max: 9 }),
      into: fc.nat(40_000),
      times: fc.array(fc.nat(70_000), { maxLength: 400 }),
      isOrdered: fc.boolean(),
    });
    fc.assert(
      fc.property(shape, ({ width, count, into, times, isOrdered }) => {
        const bins = { width, count, into: into % width };
        const sorted = isOrdered ? times.sort((a, b) => a - b) : times;
        const naive = new Array<number>(count).fill(0);
        for (const dt of sorted) {
          const bin = Math.min(Math.floor((Math.min(dt, 65_535) + bins.into) / width), count - 1);
          naive[bin] = (naive[bin] as number) + 1;
        }
        for (const Type of [Uint16Array, Uint32Array]) {
          const dts = new Type(sorted.map((dt) => Math.min(dt, 65_535)));
          const plain = new Uint32Array(count).fill(9);
          binTimes(dts, isOrdered, bins, plain);
          const counts = inArena(new Uint32Array(count).fill(9), 8192);
          binTimes(inArena(dts, 1024), isOrdered, bins, counts);
          expect([...plain]).toEqual(naive);
          expect([...counts]).toEqual(naive);
        }
      }),
    );
  });

  test('binning times that are spread as those of frames are, with stretches without any', () => {
    const shape = fc.record({
      width: fc.constantFrom(25, 1000, 100_000_000),
      count: fc.integer({ min: 1, max: 40 }),
      into: fc.nat(24),
      spikes: fc.integer({ min: 60, max: 3000 }),
      shares: fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      /** Part of the time without spikes, from its start. */
      quiet: fc.constantFrom(0, 0, 0.3),
    });
    fc.assert(
      fc.property(shape, ({ width, count, into, spikes, shares, quiet }) => {
        for (const Type of [Uint16Array, Uint32Array]) {
          const spanUs = Math.min(width * count, Type === Uint16Array ? 2 ** 16 : 2 ** 32) - into;
          const dts = new Type(spikes);
          for (let i = 0; i < spikes; i++) {
            const share = quiet + (shares.next().value as number) * (1 - quiet);
            dts[i] = Math.min(spanUs - 1, Math.floor(share * spanUs));
          }
          dts.sort();
          const bins = { width, count, into };
          const naive = new Uint32Array(count);
          for (const dt of dts) {
            const bin = Math.min(Math.floor((dt + into) / width), count - 1);
            naive[bin] = (naive[bin] as number) + 1;
          }
          const plain = new Uint32Array(count);
          binTimes(dts, true, bins, plain);
          const counts = inArena(new Uint32Array(count), 16_384);
          binTimes(inArena(dts, 1024), true, bins, counts);
          expect(plain).toEqual(naive);
          expect([...counts]).toEqual([...naive]);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('counting values by their class', () => {
    const classOf = (value: number) => Math.min(14, Math.floor(Math.sqrt(value)));
    const plain = new Classifier(50, classOf, false);
    const fast = new Classifier(50, classOf, true);
    fc.assert(
      fc.property(column32(300), fc.boolean(), (values, isSmall) => {
        const list = isSmall ? values.map((value) => value % 50) : values;
        const counts = fast.count(inArena(list, 4096), 15);
        expect(counts).toEqual(plain.count(list, 15));
        expect(counts[3]).toBe(list.filter((value) => classOf(value) === 3).length);
      }),
    );
    fast.close();
    expect(fast.count(Uint32Array.of(9, 200), 15)).toEqual(plain.count(Uint32Array.of(9, 200), 15));
  });

  test('searching times for a border', () => {
    fc.assert(
      fc.property(column32(20), fc.nat(25), (times, dt) => {
        times.sort();
        expect(countBelow(times, dt)).toBe(times.filter((time) => time < dt).length);
      }),
    );
  });
});
