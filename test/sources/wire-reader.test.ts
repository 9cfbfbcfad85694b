import type { Subscription } from '@nats-io/transport-node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInKernelMemory, kernelMemory } from '../../src/kernels/memory.ts';
import { Claims, type TakeMessage } from '../../src/sources/claims.ts';
import type { WireMessage } from '../../src/sources/wire-message.ts';
import { WireReader } from '../../src/sources/wire-reader.ts';
import { joined, operationOf, type WireEvent } from './protocol-streams.ts';

interface Held {
  readonly reader: WireReader;
  readonly claims: Claims;
  readonly events: WireEvent[];
  readonly counted: { inMsgs: number; inBytes: number };
}

function subscriptionOf(sid: number) {
  const closing = Promise.withResolvers<void>();
  let isOver = false;
  return {
    received: 0,
    getID: () => sid,
    isClosed: () => isOver,
    closed: closing.promise,
    close: () => {
      isOver = true;
      closing.resolve();
    },
  };
}

function claimed(claims: Claims, sid: number, take: TakeMessage) {
  const subscription = subscriptionOf(sid);
  claims.add(subscription as unknown as Subscription, take);
  return subscription;
}

const textOf = (bytes: Uint8Array, from = 0, to = bytes.length) =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');

function eventOf(sid: number, message: WireMessage): WireEvent {
  const { subject, bytes, headersFrom, headersTo } = message;
  const headers = textOf(bytes, headersFrom, headersTo);
  return { subject, sid, reply: message.reply(), headers, data: textOf(message.data()) };
}

/** A reader with the odd subscriptions up to 9 claimed. */
function heldReader(also: (message: WireMessage) => void = () => {}): Held {
  const claims = new Claims();
  const counted = { inMsgs: 0, inBytes: 0 };
  claims.countInto(counted);
  const events: WireEvent[] = [];
  for (let sid = 1; sid < 10; sid += 2) {
    claimed(claims, sid, (message) => {
      events.push(eventOf(sid, message));
      also(message);
    });
  }
  return { reader: new WireReader(claims), claims, events, counted };
}

/**
 * Reads as a socket does: the next room is asked for right after a read, before the client has
 * looked at the first of its bytes, and what is left is delivered after that.
 */
function readAll(
  { reader, events }: Held,
  stream: Buffer,
  pieceOf: (room: number) => number = (room) => room,
): void {
  let room = reader.room();
  for (let at = 0; at < stream.length; ) {
    const count = Math.min(pieceOf(room.length), room.length, stream.length - at);
    room.set(stream.subarray(at, at + count));
    at += count;
    reader.filled(count);
    let run = reader.next();
    room = reader.room();
    while (run !== undefined) {
      events.push({ client: textOf(run) });
      run = reader.next();
    }
  }
}

const someOperations = fc.array(fc.tuple(fc.nat(60), fc.nat(9), fc.nat(3000)), {
  minLength: 1,
  maxLength: 60,
});

