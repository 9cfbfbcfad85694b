import { expect, it } from 'vitest';
import type { Heartbeat } from '../../src/workers/heartbeat.ts';
import { pageOf, SeenWorkers } from '../../src/workers/seen-workers.ts';

const TTL_MS = 1000;
const beat = (worker: string, change: Partial<Heartbeat> = {}): Heartbeat => ({
  ...{ v: 1, worker, owner: `${worker}/1`, host: 'n2', pid: 7, url: 'http://0.0.0.0:9465' },
  ...{ parts: ['p3', 'join'], partitions: 16, asks: false, leaves: false, ...change },
});

it('shows who was heard of lately, and where its page is', () => {
  const seen = new SeenWorkers('n1', TTL_MS);
  seen.hear(beat('b'), 0);
  seen.hear(beat('a', { url: null, parts: [] }), 500);
  expect(seen.shown(900)).toEqual([
    { worker: 'a', host: 'n2', url: null, parts: [] },
    { worker: 'b', host: 'n2', url: 'http://n2:9465', parts: ['p3', 'join'] },
  ]);
  expect(seen.shown(1200).map(({ worker }) => worker)).toEqual(['a']);
});

it('forgets who says that it goes, unless it has been started again by then', () => {
  const seen = new SeenWorkers('n1', TTL_MS);
  seen.hear(beat('a'), 0);
  seen.hear(beat('b', { owner: 'b/2' }), 0);
  seen.hear(beat('a', { leaves: true }), 1);
  seen.hear(beat('b', { owner: 'b/1', leaves: true }), 1);
  expect(seen.shown(2).map(({ worker }) => worker)).toEqual(['b']);
});

it('keeps no more than it has room for, which is not taken by those who are gone', () => {
  const seen = new SeenWorkers('n1', TTL_MS);
  for (let i = 0; i < 3000; i++) seen.hear(beat(`w${i}`), 0);
  expect(seen.shown(1)).toHaveLength(1024);
  seen.hear(beat('x'), TTL_MS);
  seen.hear(beat('y'), TTL_MS + 1);
  expect(seen.shown(TTL_MS + 1).map(({ worker }) => worker)).toEqual(['y']);
});

it.each([
  ['http://[::]:9464', 'n2', 'http://n2:9464'],
  ['https://lab.example:9464/x?y', 'n2', 'https://lab.example:9464'],
  ['http://127.0.0.1:9464', 'n1', 'http://127.0.0.1:9464'],
  ['http://127.0.0.1:9464', 'n2', null],
  ['http://[::1]:9464', 'n2', null],
  ['http://0.0.0.0:9464', 'a/b@c', null],
  ['javascript:alert(1)', 'n2', null],
  ['no address', 'n2', null],
  [null, 'n2', null],
  // No names of machines in an address: it would stay that of everywhere, which is one's own.
  ['http://0.0.0.0:9464', '123456789012', null],
  ['http://0.0.0.0:9464', 'node.1', null],
])('a page at %s of %s is reached from n1 at %s', (url, host, reached) => {
  expect(pageOf(url, host, 'n1')).toBe(reached);
});
