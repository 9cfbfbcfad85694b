import { type Msg, MsgHdrsImpl } from '@nats-io/transport-node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerOf, WireHeaders } from '../../src/sources/wire-headers.ts';
import { WireMessage, wireMessageOf } from '../../src/sources/wire-message.ts';

function messageWith(block: string): WireMessage {
  const message = new WireMessage();
  // Among other bytes, that look like more of it.
  message.bytes = Buffer.from(`a: b\r\n${block}traceparent: not of it\r\n`);
  message.headersFrom = 6;
  message.headersTo = 6 + Buffer.byteLength(block);
  return message;
}

const NONE = { contentType: undefined, trace: undefined };

describe('WireHeaders', () => {
  it('reads what the client reads, whatever headers there are', () => {
    const name = fc.constantFrom('Content-Type', 'content-type', 'traceparent', 'tracestate', 'X');
    const value = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((v) => !/[\r\n]/.test(v));
    const headers = new WireHeaders();
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 6 }), (lines) => {
        const text = lines.map(([key, v]) => `${key}: ${v}\r\n`).join('');
        const block = `NATS/1.0\r\n${text}\r\n`;
        const client = MsgHdrsImpl.decode(Buffer.from(block));
        const traceparent = client.get('traceparent');
        expect(headers.of(messageWith(block))).toEqual({
          contentType: client.get('Content-Type') || undefined,
          trace:
            traceparent === ''
              ? undefined
              : { traceparent, tracestate: client.get('tracestate') || undefined },
        });
        expect(headerOf(messageWith(block), 'X') ?? '').toBe(client.get('X'));
      }),
    );
  });

  it('tells the same block from one that differs in a byte', () => {
    const headers = new WireHeaders();
    const typed = (type: string) => messageWith(`NATS/1.0\r\nContent-Type: ${type}\r\n\r\n`);
    const first = headers.of(typed('a/b'));
    expect(headers.of(typed('a/b'))).toBe(first);
    expect(headers.of(typed('a/c'))).toEqual({ contentType: 'a/c', trace: undefined });
    expect(headers.of(typed('x'.repeat(2000))).contentType).toBe('x'.repeat(2000));
    expect(headers.of(typed('a/c')).contentType).toBe('a/c');
    expect(headers.of(new WireMessage())).toEqual(NONE);
  });

  it('passes over what is no header', () => {
    const headers = new WireHeaders();
    const bad = [
      'bad key: a\r\nb\r\n',
      'Content-Type: a\nb\r\n',
      'Content-Type',
      ': a\r\n',
      '\r',
      '',
    ];
    for (const lines of bad) {
      expect(headers.of(messageWith(`NATS/1.0\r\n${lines}`))).toEqual(NONE);
      const good = `NATS/1.0\r\n${lines}\r\ntraceparent:  00-1 \r\n\r\n`;
      expect(headers.of(messageWith(good)).trace?.traceparent).toBe('00-1');
    }
    expect(headers.of(messageWith('NATS/1.0'))).toEqual(NONE);
  });
});

describe('wireMessageOf', () => {
  it('tells of a message that came by the client as of one that did not', () => {
    const block = Buffer.from('NATS/1.0\r\nContent-Type: a/b\r\n\r\n');
    const rdata = Buffer.concat([block, Buffer.from('data')]);
    const client = (hdr: number, reply?: Buffer) =>
      ({ subject: 's', _msg: { hdr, reply }, _rdata: rdata }) as unknown as Msg;
    const message = wireMessageOf(client(block.length, Buffer.from('to.me')));
    expect(message.subject).toBe('s');
    expect(message.reply()).toBe('to.me');
    expect(Buffer.from(message.data()).toString()).toBe('data');
    expect(new WireHeaders().of(message).contentType).toBe('a/b');
    const plain = wireMessageOf(client(-1));
    expect(plain.reply()).toBe('');
    expect(plain.data()).toEqual(new Uint8Array(rdata));
    expect(new WireHeaders().of(plain)).toEqual(NONE);
    expect(plain.read).not.toBe(message.read);
  });
});
