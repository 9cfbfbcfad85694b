import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeliveryReader } from '../../src/sources/pull-delivery.ts';

/** Read where it stands, among other bytes. */
function read(reply: string, reader = new DeliveryReader()) {
  const bytes = Buffer.from(`MSG a 1 ${reply} 5\r\n$JS.ACK.1.2.3.4.5.6.7.8.9`);
  const found = reader.read(bytes, 8, 8 + reply.length);
  return found && { ...found };
}

const READ = {
  deliveries: 2,
  streamSequence: 900719925474,
  consumerSequence: 17,
  storedUs: 1_790_000_000_123_456,
};
const NUMBERS = '2.900719925474.17.1790000000123456789.5';

describe('what JetStream says in a reply subject', () => {
  it('is read where it stands, without and with a domain, and with a random token', () => {
    expect(read(`$JS.ACK.SPIKEFORMER.reader.${NUMBERS}`)).toEqual(READ);
    expect(read(`$JS.ACK.hub.acc.SPIKEFORMER.reader.${NUMBERS}`)).toEqual(READ);
    expect(read(`$JS.ACK.hub.acc.SPIKEFORMER.reader.${NUMBERS}.x7`)).toEqual(READ);
  });

  it('is of no delivery where there is none, or another subject', () => {
    const known = new DeliveryReader();
    read(`$JS.ACK.s.c.${NUMBERS}`, known);
    for (const reader of [new DeliveryReader(), known]) {
      expect(read('', reader)).toBeUndefined();
      expect(read('_INBOX.abc.1.2.3.4.5.6.7', reader)).toBeUndefined();
      expect(read('$JS.ACK.a.b.1.2.3', reader)).toBeUndefined();
      expect(read('$JS.ACK.s.c.1.2.3', reader)).toBeUndefined();
      expect(read('$JS.ACK.', reader)).toBeUndefined();
    }
  });

  it('is the same for who has read others before: of the consumer, or of a longer name', () => {
    const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    const ns = fc.bigInt({ min: 1n, max: 10n ** 19n - 1n });
    const head = fc.constantFrom('s.reader', 'hub.acc.s.reader', 'stream.x', 's.r1');
    const tail = fc.constantFrom('', '.x7');
    const reader = new DeliveryReader();
    fc.assert(
      fc.property(head, number, number, number, ns, tail, (name, a, b, c, at, token) => {
        const isPlain = name.split('.').length === 2;
        const reply = `$JS.ACK.${name}.${a}.${b}.${c}.${at}.0${isPlain ? '' : token}`;
        const storedUs = Number(String(at).slice(0, -3));
        const delivery = { deliveries: a, streamSequence: b, consumerSequence: c, storedUs };
        expect(read(reply, reader)).toEqual(delivery);
        expect(read(reply, reader)).toEqual(delivery);
      }),
    );
  });
});
