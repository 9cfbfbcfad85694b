import { describe, expect, test } from 'vitest';
import { ClosedLoop, windowOf } from '../../bench/parts/closed-loop.ts';

describe('the window', () => {
  test.each([
    [1000, 16_000, 100, 16],
    [1000, 16_000, 4, 4],
    [100_000, 16_000, 100, 1],
  ])(
    'of messages of %i bytes in %i bytes and at most %i is %i',
    (bytes, most, messages, window) => {
      expect(windowOf(bytes, most, messages)).toBe(window);
    },
  );
});

describe('a closed loop', () => {
  test('publishes up to its window, then as much as was counted', () => {
    const loop = new ClosedLoop(100, 10, 7, 3);
    expect(loop.allowance(4)).toBe(4);
    loop.published(4);
    expect(loop.allowance(20)).toBe(6);
    loop.published(6);
    expect(loop.allowance(20)).toBe(0);
    // What was counted before it began is no part of it.
    loop.looked(7 + 3, 0);
    expect(loop.allowance(20)).toBe(3);
  });

  test('gives whole messages where one was counted in part', () => {
    const loop = new ClosedLoop(100, 10, 0.25, 3);
    loop.published(10);
    loop.looked(2.9, 0);
    expect(loop.allowance(20)).toBe(2);
  });

  test('ends with the last message counted, and not before', () => {
    const loop = new ClosedLoop(5, 10, 0, 3);
    expect(loop.allowance(20)).toBe(5);
    loop.published(5);
    expect(loop.allowance(20)).toBe(0);
    loop.looked(4, 0);
    expect(loop.isDone).toBe(false);
    loop.looked(5, 0);
    expect(loop.isDone).toBe(true);
  });

  test('is looked at as usual until all is published, then when the rest is expected', () => {
    const loop = new ClosedLoop(10, 8, 0, 3);
    loop.published(8);
    loop.looked(4, 0);
    expect(loop.pauseMs(400, 100)).toBe(100);
    loop.published(2);
    expect(loop.pauseMs(400, 1000)).toBe(600);
    expect(loop.pauseMs(400, 100)).toBe(100);
    loop.looked(10, 0);
    expect(loop.pauseMs(400, 100)).toBe(20);
  });

  test('gives up on who counts no more, and on who counts what nobody sent', () => {
    const loop = new ClosedLoop(5, 10, 0, 1000);
    loop.published(5);
    loop.looked(3, 500);
    loop.looked(3, 1500);
    expect(() => loop.looked(3, 1501)).toThrow('3 of 5 messages arrived, no more');
    loop.looked(4, 1502);
    expect(() => loop.looked(6, 1503)).toThrow('6 messages are counted, of 5 that were published');
  });
});
