import { expect, test } from 'vitest';
import { Random } from '../../src/simulation/random.ts';
import { type Outcome, outcomeOf } from './joined-outcome.ts';
import { type Oddities, Stream } from './odd-stream.ts';

/** What records and log lines there were. */
function eventsOf({ records }: Outcome): string[] {
  const events = records.map((text) => {
    const { record, eventType } = JSON.parse(text);
    return (record ?? eventType) as string;
  });
  return [...new Set(events)];
}

const EVENTS = ['spike-rate', 'anomaly', 'mute', 'run'];

const STREAMS: readonly (readonly [string, Oddities])[] = [
  [
    'one run after the other',
    { runs: ['a', 'b', 'c'], isOdd: true, areApart: false, events: EVENTS },
  ],
  [
    'no runs, chips out of step',
    {
      runs: [undefined],
      isOdd: true,
      areApart: true,
      events: [],
      rates: { window: '70ms', lateness: '33ms' },
    },
  ],
  [
    'runs now and then',
    { runs: [undefined, 'a', undefined, 'b'], isOdd: true, areApart: true, events: EVENTS },
  ],
];

function looksAt(messages: number, seed: number): ReadonlySet<number> {
  const random = new Random(seed, 'looks');
  return new Set(Array.from({ length: 30 }, () => random.u32() % messages));
}

test.each(STREAMS)('%s: frames joined leave what frames one by one leave', async (_name, odd) => {
  for (const [seed, reads] of [
    [1, [31, 3500]],
    [2, [100]],
  ] as const) {
    const { messages } = new Stream(seed, odd);
    const watching = { ...odd, looks: looksAt(messages.length, seed) };
    const single = await outcomeOf(messages, 0, watching);
    expect(single.outcome.dead.length).toBeGreaterThan(10);
    expect(eventsOf(single.outcome)).toEqual(expect.arrayContaining([...odd.events]));
    expect(single.passed).toBe(single.frames);
    for (const read of reads) {
      const joined = await outcomeOf(messages, read, watching);
      expect(joined.outcome).toEqual(single.outcome);
      expect(joined.frames).toBe(single.frames);
      expect(joined.passed).toBeLessThan(single.passed * (read > 50 ? 0.7 : 1));
    }
  }
});

test('of an undisturbed stream nearly all frames are joined', async () => {
  const even: Oddities = { runs: ['a'], isOdd: false, areApart: false, events: [] };
  const { messages } = new Stream(3, even);
  const joined = await outcomeOf(messages, 1200, even);
  expect(joined.frames).toBe(messages.length);
  expect(joined.passed).toBeLessThan(messages.length / 30);
});
