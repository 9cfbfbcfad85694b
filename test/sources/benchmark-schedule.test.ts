import { afterEach, describe, expect, it } from 'vitest';
import { settled } from './manual-clock.ts';
import { first, HOUR_MS, ScheduleBench } from './schedule-bench.ts';

const open: ScheduleBench[] = [];
afterEach(async () => {
  for (const bench of open.splice(0)) await bench.stop();
});

function start(options: object, failing = false): ScheduleBench {
  const bench = new ScheduleBench(options, failing);
  open.push(bench);
  return bench;
}

const ONE = { models: ['a'], hardware: ['cpu'] };
const TWO = { models: ['a', 'b'], hardware: ['cpu'] };

describe('when', () => {
  it('every six hours of UTC, and not at the start', async () => {
    const bench = start(ONE);
    await bench.answerUntil(24.5);
    expect(bench.questions()).toEqual(['a cpu 6', 'a cpu 12', 'a cpu 18', 'a cpu 24']);
    expect(bench.outcomes()).toEqual(Array(4).fill('a cpu ok'));
    expect(bench.brought).toHaveLength(4);
  });

  it('at the start too, where that is wanted', async () => {
    const bench = start({ ...ONE, at_start: true });
    await bench.answerUntil(7);
    expect(bench.questions()).toEqual(['a cpu 0.5', 'a cpu 6']);
  });

  it('never, where it is switched off', async () => {
    const bench = start({ ...ONE, enabled: false });
    await bench.to(48);
    await bench.ended;
    expect(bench.asked).toEqual([]);
  });

  it('all models in turn on each hardware, hardware side by side', async () => {
    const bench = start({ models: ['a', 'b'], hardware: ['cpu', 'loihi2'] });
    await bench.to(6);
    expect(bench.questions()).toEqual(['a cpu 6', 'a loihi2 6']);
    await bench.open[1]?.answer();
    expect(bench.questions().slice(2)).toEqual(['b loihi2 6']);
    await first(bench).answer();
    await first(bench).answer();
    await first(bench).answer();
    expect(bench.questions().slice(3)).toEqual(['b cpu 6']);
    expect(bench.openMax).toBe(2);
    expect(bench.said).toContain('round loihi2 2 0');
  });

  it('again an hour after a failure, only what failed, until it works', async () => {
    const bench = start(TWO);
    await bench.to(6);
    await first(bench).end({ is: 'timeout' });
    await first(bench).answer();
    expect(bench.said).toContain('retrying cpu a 7');
    await bench.to(7);
    await first(bench).end({ is: 'timeout' });
    await bench.answerUntil(12.5);
    expect(bench.questions()).toEqual([
      'a cpu 6',
      'b cpu 6',
      'a cpu 7',
      'a cpu 8',
      'a cpu 12',
      'b cpu 12',
    ]);
    expect(bench.outcomes().slice(0, 4)).toEqual([
      'a cpu timeout',
      'b cpu ok',
      'a cpu timeout',
      'a cpu ok',
    ]);
  });

  it('a failure shortly before the next time is tried again then, with all others', async () => {
    const bench = start({ ...TWO, cron: '0 * * * *', retry_after: '2h' });
    await bench.to(1);
    await first(bench).end({ is: 'timeout' });
    await first(bench).answer();
    await bench.answerUntil(3.2);
    const hours = ['a cpu 1', 'b cpu 1', 'a cpu 2', 'b cpu 2', 'a cpu 3', 'b cpu 3'];
    expect(bench.questions()).toEqual(hours);
    expect(bench.said.filter((line) => line.startsWith('retrying'))).toEqual([]);
  });

  it('no two runs overlap on one hardware: times that come meanwhile are left out', async () => {
    const bench = start(ONE);
    await bench.to(19);
    expect(bench.questions()).toEqual(['a cpu 6']);
    await first(bench).answer();
    expect(bench.said).toContain('skipped cpu 2');
    expect(bench.said).toContain(`round cpu 1 ${13 * HOUR_MS}`);
    await bench.answerUntil(24.5);
    expect(bench.questions()).toEqual(['a cpu 6', 'a cpu 24']);
    expect(bench.openMax).toBe(1);
  });

  it('a time that comes during a second try is due after it', async () => {
    const bench = start(TWO);
    await bench.to(6);
    await first(bench).answer();
    await first(bench).end({ is: 'lost' });
    await bench.to(12.25);
    expect(bench.questions().at(-1)).toBe('b cpu 7');
    await first(bench).answer();
    expect(bench.questions().at(-1)).toBe('a cpu 12.25');
    expect(bench.said.filter((line) => line.startsWith('skipped'))).toEqual([]);
  });

  it('follows a clock that is set back, and does not run twice for one set forward', async () => {
    const bench = start(ONE);
    await bench.clock.set(bench.clock.nowMs() - 48 * HOUR_MS);
    await bench.to(-41.9);
    expect(bench.questions()).toEqual(['a cpu -42']);
    await first(bench).answer();
    await bench.clock.set(bench.clock.nowMs() + 30 * HOUR_MS);
    await bench.to(-11.5);
    await first(bench).answer();
    expect(bench.asked).toHaveLength(2);
    expect(bench.said.filter((line) => line.startsWith('skipped'))).toEqual([]);
  });
});

