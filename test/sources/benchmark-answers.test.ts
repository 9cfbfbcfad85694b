import { afterEach, describe, expect, it } from 'vitest';
import { encodeNote } from '../../src/frames/benchmark-run.ts';
import { FrameEncoder } from '../../src/frames/encode.ts';
import { benchmarkFrame, first, ScheduleBench } from './schedule-bench.ts';

const open: ScheduleBench[] = [];
afterEach(async () => {
  for (const bench of open.splice(0)) await bench.stop();
});

/** One model on one hardware, every six hours. */
function start(failing = false): ScheduleBench {
  const bench = new ScheduleBench({ models: ['a'], hardware: ['cpu'] }, failing);
  open.push(bench);
  return bench;
}

describe('an answer', () => {
  it('may come after signs of life', async () => {
    const bench = start();
    await bench.to(6);
    for (let i = 0; i < 3; i++) expect(first(bench).say(encodeNote({ is: 'running' }))).toBe(false);
    // It is known to be there long before it is done.
    expect(bench.said).toContain('available cpu true');
    await first(bench).answer();
    expect(bench.outcomes()).toEqual(['a cpu ok']);
    expect(bench.brought).toHaveLength(1);
  });

  it('goes through the door on the subject that it names', async () => {
    const bench = start();
    await bench.to(6);
    await first(bench).answer();
    expect(bench.brought[0]).toMatchObject({
      subject: 'spikeformer.benchmark.cpu.host-1',
      arrivedUs: bench.clock.nowMs() * 1000,
    });
  });

  it.each([
    ['another model', { model: 'b' }],
    ['other hardware', { hardware: 'loihi2' }],
  ])('for %s is refused, and tried again', async (_what, more) => {
    const bench = start();
    await bench.to(6);
    await first(bench).answer(more);
    expect(bench.outcomes()).toEqual(['a cpu mismatch']);
    expect(bench.brought).toEqual([]);
    await bench.to(7);
    expect(bench.questions()).toEqual(['a cpu 6', 'a cpu 7']);
  });

  it.each<[string, Uint8Array | string, string]>([
    ['no message at all', '', 'spikeformer.benchmark.cpu.unknown'],
    ['no map', '[1]', 'spikeformer.benchmark.cpu.unknown'],
    ['a map of something else', '{"result": 1}', 'spikeformer.benchmark.cpu.unknown'],
    [
      'a frame without its latency',
      '{"v":1,"kind":"benchmark","device_type":"x","chip_id":"7","t0":0,"span_us":0,"model":"a","hardware":"cpu"}',
      'spikeformer.benchmark.x.7',
    ],
    ['an error that is no word', '{"error": 7}', 'spikeformer.benchmark.cpu.unknown'],
    [
      'a frame of another kind',
      new FrameEncoder().encode({
        ...benchmarkFrame(),
        kind: 'health',
        status: 'ok',
        text: 'fine',
        temperatureC: 20,
        forgotten: false,
      }),
      'spikeformer.benchmark.cpu.host-1',
    ],
    [
      'a payload too long',
      `{"a":"${'x'.repeat(1024 * 1024)}"}`,
      'spikeformer.benchmark.cpu.unknown',
    ],
  ])('that is %s goes to the door, which says why it is none', async (_what, data, subject) => {
    const bench = start();
    await bench.to(6);
    const question = first(bench);
    expect(question.say(data)).toBe(true);
    await question.end({ is: 'answered' });
    expect(bench.outcomes()).toEqual(['a cpu invalid']);
    expect(bench.brought.map((message) => message.subject)).toEqual([subject]);
    await bench.to(7);
    expect(bench.asked).toHaveLength(2);
  });

  it.each([
    ['busy', 'busy', 2],
    ['out of memory', 'failed', 2],
    ['unsupported', 'unsupported', 1],
  ])('%s is counted as %s', async (error, outcome, asked) => {
    const bench = start();
    await bench.to(6);
    const question = first(bench);
    expect(question.say(encodeNote({ is: 'error', error, text: undefined }))).toBe(true);
    await question.end({ is: 'answered' });
    await bench.to(7);
    expect([bench.outcomes(), bench.asked.length]).toEqual([[`a cpu ${outcome}`], asked]);
  });

  // As the emitters answer: nothing, and headers that say why.
  it.each([
    ['429', 'busy: 16 runs wait already', 'busy'],
    ['500', 'unsupported: no such model', 'unsupported'],
    ['500', 'KeyError: unsupported: no such model', 'unsupported'],
    ['500', 'TypeError: unsupported operand type', 'failed'],
    ['500', 'the board does not answer', 'failed'],
    ['', 'no code', 'failed'],
    ['503', '', 'failed'],
  ])('of headers %s "%s" is counted as %s', async (code, text, outcome) => {
    const bench = start();
    await bench.to(6);
    const question = first(bench);
    expect(question.say('', { code, text })).toBe(true);
    await question.end({ is: 'answered' });
    expect([bench.outcomes(), bench.brought]).toEqual([[`a cpu ${outcome}`], []]);
  });

  it('that breaks the door is a fault that is said; the schedule goes on', async () => {
    const bench = start(true);
    await bench.to(6);
    await first(bench).answer();
    expect(bench.said).toContain('broke the door is broken');
    expect(bench.outcomes()).toEqual(['a cpu failed']);
    await bench.to(7);
    expect(bench.asked).toHaveLength(2);
  });
});
