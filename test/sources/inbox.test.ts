import fc from 'fast-check';
import { beforeEach, expect, test, vi } from 'vitest';
import type { InboundMessage } from '../../src/component/message.ts';
import type { Inlet } from '../../src/component/source.ts';
import { Inbox, type InboxLimits, type InboxLoop } from '../../src/sources/inbox.ts';

/** An event loop whose time passes only when a test, or a delivery, says so. */
class TestLoop implements InboxLoop {
  ms = 0;
  private readonly callbacks: (() => void)[] = [];

  nowMs(): number {
    return this.ms;
  }

  afterTurn(callback: () => void): void {
    this.callbacks.push(callback);
  }

  /** Ends the turn; true where something was waiting for its end. */
  endTurn(): boolean {
    const due = this.callbacks.splice(0);
    for (const callback of due) callback();
    return due.length > 0;
  }
}

const MESSAGE_BYTES = 512;
const LIMITS: InboxLimits = {
  bytesMax: 100 * (MESSAGE_BYTES + 1),
  lagBytesMax: 10 * (MESSAGE_BYTES + 1),
  turnMsMax: 25,
  payMsMax: 100,
  lookEveryBytes: 0,
};

let loop: TestLoop;
let delivered: number[];
let drops: string[];
let failures: unknown[];
/** What a delivery costs, ms. */
let costMs: number;
let onDelivery: (n: number) => void;
let inbox: Inbox;

beforeEach(() => {
  loop = new TestLoop();
  delivered = [];
  drops = [];
  failures = [];
  costMs = 0;
  onDelivery = () => {};
  inbox = makeInbox(LIMITS);
});

function makeInbox(limits: InboxLimits): Inbox {
  const made = new Inbox(limits, loop, (reason, count) => drops.push(`${reason} ${count}`));
  const inlet: Inlet = {
    message: ({ data }) => {
      loop.ms += costMs;
      delivered.push(data[0] as number);
      onDelivery(data[0] as number);
    },
    frame: () => {},
  };
  made.connect(inlet, (error) => failures.push(error));
  return made;
}

function message(n: number, data: Uint8Array = Uint8Array.of(n)): InboundMessage {
  const subject = 'spikeformer.spikes.cpu.0';
  return { subject, data, contentType: 'a/b', arrivedUs: n, sequence: undefined };
}

function offer(from: number, to: number): void {
  for (let n = from; n < to; n++) inbox.offer(message(n));
}

function numbers(to: number, from = 0): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

test('messages go through in place while the turn has time', () => {
  const seen: InboundMessage[] = [];
  const direct = message(7);
  inbox.connect({ message: (one) => seen.push(one), frame: () => {} }, () => {});
  inbox.offer(direct);
  expect(seen).toEqual([direct]);
  expect(seen[0]).toBe(direct);
  expect(inbox.depth).toEqual({ messages: 0, bytes: 0 });
});

test('a turn that has spent its time leaves the rest to later turns, in order', () => {
  costMs = 10;
  offer(0, 8);
  expect(delivered).toEqual([0, 1, 2]);
  expect(inbox.depth).toEqual({ messages: 5, bytes: 5 * (MESSAGE_BYTES + 1) });
  loop.endTurn();
  expect(delivered).toEqual([0, 1, 2, 3, 4, 5]);
  offer(8, 9);
  loop.endTurn();
  expect(delivered).toEqual(numbers(9));
  expect(loop.endTurn()).toBe(false);
  expect(inbox.depth).toEqual({ messages: 0, bytes: 0 });
});

test('the clock is looked at once in so many bytes, and at the start of a turn', () => {
  const nowMs = vi.spyOn(loop, 'nowMs');
  inbox = makeInbox({ ...LIMITS, lookEveryBytes: 4 * (MESSAGE_BYTES + 1) });
  costMs = 10;
  offer(0, 9);
  // Looked at with the messages 0 and 4; by then the time of the turn is over.
  expect(delivered).toEqual(numbers(4));
  expect(nowMs).toHaveBeenCalledTimes(2);
  loop.endTurn();
  offer(9, 20);
  while (loop.endTurn());
  expect(delivered).toEqual(numbers(20));
});

test('a new turn has new time', () => {
  costMs = 20;
  for (let n = 0; n < 6; n += 2) {
    offer(n, n + 2);
    loop.endTurn();
  }
  expect(delivered).toEqual(numbers(6));
  expect(drops).toEqual([]);
});

test('what waits is a copy, even of a Buffer', () => {
  inbox.hold();
  const buffer = Buffer.from([1, 2, 3]);
  inbox.offer(message(1, buffer.subarray(1)));
  buffer.fill(9);
  inbox.release();
  loop.endTurn();
  expect(delivered).toEqual([2]);
});

test('what waits keeps its bytes, whatever is read to the same memory meanwhile', () => {
  const room = Buffer.alloc(8);
  costMs = 30;
  // One in place, then some that wait, some that pay, and some that are held: all in one room.
  for (let n = 0; n < 40; n++) {
    if (n === 30) inbox.hold();
    room.fill(n);
    inbox.offer(message(n, room.subarray(3, 4)));
    costMs = 1;
  }
  room.fill(255);
  inbox.release();
  while (loop.endTurn());
  expect(delivered).toEqual(numbers(40));
  expect(drops).toEqual([]);
});

