import { expect, test } from 'vitest';
import { viewOf } from '../../src/cli/workers/partition-views.ts';

const lease = { key: 'p3', epoch: 4, ageMs: 20 };

test("another's partition is as its lease says", () => {
  expect(viewOf('a', { ...lease, worker: 'b' }, undefined)).toEqual({
    ...{ partition: '3', worker: 'b', isOwn: false, epoch: 4 },
    ...{ leaseAgeMs: 20, lagMessages: null },
  });
  expect(viewOf('a', { ...lease, worker: undefined }, undefined).worker).toBeNull();
});

test('its own is as it knows, whatever the lease last said', () => {
  const own = { epoch: 5, leaseAgeMs: 1, lag: 7 };
  expect(viewOf('a', { ...lease, worker: 'b' }, own)).toEqual({
    ...{ partition: '3', worker: 'a', isOwn: true, epoch: 5 },
    ...{ leaseAgeMs: 1, lagMessages: 7 },
  });
});

test('what it has just given back is nobody’s, until it sees whose it is', () => {
  expect(viewOf('a', { ...lease, worker: 'a' }, undefined)).toMatchObject({
    ...{ worker: null, isOwn: false },
  });
});
