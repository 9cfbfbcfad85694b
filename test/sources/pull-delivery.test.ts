import { describe, expect, it } from 'vitest';
import { pullDelivery } from '../../src/sources/pull-delivery.ts';

/** Read where it stands, among other bytes. */
function read(reply: string) {
  const bytes = Buffer.from(`MSG a 1 ${reply} 5\r\n$JS.ACK.1.2.3.4.5.6.7.8.9`);
  return pullDelivery(bytes, 8, 8 + reply.length);
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
    expect(read('')).toBeUndefined();
    expect(read('_INBOX.abc.1.2.3.4.5.6.7')).toBeUndefined();
    expect(read('$JS.ACK.a.b.1.2.3')).toBeUndefined();
    expect(read('$JS.ACK.')).toBeUndefined();
  });
});
