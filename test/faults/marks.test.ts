import { expect, it } from 'vitest';
import { markDifferences, type OwnerMark, parseMark } from '../../scripts/faults/cluster/marks.ts';

const mark = (from: number, to: number, epoch = 1, owner = `w${epoch}`): OwnerMark => ({
  ...{ part: 'p0', owner, epoch, from, to },
});
const texts = (marks: readonly OwnerMark[], count = 10) =>
  markDifferences(marks, new Map([['p0', count]])).flatMap(({ examples }) => examples);

it('takes marks that follow one another up to the last message', () => {
  expect(texts([mark(0, 4), mark(4, 7, 2), mark(7, 10, 3)])).toEqual([]);
  expect(texts([], 0)).toEqual([]);
});

it('finds messages that nobody has, two have, or an owner had after its successor', () => {
  expect(texts([mark(0, 4), mark(5, 10, 2)])).toEqual([
    'p0: w2 (epoch 2) has 5 to 10, and nobody has 4 to 5',
  ]);
  expect(texts([mark(0, 4), mark(3, 10, 2)])).toEqual([
    'p0: w2 (epoch 2) has 3 to 10, and another has up to 4',
  ]);
  expect(texts([mark(0, 4, 2), mark(4, 10, 1)])).toEqual([
    'p0: w1 (epoch 1) has 4 to 10, after epoch 2',
  ]);
  expect(texts([mark(0, 9)])).toEqual(['p0: owners have 9 messages, it has 10']);
});

it('reads a mark, and nothing else', () => {
  const data = Buffer.from(JSON.stringify({ v: 1, owner: 'a', epoch: 3, from: 2, to: 5 }));
  expect(parseMark('spikeformer.control.mark.p12.5', data)).toEqual({
    ...{ part: 'p12', owner: 'a', epoch: 3, from: 2, to: 5 },
  });
  expect(parseMark('spikeformer.control.part.p12', data)).toBeUndefined();
});
