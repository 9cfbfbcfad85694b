import { expect, test } from 'vitest';
import { loadPipelines } from '../../src/cli/load-pipelines.ts';
import type { Snapshot } from '../../src/component/state.ts';
import { frameCount } from '../../src/frames/frame.ts';
import { LiveChips } from '../../src/sinks/live/live-chips.ts';
import { LiveSpikes } from '../../src/sinks/live/live-spikes.ts';
import { RevisionClock } from '../../src/sinks/live/revision.ts';
import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';
import { RunWatch } from '../../src/sources/run-watch.ts';
import { SilenceWatch } from '../../src/sources/silence-watch.ts';
import { startTopology } from '../../src/topology/topology.ts';
import { type Message, type Oddities, Stream, T0_US } from './odd-stream.ts';
import { wholeOptions } from './whole-options.ts';

interface Outcome {
  readonly records: readonly string[];
  readonly dead: readonly string[];
  readonly states: Readonly<Record<string, Snapshot>>;
  readonly metrics: unknown;
  readonly live: unknown;
}

function rastersOf({ parts }: LiveSpikes) {
  return [...parts.values()].map(({ raster, id, lastUs }) => {
    const { received, shown, sampledOut, tooLate, newest } = raster;
    const columns = raster.columns(Math.max(0, newest - 200), newest + 1);
    return { id, lastUs, received, shown, sampledOut, tooLate, newest, columns };
  });
}

async function optionsOf(store: MetricStore, { rates }: Oddities) {
  const pipelines = await loadPipelines();
  const options = wholeOptions(pipelines, store);
  const spikeRate = pipelines.find(({ name }) => name === 'spike-rate');
  const pipelineOptions = new Map(options.pipelineOptions);
  if (rates !== undefined) pipelineOptions.set('spike-rate', spikeRate?.options.parse(rates));
  return { ...options, pipelineOptions };
}

function watchesOf(nowUs: () => number) {
  const rest = { nowUs, refused: () => {} };
  const times = { afterUs: 5_000_000, forgetUs: 60_000_000 };
  return {
    silence: new SilenceWatch({ ...times, ...rest, watchedMax: 100 }),
    runs: new RunWatch({ ...rest, silenceUs: 500_000, watchedMax: 3 }),
  };
}

/** What all comes of messages, `read` of them at once; 0 for one by one. */
async function outcomeOf(messages: readonly Message[], read: number, odd: Oddities) {
  const store = new MetricStore();
  const records: string[] = [];
  const dead: string[] = [];
  let now = T0_US;
  const live = { spikes: new LiveSpikes(new RevisionClock(), () => 0), chips: new LiveChips() };
  const joined = { frames: 0, passed: 0 };
  const { silence, runs } = watchesOf(() => now);
  const topology = startTopology({
    ...(await optionsOf(store, odd)),
    sinks: {
      derived: (record) => records.push(JSON.stringify(record)),
      derivedLog: () => true,
      log: { isEnabled: () => true, write: (event) => records.push(JSON.stringify(event)) },
      spans: undefined,
    },
    watches: [
      silence,
      runs,
      {
        saw: (frame, isRepeat) => {
          live.chips.heard(frame);
          if (frame.kind !== 'spikes' || isRepeat) return;
          joined.frames += frameCount(frame);
          joined.passed++;
          live.spikes.add(frame);
        },
      },
    ],
    dead: ({ detail }) => dead.push(detail),
    onFailure: (pipeline, error) => {
      throw new Error(pipeline, { cause: error });
    },
  });
  const { inlet, states } = topology;
  let kept: unknown;
  for (const [i, { isCheck, ...message }] of messages.entries()) {
    now = message.arrivedUs;
    if (isCheck && read > 0) inlet.gathered?.();
    if (isCheck) for (const watch of [silence, runs]) watch.check(inlet);
    if (read > 0 && (i % read === 0 || isCheck)) inlet.gather?.();
    inlet.message({ ...message, contentType: undefined, sequence: undefined });
    if (read > 0 && i % read === read - 1) inlet.gathered?.();
    // A read that ends with a checkpoint, from which another goes on.
    if (i === 25_000 - 1) {
      inlet.gathered?.();
      kept = structuredClone({ states: states.snapshot(), watch: silence.snapshot() });
      states.restore(states.snapshot());
    }
  }
  inlet.gathered?.();
  const outcome: Outcome = {
    records,
    dead,
    states: structuredClone(states.snapshot()),
    metrics: store.snapshot(),
    live: {
      rasters: rastersOf(live.spikes),
      chips: live.chips.all(),
      silence: silence.snapshot(),
      runs: runs.snapshot(),
    },
  };
  topology.complete();
  topology.close();
  return { ...joined, outcome: { ...outcome, kept, after: [...records], end: store.snapshot() } };
}

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

test.each(STREAMS)('%s: frames joined leave what frames one by one leave', async (_name, odd) => {
  for (const [seed, reads] of [
    [1, [31, 3500]],
    [2, [100]],
  ] as const) {
    const { messages } = new Stream(seed, odd);
    const single = await outcomeOf(messages, 0, odd);
    expect(single.outcome.dead.length).toBeGreaterThan(10);
    expect(eventsOf(single.outcome)).toEqual(expect.arrayContaining([...odd.events]));
    expect(single.passed).toBe(single.frames);
    for (const read of reads) {
      const joined = await outcomeOf(messages, read, odd);
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
