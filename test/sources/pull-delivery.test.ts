import type { Msg } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { pullDelivery, replyBytes } from '../../src/sources/pull-delivery.ts';

const bytes = (text: string) => Buffer.from(text);
const READ = {
  deliveries: 2,
  streamSequence: 900719925474,
  consumerSequence: 17,
  storedUs: 1_790_000_000_123_456,
};
const NUMBERS = '2.900719925474.17.1790000000123456789.5';

describe('what JetStream says in a reply subject', () => {
  it('is read where it stands, without and with a domain, and with a random token', () => {
    expect(pullDelivery(bytes(`$JS.ACK.SPIKEFORMER.reader.${NUMBERS}`))).toEqual(READ);
    expect(pullDelivery(bytes(`$JS.ACK.hub.acc.SPIKEFORMER.reader.${NUMBERS}`))).toEqual(READ);
    expect(pullDelivery(bytes(`$JS.ACK.hub.acc.SPIKEFORMER.reader.${NUMBERS}.x7`))).toEqual(READ);
  });

  it('is of no delivery where there is none, or another subject', () => {
    expect(pullDelivery(undefined)).toBeUndefined();
    expect(pullDelivery(bytes('_INBOX.abc.1.2.3.4.5.6.7'))).toBeUndefined();
    expect(pullDelivery(bytes('$JS.ACK.a.b.1.2.3'))).toBeUndefined();
    expect(pullDelivery(bytes('$JS.ACK.'))).toBeUndefined();
  });

  it('comes as bytes from the client, and from any other message', () => {
    const reply = '$JS.ACK.a.b.1.2.3.4000.5';
    const raw = bytes(reply);
    expect(replyBytes({ _msg: { reply: raw } } as unknown as Msg)).toBe(raw);
    expect(replyBytes({ _msg: {} } as unknown as Msg)).toBeUndefined();
    expect(replyBytes({ reply } as Msg)).toEqual(raw);
    expect(replyBytes({} as Msg)).toBeUndefined();
  });
});