describe('nobody', () => {
  it('is asked once a time, for one model, and is no failure', async () => {
    const bench = start(TWO);
    for (const hour of [6, 12, 18]) {
      await bench.to(hour);
      await first(bench).end({ is: 'nobody' });
    }
    expect(bench.questions()).toEqual(['a cpu 6', 'a cpu 12', 'a cpu 18']);
    expect(bench.outcomes()).toEqual([]);
    expect(bench.said.filter((line) => line.startsWith('available'))).toEqual(
      Array(3).fill('available cpu false'),
    );
    await bench.to(24);
    await first(bench).answer();
    expect(bench.said).toContain('available cpu true');
  });

  it('any more, after a model has run: the rest is missed, and asked for in an hour', async () => {
    const bench = start({ models: ['a', 'b', 'c'], hardware: ['cpu'] });
    await bench.to(6);
    await first(bench).answer();
    await first(bench).end({ is: 'nobody' });
    expect(bench.said).toContain('retrying cpu b,c 7');
    await bench.to(7);
    await first(bench).end({ is: 'nobody' });
    await bench.to(11);
    expect(bench.questions()).toEqual(['a cpu 6', 'b cpu 6', 'b cpu 7']);
  });
});

describe('what ends a run without an answer', () => {
  it.each([
    ['timeout', { is: 'timeout' }, 'true'],
    ['lost', { is: 'lost' }, 'false'],
  ] as const)('%s: the next model has its turn', async (outcome, end, available) => {
    const bench = start(TWO);
    await bench.to(6);
    await first(bench).end(end);
    expect(bench.outcomes()).toEqual([`a cpu ${outcome}`]);
    expect(bench.said).toContain(`available cpu ${available}`);
    expect(first(bench).model).toBe('b');
  });

  it('NATS away: the whole round is tried again, executors are as they were', async () => {
    const bench = start(TWO);
    await bench.to(6);
    await first(bench).end({ is: 'unreachable', reason: 'not connected' });
    await bench.answerUntil(8);
    expect(bench.questions()).toEqual(['a cpu 6', 'a cpu 7', 'b cpu 7']);
    expect(bench.said.filter((line) => line === 'available cpu false')).toEqual([]);
  });
});

describe('stopping', () => {
  it('ends while it waits for its time', async () => {
    const bench = start(ONE);
    await settled();
    await bench.stop();
    await bench.to(48);
    expect(bench.asked).toEqual([]);
  });

  it('ends while it waits for an answer, and counts nothing', async () => {
    const bench = start(TWO);
    await bench.to(6);
    await bench.stop();
    expect(bench.outcomes()).toEqual([]);
    expect(bench.asked).toHaveLength(1);
  });
});