describe('WireReader', () => {
  it('takes claimed messages and gives all other bytes, in order, wherever reads are cut', () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(someOperations, pieces, (shapes, cuts) => {
        const operations = shapes.map((shape) => operationOf(...shape));
        const held = heldReader();
        let turn = 0;
        const stream = Buffer.concat(operations.map(({ bytes }) => bytes));
        readAll(held, stream, () => cuts[turn++ % cuts.length] as number);
        expect(joined(held.events)).toEqual(joined(operations.map(({ event }) => event)));
        held.reader.close();
      }),
      { numRuns: 200 },
    );
  });

  it('makes the same of a stream that is cut in two at any place', () => {
    const shapes = [5, 1, 2, 3, 5, 6, 9, 10, 7, 15, 12, 20, 25, 30, 35];
    const operations = shapes.map((kind, i) => operationOf(kind, i % 8, i * 3));
    const stream = Buffer.concat(operations.map(({ bytes }) => bytes));
    const expected = joined(operations.map(({ event }) => event));
    for (let cut = 1; cut < stream.length; cut++) {
      const held = heldReader();
      let at = 0;
      readAll(held, stream, () => (at++ === 0 ? cut : stream.length));
      expect(joined(held.events)).toEqual(expected);
      held.reader.close();
    }
  });

  it('counts for the client what goes past it', () => {
    const operations = [1, 2, 3, 5, 6, 4].map((kind, i) => operationOf(kind, i, 100 + i));
    const held = heldReader();
    readAll(held, Buffer.concat(operations.map(({ bytes }) => bytes)), () => 30);
    const taken = held.events.flatMap((event) => ('client' in event ? [] : [event]));
    expect(taken.length).toBe(2);
    expect(held.counted).toEqual({
      inMsgs: 2,
      inBytes: taken.reduce((sum, { headers, data }) => sum + headers.length + data.length, 0),
    });
  });

  it('comes round many times, and says what arrived at once', () => {
    const operations = Array.from({ length: 600 }, (_, i) => operationOf(1, 1, 33_000 + i * 7));
    const stream = Buffer.concat(operations.map(({ bytes }) => bytes));
    const reads: number[] = [];
    const held = heldReader(({ read }) => reads.push(read));
    readAll(held, stream);
    expect(held.events).toEqual(operations.map(({ event }) => event));
    const room = held.reader.room().length;
    expect(new Set(reads).size).toBe(Math.ceil(stream.length / room));
    expect(reads).toEqual(reads.toSorted((a, b) => a - b));
  });

  it('reads large messages in one piece where kernels work, and gives the memory back', () => {
    expect(kernelMemory()).toBeDefined();
    const operations = [600_000, 3_000_000, 10, 15_000_000, 70_000].map((size) =>
      operationOf(2, 3, size),
    );
    const stream = Buffer.concat(operations.map(({ bytes }) => bytes));
    for (let round = 0; round < 10; round++) {
      let inPlace = 0;
      const held = heldReader((message) => {
        if (isInKernelMemory(message.data())) inPlace++;
      });
      readAll(held, stream);
      expect(held.events).toEqual(operations.map(({ event }) => event));
      expect(inPlace).toBe(operations.length);
      held.reader.close();
    }
  });

  it('gives a message beyond all bounds to the client, in parts, and takes what follows', () => {
    const large = operationOf(1, 1, 17_000_000);
    const operations = [operationOf(1, 1, 50), large, operationOf(2, 1, 60), operationOf(5, 1, 0)];
    const held = heldReader();
    readAll(held, Buffer.concat(operations.map(({ bytes }) => bytes)));
    const expected = operations.map(({ bytes, event }) =>
      bytes === large.bytes ? { client: textOf(bytes) } : event,
    );
    expect(joined(held.events)).toEqual(joined(expected));
    held.reader.close();
  });

  it('leaves a line without an end to the client, and does not grow', () => {
    const held = heldReader();
    const after = operationOf(1, 1, 20);
    readAll(held, Buffer.concat([Buffer.alloc(6_000_000, 'x'), Buffer.from('\r\n'), after.bytes]));
    expect(joined(held.events)).toEqual([{ client: `${'x'.repeat(6_000_000)}\r\n` }, after.event]);
    held.reader.close();
  });

  it.each([
    ['a message that does not end with its line', 'MSG spikes.x 1 3\r\nabcPING\r\n'],
    ['one of the client that does not', 'MSG spikes.x 2 3\r\nabcd\r\n'],
  ])('gives all on from where the protocol is broken: %s', (_what, broken) => {
    const first = operationOf(1, 1, 9);
    const held = heldReader();
    const rest = `${broken}MSG spikes.x 1 3\r\nabc\r\nPONG\r\n`;
    readAll(held, Buffer.concat([first.bytes, Buffer.from(rest)]), () => 7);
    expect(joined(held.events)).toEqual([first.event, { client: rest }]);
  });

  it('takes nothing for what is no size, header size or subscription', () => {
    const heads = [
      'MSG spikes.x 1 -3',
      'MSG spikes.x 1 3 4 5',
      'MSG spikes.x 1',
      'MSG  1 3',
      'MSG spikes.x 1x 3',
      'MSG spikes.x 1 1234567890',
      'HMSG spikes.x 1 9 3',
      'HMSG spikes.x 1 a 3',
      'HMSG spikes.x 1 3',
      'MSG spikes.x 1111111111 3',
    ];
    for (const head of heads) {
      const held = heldReader();
      readAll(held, Buffer.from(`${head}\r\nabc\r\nPING\r\n`), () => 1);
      expect(held.events.filter((event) => !('client' in event))).toEqual([]);
      held.reader.close();
    }
  });

  it('stops at a claim that is over, and when it is closed, in the middle of a read', async () => {
    const claims = new Claims();
    const seen: string[] = [];
    const first = claimed(claims, 1, ({ subject }) => {
      seen.push(subject);
      first.close();
    });
    const reader = new WireReader(claims);
    const last = claimed(claims, 3, ({ subject }) => {
      seen.push(subject);
      reader.close();
    });
    const one = (sid: number, name: string) => `MSG ${name} ${sid} 1\r\nx\r\n`;
    const stream = Buffer.from(one(1, 'a') + one(1, 'b') + one(3, 'c') + one(3, 'd'));
    reader.room().set(stream);
    reader.filled(stream.length);
    expect(reader.next()).toBeUndefined();
    expect(seen).toEqual(['a', 'c']);
    expect([first.received, last.received]).toEqual([2, 1]);
    await Promise.resolve();
    expect(claims.find(1)).toBeUndefined();
    reader.room().fill(1);
    reader.filled(5);
    expect(reader.next()).toBeUndefined();
  });
});
