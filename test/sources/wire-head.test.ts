import { describe, expect, it } from 'vitest';
import { endOfOperation, UNENDED, WireHead } from '../../src/sources/wire-head.ts';

/** What stands in a head, undefined where it is none. */
function read(text: string) {
  const bytes = Buffer.from(`${text}\r\nbytes\r\n`);
  const head = new WireHead();
  if (!head.read(bytes, 0, bytes.length)) return undefined;
  const reply = bytes.toString('latin1', head.replyFrom, head.replyTo);
  return [head.sid, reply, head.headerSize, head.size];
}

describe('WireHead', () => {
  it.each([
    ['MSG a.b 7 5', [7, '', 0, 5]],
    ['MSG a.b 7 $JS.ACK.s.c.1.2.3.4.5 5', [7, '$JS.ACK.s.c.1.2.3.4.5', 0, 5]],
    ['MSG a.b 7 _INBOX.x 5', [7, '_INBOX.x', 0, 5]],
    // A reply subject may begin with a digit, and be a number.
    ['MSG a.b 7 1.a 5', [7, '1.a', 0, 5]],
    ['MSG a.b 7 12 5', [7, '12', 0, 5]],
    ['HMSG a.b 7 3 5', [7, '', 3, 5]],
    ['HMSG a.b 7 r 3 5', [7, 'r', 3, 5]],
    ['HMSG a.b 7 12 3 5', [7, '12', 3, 5]],
  ])('reads %s', (text, words) => {
    expect(read(text)).toEqual(words);
  });

  it.each([
    'MSG a.b 7 r',
    'MSG a.b 7 r ',
    'MSG a.b 7 r x',
    'MSG a.b 7 r 1 5',
    'HMSG a.b 7 5',
    'HMSG a.b 7 r 5',
    'HMSG a.b 7 r r 5',
    'HMSG a.b 7 r 6 5',
  ])('takes %j for no head', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it('says of a line that does not end yet that its operation does not either', () => {
    const bytes = Buffer.from('MSG a.b 7 5\n');
    expect(endOfOperation(bytes, 0, bytes.length - 1)).toBe(UNENDED);
    expect(endOfOperation(bytes, 0, bytes.length)).toBeLessThan(UNENDED);
  });
});
