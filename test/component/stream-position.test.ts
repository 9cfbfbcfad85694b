import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isStored,
  laterOf,
  parseRecordId,
  recordId,
  type StreamPosition,
} from '../../src/component/stream-position.ts';

const CREATED = '2026-11-29T08:00:00.123456789Z';
const record = fc.record({ sequence: fc.integer({ min: 1, max: 6 }), index: fc.nat(4) });
const position: fc.Arbitrary<StreamPosition> = fc.record({
  sequence: fc.nat(6),
  records: fc.oneof(fc.constant(null), fc.nat(4)),
});

describe('a position in the stream', () => {
  it('has stored what is before it', () => {
    expect(isStored({ sequence: 5, records: 2 }, 4, 99)).toBe(true);
    expect(isStored({ sequence: 5, records: 2 }, 5, 1)).toBe(true);
    expect(isStored({ sequence: 5, records: 2 }, 5, 2)).toBe(false);
    expect(isStored({ sequence: 5, records: null }, 5, 99)).toBe(true);
    expect(isStored({ sequence: 5, records: null }, 6, 0)).toBe(false);
    expect(isStored({ sequence: 0, records: null }, 1, 0)).toBe(false);
  });

  it('that is later has stored all that the earlier one has, in either order', () => {
    fc.assert(
      fc.property(position, position, record, (a, b, { sequence, index }) => {
        const later = laterOf(a, b);
        expect(later === a || later === b).toBe(true);
        const byEither = isStored(a, sequence, index) || isStored(b, sequence, index);
        expect(isStored(later, sequence, index)).toBe(byEither);
        expect(isStored(laterOf(b, a), sequence, index)).toBe(byEither);
      }),
    );
  });
});

describe('the id of a record', () => {
  it('says when its stream was made, its frame and its index', () => {
    const id = recordId(CREATED, 42, 7);
    expect(id).toBe(`${Date.parse(CREATED).toString(36)}-000000000042-0007`);
    const created = Date.parse(CREATED).toString(36);
    expect(parseRecordId(id)).toEqual({ created, sequence: 42, index: 7 });
  });

  it('is in the order of frames and of their records, by its characters', () => {
    const ids = fc.record({ sequence: fc.nat(999_999_999_999), index: fc.nat(9999) });
    fc.assert(
      fc.property(ids, ids, (a, b) => {
        const [first, second] = [a, b].map((each) => recordId(CREATED, each.sequence, each.index));
        const order = a.sequence - b.sequence || a.index - b.index;
        const isBefore = (first as string) < (second as string);
        expect([isBefore, first === second]).toEqual([order < 0, order === 0]);
      }),
    );
  });

  it('is another one in a stream that was made anew', () => {
    expect(recordId('2026-11-29T08:00:00.124Z', 42, 7)).not.toBe(recordId(CREATED, 42, 7));
  });

  it.each(['', 'abc', '-1-2', 'ABC-1-2', 'abc-1', 'abc-1-2-3', 'abc-x-2', ' abc-1-2'])(
    '%j is none',
    (text) => {
      expect(parseRecordId(text)).toBeUndefined();
    },
  );
});
