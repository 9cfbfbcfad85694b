import { headers, type MsgHdrsImpl } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { HeaderLines } from '../../src/sinks/header-lines.ts';

describe('HeaderLines', () => {
  it('are to the byte what the client writes', () => {
    const client = headers();
    const lines = new HeaderLines();
    for (const fields of [client, lines]) {
      fields.set('Content-Type', 'application/json');
      fields.set('Nats-Expected-Last-Subject-Sequence', '7');
      fields.set('Spikescope-Owner', '3 Zürich (process 4)');
    }
    expect(Buffer.from(lines.encode())).toEqual(Buffer.from((client as MsgHdrsImpl).encode()));
  });

  it('let no value begin a line of its own', () => {
    for (const value of ['a\r\nNats-Rollup: all', 'a\nb', '\r']) {
      expect(() => new HeaderLines().set('Spikescope-Owner', value)).toThrow('Spikescope-Owner');
    }
  });
});
