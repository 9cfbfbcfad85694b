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

it('keeps no more than it has room for, and takes no text for granted', () => {
  const seen = new SeenWorkers('n1', TTL_MS);
  const odd = { host: 5, parts: [{}, 'x'.repeat(999)], url: 'http://0.0.0.0:1' };
  for (let i = 0; i < 3000; i++) seen.hear(beat(`w${i}`, odd as unknown as Partial<Heartbeat>), 0);
  const shown = seen.shown(1);
  expect(shown).toHaveLength(1024);
  expect(shown[0]).toEqual({ worker: 'w0', host: '', url: null, parts: ['', 'x'.repeat(256)] });
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
  [7, 'n2', null],
])('a page at %s of %s is reached from n1 at %s', (url, host, reached) => {
  expect(pageOf(url, host, 'n1')).toBe(reached);
});
