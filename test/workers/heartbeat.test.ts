import { describe, expect, it } from 'vitest';
import { type Heartbeat, parseHeartbeat } from '../../src/workers/heartbeat.ts';

const BEAT: Heartbeat = {
  ...{ v: 1, worker: 'lab-7_x', owner: 'lab-7_x/1 (lab, process 7)', host: 'lab', pid: 7 },
  ...{ url: 'http://0.0.0.0:9465', parts: ['p0', 'p511', 'join'], partitions: 16 },
  ...{ asks: true, leaves: false },
};
const read = (value: unknown) => parseHeartbeat(Buffer.from(JSON.stringify(value)));

describe('a heartbeat, which anybody may publish', () => {
  it('is read as it was said', () => {
    expect(read(BEAT)).toEqual(BEAT);
  });

  it.each([
    ['of another version', { ...BEAT, v: 2 }],
    ['of nobody', { ...BEAT, worker: undefined }],
    ['of no name of a worker', { ...BEAT, worker: '\u001b[2Jx' }],
    ['of a name without end', { ...BEAT, worker: 'x'.repeat(65) }],
    ['of an owner without end', { ...BEAT, owner: 'x'.repeat(513) }],
    ['without partitions', { ...BEAT, partitions: '16' }],
    ['without parts', { ...BEAT, parts: 'p1' }],
    ['longer than any', { ...BEAT, more: 'x'.repeat(64 * 1024) }],
    ['null', null],
    ['a text', 'beat'],
  ])('is none where it is %s', (_, value) => {
    expect(read(value)).toBeUndefined();
  });

  it('is kept without what else is in it, and without what is longer than it can be', () => {
    const odd = { host: 5, pid: 'x', url: 'http://a/'.padEnd(600, 'a'), asks: 1, leaves: 'no' };
    const parts = ['p1', 'p', '<b>', 'p99999', {}, 'join', 'x'.repeat(999)];
    expect(read({ ...BEAT, ...odd, parts, more: ['x'.repeat(1000)] })).toEqual({
      ...{ ...BEAT, host: '', pid: 0, url: null, parts: ['p1', 'join'] },
      ...{ asks: false, leaves: false },
    });
    const many = read({ ...BEAT, parts: Array(5000).fill('p1') });
    expect(many?.parts).toHaveLength(513);
  });

  it('is none where it is no JSON', () => {
    expect(parseHeartbeat(Buffer.from('{'))).toBeUndefined();
  });
});
