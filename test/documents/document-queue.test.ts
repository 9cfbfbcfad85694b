import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { StoredDocument } from '../../src/sinks/documents/document.ts';
import {
  DocumentQueue,
  documentBytes,
  type QueueLimits,
} from '../../src/sinks/documents/document-queue.ts';

const LIMITS: QueueLimits = {
  documentsMax: 10,
  bytesMax: 1e9,
  batchDocumentsMax: 3,
  batchBytesMax: 1e6,
  batchMs: 1000,
};

function document(id: string, message = 'm'): StoredDocument {
  return { id, index: 'logs', timeUs: 1, fields: { message } };
}

const idsOf = (batch: { documents: StoredDocument[] } | undefined) =>
  batch?.documents.map(({ id }) => id);

it('completes a batch when it has as many documents as it may', () => {
  const queue = new DocumentQueue(LIMITS);
  for (const id of ['a', 'b']) queue.offer(document(id), 0);
  expect(queue.next(999)).toBeUndefined();
  for (const id of ['c', 'd']) queue.offer(document(id), 5);
  expect(queue.dueMs).toBe(0);
  expect(idsOf(queue.next(5))).toEqual(['a', 'b', 'c']);
  expect(queue.next(5)).toBeUndefined();
  expect(queue.dueMs).toBe(1005);
});

it('completes it when its first document has waited, however steadily others come', () => {
  const queue = new DocumentQueue({ ...LIMITS, batchDocumentsMax: 100, documentsMax: 100 });
  for (let ms = 0; ms < 1000; ms += 100) {
    queue.offer(document(String(ms)), ms);
    expect(queue.dueMs).toBe(1000);
    expect(queue.next(ms)).toBeUndefined();
  }
  expect(idsOf(queue.next(1000))).toHaveLength(10);
});

it('completes it before it would be too large, and sends a large document alone', () => {
  const small = document('small');
  const large = document('large', 'x'.repeat(5000));
  const batchBytesMax = documentBytes(small) * 2;
  const queue = new DocumentQueue({ ...LIMITS, batchBytesMax });
  for (const each of [small, large, small]) expect(queue.offer(each, 0)).toBe(true);
  expect(idsOf(queue.next(0))).toEqual(['small']);
  expect(idsOf(queue.next(0))).toEqual(['large']);
  expect(queue.next(0)).toBeUndefined();
});

it('takes no more than it has room for, what is on its way included', () => {
  const queue = new DocumentQueue(LIMITS);
  for (let i = 0; i < 10; i++) expect(queue.offer(document(String(i)), i)).toBe(true);
  expect(queue.offer(document('more'), 0)).toBe(false);
  const batch = queue.next(0);
  expect(queue.offer(document('more'), 0)).toBe(false);
  if (batch === undefined) throw new Error('no batch');
  queue.done(batch);
  expect(queue.offer(document('more'), 11)).toBe(true);
  expect(queue.depth.messages).toBe(8);
  expect(queue.oldestMs).toBe(3);
});

it('bounds bytes as well as documents', () => {
  const bytes = documentBytes(document('a'));
  const queue = new DocumentQueue({ ...LIMITS, bytesMax: 2.5 * bytes });
  expect(['a', 'b', 'c'].map((id) => queue.offer(document(id), 0))).toEqual([true, true, false]);
  expect(queue.depth).toEqual({ messages: 2, bytes: 2 * bytes });
});

it('tells the age of the oldest that the store does not have', () => {
  const queue = new DocumentQueue(LIMITS);
  expect(queue.oldestMs).toBeUndefined();
  for (let i = 0; i < 7; i++) queue.offer(document(String(i)), 100 * i);
  const [first, second] = [queue.next(0), queue.next(0)];
  if (first === undefined || second === undefined) throw new Error('no batch');
  expect(queue.oldestMs).toBe(0);
  queue.done(first);
  expect(queue.oldestMs).toBe(300);
  queue.done(second);
  expect(queue.oldestMs).toBe(600);
});

it('gives every document out once, in order, and ends empty', () => {
  const sizes = fc.array(fc.nat(3000), { maxLength: 60 });
  const limits = fc.record({
    documentsMax: fc.integer({ min: 1, max: 80 }),
    bytesMax: fc.integer({ min: 100, max: 100_000 }),
    batchDocumentsMax: fc.integer({ min: 1, max: 20 }),
    batchBytesMax: fc.integer({ min: 1, max: 10_000 }),
    batchMs: fc.constant(1000),
  });
  fc.assert(
    fc.property(sizes, limits, (lengths, given) => {
      const queue = new DocumentQueue(given);
      const taken = lengths.flatMap((length, i) =>
        queue.offer(document(String(i), 'x'.repeat(length)), i) ? [String(i)] : [],
      );
      queue.flush();
      const out: string[] = [];
      for (let batch = queue.next(0); batch !== undefined; batch = queue.next(0)) {
        expect(batch.documents.length).toBeLessThanOrEqual(given.batchDocumentsMax);
        out.push(...batch.documents.map(({ id }) => id));
        queue.done(batch);
      }
      expect(out).toEqual(taken);
      expect(queue.depth).toEqual({ messages: 0, bytes: 0 });
    }),
  );
});