test('above the lag mark an arrival pays by delivering its size, and nothing is dropped', () => {
  costMs = 30;
  offer(0, 1);
  costMs = 1;
  offer(1, 60);
  expect(inbox.depth.messages).toBe(10);
  expect(delivered).toEqual(numbers(50));
  expect(drops).toEqual([]);
});

test('a turn pays for its time only; past that all is copied until the room is used up', () => {
  costMs = 30;
  offer(0, 1);
  offer(1, 200);
  // 30 ms in place, 30 ms three times in payment: 100 ms are over.
  expect(delivered).toEqual([0, 1, 2, 3]);
  expect(inbox.depth.messages).toBe(100);
  expect(drops).toHaveLength(200 - 4 - 100);
  expect(new Set(drops)).toEqual(new Set(['buffer_full 1']));
  costMs = 0;
  while (loop.endTurn());
  expect(delivered).toEqual(numbers(104));
});

test('while held nothing is delivered, and the newest are dropped when the room is used up', () => {
  inbox.hold();
  offer(0, 103);
  expect(loop.endTurn()).toBe(false);
  expect(delivered).toEqual([]);
  expect(inbox.depth).toEqual({ messages: 100, bytes: LIMITS.bytesMax });
  expect(drops).toEqual(['buffer_full 1', 'buffer_full 1', 'buffer_full 1']);
  inbox.release();
  expect(delivered).toEqual([]);
  offer(200, 201);
  loop.endTurn();
  expect(delivered).toEqual([...numbers(100), 200]);
});

test('a delivery may hold: the rest waits', () => {
  onDelivery = (n) => {
    if (n === 1) inbox.hold();
  };
  offer(0, 4);
  expect(delivered).toEqual([0, 1]);
  loop.endTurn();
  expect(delivered).toEqual([0, 1]);
  inbox.release();
  while (loop.endTurn());
  expect(delivered).toEqual([0, 1, 2, 3]);
});

test('a message larger than the whole room is delivered in place, and dropped when held', () => {
  inbox = makeInbox({ ...LIMITS, lagBytesMax: 600, bytesMax: 1200 });
  costMs = 30;
  const large = new Uint8Array(5000);
  offer(1, 3);
  inbox.offer(message(0, large));
  expect(delivered).toEqual([1, 2, 0]);
  expect(drops).toEqual([]);
  inbox.hold();
  inbox.offer(message(0, large));
  expect(drops).toEqual(['buffer_full 1']);
});

test('drained resolves when the last message is delivered', async () => {
  costMs = 30;
  offer(0, 3);
  let isDrained = false;
  const drained = inbox.drained().then(() => {
    isDrained = true;
  });
  loop.endTurn();
  await Promise.resolve();
  expect([isDrained, delivered.length]).toEqual([false, 2]);
  loop.endTurn();
  await drained;
  expect(delivered).toEqual([0, 1, 2]);
  await inbox.drained();
});

test('drained while held drops what waits and counts it', async () => {
  costMs = 30;
  offer(0, 3);
  const drained = inbox.drained();
  inbox.hold();
  await inbox.drained();
  await drained;
  expect(drops).toEqual(['stopped 2']);
  expect(inbox.depth).toEqual({ messages: 0, bytes: 0 });
  loop.endTurn();
  expect(delivered).toEqual([0]);
});

test('what the inlet throws is told, never thrown at the one who offers', () => {
  onDelivery = (n) => {
    throw new Error(`fault at ${n}`);
  };
  costMs = 30;
  offer(0, 2);
  loop.endTurn();
  expect(failures).toEqual([new Error('fault at 0'), new Error('fault at 1')]);
});

test('whatever happens: offered = delivered + dropped + waiting, in order', () => {
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 40 }).map((count) => ({ offer: count })) },
    { weight: 3, arbitrary: fc.constant('endTurn' as const) },
    { weight: 1, arbitrary: fc.constantFrom('hold' as const, 'release' as const) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 60 }).map((ms) => ({ costMs: ms })) },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      loop = new TestLoop();
      const order: number[] = [];
      let dropped = 0;
      let offered = 0;
      let cost = 0;
      const limits = { ...LIMITS, bytesMax: 30 * (MESSAGE_BYTES + 1) };
      inbox = new Inbox(limits, loop, (_reason, count) => {
        dropped += count;
      });
      const take = ({ arrivedUs }: InboundMessage) => {
        loop.ms += cost;
        order.push(arrivedUs);
      };
      inbox.connect({ message: take, frame: () => {} }, () => {});
      for (const one of actions) {
        if (one === 'endTurn') loop.endTurn();
        else if (one === 'hold') inbox.hold();
        else if (one === 'release') inbox.release();
        else if ('costMs' in one) cost = one.costMs;
        else for (let i = 0; i < one.offer; i++) inbox.offer(message(offered++));
        expect(order.length + dropped + inbox.depth.messages).toBe(offered);
        expect(inbox.depth.bytes).toBe(inbox.depth.messages * (MESSAGE_BYTES + 1));
        expect(inbox.depth.bytes).toBeLessThanOrEqual(limits.bytesMax);
      }
      inbox.release();
      while (loop.endTurn());
      expect(order.length + dropped).toBe(offered);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }),
  );
});
