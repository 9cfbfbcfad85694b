import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FrameMessage } from '../../src/emitter/frame-message.ts';
import { Outbox, type Outgoing } from '../../src/emitter/outbox.ts';

const KIB = 1024;

function message(bytes: number): FrameMessage {
  return { subject: 'spikeformer.spikes.cpu.0', data: new Uint8Array(bytes), headers: [] };
}

/** An outbox and what came out of it, by the number of each message in `samples`. */
function outboxOf(bytesMax: number) {
  const dropped: number[] = [];
  const reasons = new Set<string>();
  const outbox = new Outbox(bytesMax, (reason, { samples }) => {
    reasons.add(reason);
    dropped.push(samples);
  });
  return { outbox, dropped, reasons };
}

function takeAll(outbox: Outbox): Outgoing[] {
  const taken: Outgoing[] = [];
  for (let next = outbox.next(); next !== undefined; next = outbox.next()) taken.push(next);
  return taken;
}

test('what is too much is dropped from the oldest that wait, never of what is under way', () => {
  const { outbox, dropped } = outboxOf(100 * KIB);
  for (let i = 1; i <= 3; i++) outbox.add(message(20 * KIB), i);
  const underWay = [outbox.next(), outbox.next()].map((entry) => entry?.samples);
  for (let i = 4; i <= 7; i++) outbox.add(message(20 * KIB), i);
  expect([underWay, dropped]).toEqual([
    [1, 2],
    [3, 4, 5],
  ]);
  outbox.rewind();
  expect(takeAll(outbox).map(({ samples }) => samples)).toEqual([1, 2, 6]);
});

test('what can never fit is dropped itself, after all that waited', () => {
  const { outbox, dropped } = outboxOf(64 * KIB);
  outbox.add(message(KIB), 1);
  outbox.add(message(65 * KIB), 2);
  expect([dropped, outbox.frames, outbox.bytes]).toEqual([[1, 2], 0, 0]);
});

test('at most 512 are under way, so that readers tell repeats', () => {
  const { outbox } = outboxOf(64 * KIB ** 2);
  for (let i = 1; i <= 1000; i++) outbox.add(message(10), i);
  const first = takeAll(outbox);
  expect(first).toHaveLength(512);
  // The first of them holds up the rest: what is under way stays together.
  for (const entry of first.slice(1)) outbox.confirm(entry);
  outbox.trim();
  expect(takeAll(outbox)).toEqual([]);
  outbox.confirm(first[0] as Outgoing);
  outbox.trim();
  expect(takeAll(outbox)).toHaveLength(488);
});

test('those that are confirmed are not sent again', () => {
  const { outbox } = outboxOf(KIB ** 2);
  for (let i = 1; i <= 4; i++) outbox.add(message(10), i);
  const sent = takeAll(outbox);
  expect(outbox.confirm(sent[2] as Outgoing)).toBe(true);
  expect(outbox.confirm(sent[2] as Outgoing)).toBe(false);
  outbox.rewind();
  expect(takeAll(outbox).map(({ samples }) => samples)).toEqual([1, 2, 4]);
});

type Op = readonly [what: 'add' | 'send' | 'confirm' | 'refuse' | 'rewind', value: number];

test('whatever happens, nothing is lost, counted twice, out of order or above the bound', () => {
  const bytesMax = 256 * KIB;
  const op: fc.Arbitrary<Op> = fc.tuple(
    fc.constantFrom('add', 'add', 'add', 'send', 'send', 'confirm', 'refuse', 'rewind'),
    fc.nat(60 * KIB),
  );
  fc.assert(
    fc.property(fc.array(op, { maxLength: 200 }), (ops) => {
      const { outbox, dropped, reasons } = outboxOf(bytesMax);
      const underWay: Outgoing[] = [];
      const confirmed: number[] = [];
      const firstSent: number[] = [];
      let added = 0;
      for (const [what, value] of ops) {
        const chosen = underWay[value % Math.max(1, underWay.length)];
        if (what === 'add') outbox.add(message(value), ++added);
        else if (what === 'rewind') outbox.rewind();
        else if (what === 'send') {
          const entry = outbox.next();
          if (entry === undefined) continue;
          if (!entry.wasSent) firstSent.push(entry.samples);
          entry.wasSent = true;
          underWay.push(entry);
        } else if (chosen !== undefined) {
          if (what === 'refuse') outbox.refuse(chosen, 'too large');
          else if (outbox.confirm(chosen)) confirmed.push(chosen.samples);
          outbox.trim();
        }
        expect(outbox.bytes).toBeLessThanOrEqual(bytesMax);
        expect(outbox.bytes).toBeGreaterThanOrEqual(outbox.frames * 512);
      }
      expect(firstSent).toEqual([...firstSent].sort((a, b) => a - b));
      const left = outbox.frames;
      outbox.clear();
      expect([outbox.frames, outbox.bytes, outbox.samples]).toEqual([0, 0, 0]);
      expect(confirmed.length + dropped.length).toBe(added);
      expect(new Set([...confirmed, ...dropped]).size).toBe(added);
      if (left > 0) expect(reasons).toContain('closed');
    }),
    { numRuns: 300 },
  );
});
