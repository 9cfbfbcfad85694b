import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStored, type StreamPosition } from '../../src/component/stream-position.ts';
import { WaitingRecords } from '../../src/sinks/waiting-records.ts';

const NOWHERE: StreamPosition = { sequence: 0, records: null };

function record(sequence: number, index: number, bytes = 10) {
  return {
    sequence,
    index,
    subject: 'spikeformer.derived.power',
    data: new Uint8Array(bytes),
    frames: sequence,
  };
}

/** Records of frames, each with so many of them. */
function waitingOf(frames: Readonly<Record<number, number>>, bytes = 10): WaitingRecords {
  const waiting = new WaitingRecords();
  for (const [sequence, count] of Object.entries(frames)) {
    for (let index = 0; index < count; index++) {
      waiting.add(record(Number(sequence), index, bytes));
    }
  }
  return waiting;
}

describe('the next batch', () => {
  it('is all that waits, and reaches to the last frame that was processed', () => {
    const batch = waitingOf({ 3: 2, 5: 1 }).nextBatch(9, NOWHERE);
    expect(batch.records.map(({ sequence, index }) => [sequence, index])).toEqual([
      ...[
        [3, 0],
        [3, 1],
      ],
      [5, 0],
    ]);
    expect(batch.position).toEqual({ sequence: 9, records: null });
  });

  it('is empty where nothing waits, and does not go back', () => {
    const batch = new WaitingRecords().nextBatch(4, { sequence: 7, records: 2 });
    expect(batch).toEqual({
      records: [],
      bytes: 0,
      position: { sequence: 7, records: 2 },
      frames: 0,
    });
  });

  it('leaves room for the marker among the messages of an atomic batch', () => {
    const waiting = waitingOf({ 1: 998, 2: 1, 3: 1 });
    expect(waiting.isBatchFull).toBe(true);
    const first = waiting.nextBatch(3, NOWHERE);
    expect(first.records).toHaveLength(999);
    expect(first.position).toEqual({ sequence: 2, records: null });
    waiting.stored(first);
    expect(waiting.isBatchFull).toBe(false);
    expect(waiting.nextBatch(3, first.position).position).toEqual({ sequence: 3, records: null });
  });

  it('says of a frame that it cuts how many of its records are in it', () => {
    const waiting = waitingOf({ 1: 1, 2: 1500 });
    const first = waiting.nextBatch(2, NOWHERE);
    expect(first.position).toEqual({ sequence: 2, records: 998 });
    waiting.stored(first);
    const second = waiting.nextBatch(2, first.position);
    expect(second.records).toHaveLength(502);
    expect(second.position).toEqual({ sequence: 2, records: null });
  });

  it('says how many messages it reaches over, and leaves room for what else goes with it', () => {
    const waiting = new WaitingRecords(2);
    for (let i = 0; i < 1500; i++) waiting.add(record(7, i));
    const first = waiting.nextBatch(9, NOWHERE, 12);
    expect([first.records.length, first.frames]).toEqual([998, 7]);
    waiting.stored(first);
    expect(waiting.nextBatch(9, first.position, 12).frames).toBe(12);
  });

  it('is no longer than some megabytes, and takes a record that is by itself', () => {
    const waiting = waitingOf({ 1: 9 }, 1024 * 1024);
    const { records, position } = waiting.nextBatch(1, NOWHERE);
    expect(records.length).toBeLessThan(9);
    expect(position).toEqual({ sequence: 1, records: records.length });
    const large = waitingOf({ 1: 2 }, 16 * 1024 * 1024);
    expect(large.nextBatch(1, NOWHERE).records).toHaveLength(1);
  });
});

it('gives each record once and in order, and reaches as far as it says', () => {
  const frames = fc.array(fc.nat(1300), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(frames, (counts) => {
      const waiting = waitingOf(Object.fromEntries(counts.map((count, i) => [i + 1, count])));
      const wanted = counts.flatMap((count, i) => {
        return Array.from({ length: count }, (_, index) => [i + 1, index] as const);
      });
      const got: (readonly [number, number])[] = [];
      let position = NOWHERE;
      for (let batches = 0; waiting.count > 0; batches++) {
        expect(batches).toBeLessThan(20);
        const batch = waiting.nextBatch(counts.length, position);
        for (const { sequence, index } of batch.records) got.push([sequence, index]);
        ({ position } = batch);
        waiting.stored(batch);
        // What a restart from there would leave out is what is stored, not more and not less.
        const kept = wanted.filter(([sequence, index]) => isStored(position, sequence, index));
        expect(kept.length).toBe(got.length);
      }
      expect(got).toEqual(wanted);
      expect([waiting.bytes, waiting.count]).toEqual([0, 0]);
    }),
    { numRuns: 40 },
  );
});

describe('who waits for records to be stored', () => {
  it('is told when none of that frame or of those before waits any more', async () => {
    const waiting = waitingOf({ 1: 1, 2: 1500, 3: 1 });
    const told: number[] = [];
    for (const sequence of [0, 1, 2, 3, 9]) {
      void waiting.whenStored(sequence).then(() => told.push(sequence));
    }
    await turn();
    expect(told).toEqual([0]);
    // All of the first frame, and a part of the second.
    waiting.stored(waiting.nextBatch(3, NOWHERE));
    await turn();
    expect(told).toEqual([0, 1]);
    waiting.stored(waiting.nextBatch(3, NOWHERE));
    await turn();
    expect(told).toEqual([0, 1, 2, 3, 9]);
  });

  it('is told at once where nothing waits', async () => {
    await new WaitingRecords().whenStored(Number.POSITIVE_INFINITY);
  });
});
