import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReadRing } from '../../src/sources/read-ring.ts';

/** What a server sends: lines, and messages whose bytes may look like lines. */
function operation(seed: number, size: number): Buffer {
  if (seed % 7 === 0) return Buffer.from('PING\r\n');
  if (seed % 11 === 0) return Buffer.from("-ERR 'Slow Consumer'\r\n");
  const payload = Buffer.alloc(size, 'a\r\nMSG b 1 9\r\n');
  if (seed % 5 === 0) {
    const head = `HMSG spikes.x 1 reply.to 12 ${size + 12}\r\nNATS/1.0\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), payload, Buffer.from('\r\n')]);
  }
  return Buffer.concat([Buffer.from(`MSG spikes.x 1 ${size}\r\n`), payload, Buffer.from('\r\n')]);
}

/** Reads `bytes` as a socket would, in pieces; gives what came out, copied at once. */
function readAll(bytes: Buffer, pieceOf: (room: number) => number): Buffer[] {
  const ring = new ReadRing();
  const given: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const room = ring.room();
    const count = Math.min(pieceOf(room.length), room.length, bytes.length - at);
    bytes.copy(room, 0, at, at + count);
    at += count;
    const whole = ring.take(count);
    // The next room is asked for before what was given is looked at.
    ring.room();
    given.push(Buffer.from(whole));
  }
  return given;
}

function ends(operations: readonly Buffer[]): Set<number> {
  let at = 0;
  return new Set(operations.map((one) => (at += one.length)));
}

describe('ReadRing', () => {
  it('gives every byte once, in whole operations, wherever the reads are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(1000), fc.nat(3000)), { minLength: 1, maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 20 }),
        (shapes, pieces) => {
          const operations = shapes.map(([seed, size]) => operation(seed, size));
          const stream = Buffer.concat(operations);
          let turn = 0;
          const given = readAll(stream, () => pieces[turn++ % pieces.length] as number);
          expect(Buffer.concat(given).equals(stream)).toBe(true);
          const boundaries = ends(operations);
          let at = 0;
          for (const one of given) {
            at += one.length;
            if (one.length > 0) expect(boundaries.has(at)).toBe(true);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('comes round many times without writing over what it gave', () => {
    const operations = Array.from({ length: 600 }, (_, i) => operation(i, 33_000 + i * 7));
    const stream = Buffer.concat(operations);
    const given = readAll(stream, (room) => room);
    expect(stream.length).toBeGreaterThan(8 * 2 ** 20);
    expect(Buffer.concat(given).equals(stream)).toBe(true);
  });

  it('gives a message that is longer than the ring in parts, and what follows whole again', () => {
    const operations = [operation(1, 5_000_000), operation(2, 100), operation(3, 700_000)];
    const stream = Buffer.concat([...operations, operation(1, 20)]);
    const given = readAll(stream, (room) => room);
    expect(Buffer.concat(given).equals(stream)).toBe(true);
    expect(given.length).toBeGreaterThan(3);
  });

  it('leaves a line without an end to the parser, and does not grow', () => {
    const stream = Buffer.alloc(6_000_000, 'x');
    const given = readAll(stream, (room) => room);
    const length = given.reduce((sum, one) => sum + one.length, 0);
    expect(stream.length - length).toBeLessThan(2 ** 20);
  });
});
