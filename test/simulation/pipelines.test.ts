import { Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { loadPipelines } from '../../src/cli/load-pipelines.ts';
import { NO_SINKS } from '../../src/component/record-sinks.ts';
import { FrameEncoder } from '../../src/frames/encode.ts';
import { type Frame, sampleCount } from '../../src/frames/frame.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import { formatSubject } from '../../src/frames/subject.ts';
import type { SpikeRate } from '../../src/operators/measure-spike-rate.ts';
import { measureSpikeRate } from '../../src/operators/measure-spike-rate.ts';
import { Simulation } from '../../src/simulation/simulation.ts';
import { play } from '../../src/sources/play.ts';
import { Ingest } from '../../src/topology/ingest.ts';
import { PipelineRun } from '../../src/topology/pipeline-run.ts';
import { StateRegistry } from '../../src/topology/state-registry.ts';
import { nullMetrics } from '../conformance/null-metrics.ts';
import { ofKind, run, SECOND_US, SPAN_US } from './run-simulation.ts';

const SECONDS = 4;

/** Plays a run through the door and all pipelines, as messages, and counts what happens. */
async function throughPipelines(scenario: string) {
  const pipelines = await loadPipelines();
  const states = new StateRegistry();
  const counts: Record<string, number> = {};
  const add = (name: string, count: number) => {
    counts[name] = (counts[name] ?? 0) + count;
  };
  const pipelineRun = new PipelineRun({
    pipelines,
    options: new Map(pipelines.map((each) => [each.name, each.options.parse({})])),
    define: nullMetrics(),
    states,
    count: (event, count) => add(event, count),
    sinks: NO_SINKS,
    onRecord: (pipeline) => add(`records ${pipeline}`, 1),
    onFailure: (pipeline, error) => {
      throw new Error(`pipeline ${pipeline} ended`, { cause: error });
    },
  });
  const ingest = new Ingest({
    prefix: 'spikeformer',
    limits: FRAME_LIMITS,
    states,
    watches: [],
    next: (frame) => pipelineRun.next(frame),
    dead: ({ detail }) => {
      throw new Error(detail);
    },
    counts: {
      received: (kind, samples) => add(`samples ${kind}`, samples),
      invalid: () => add('invalid', 1),
      missing: (frames) => add('missing', frames),
      repeated: () => add('repeated', 1),
      recovered: () => add('recovered', 1),
      heard: () => {},
    },
  });
  const durationUs = SECONDS * SECOND_US;
  const simulation = new Simulation({ scenario, seed: 1, startUs: 0, durationUs });
  const encoder = new FrameEncoder();
  await play(
    {
      open: async () => ({
        info: simulation.info,
        frames: async function* (spanUs: number) {
          yield* simulation.frames(spanUs);
        },
        close: async () => {},
      }),
      speed: Number.POSITIVE_INFINITY,
      loop: false,
      rebaseToUs: undefined,
      frameSpanUs: SPAN_US,
      emitter: 'test',
    },
    (frame) => {
      const subject = formatSubject('spikeformer', frame);
      const data = encoder.encode(frame);
      ingest.message({ subject, data, contentType: undefined, arrivedUs: 0, sequence: undefined });
    },
    new AbortController().signal,
  );
  pipelineRun.complete();
  return counts;
}

test.each(['steady', 'overdrive'])(
  '%s: every window is whole, no frame is missing',
  async (name) => {
    const counts = await throughPipelines(name);
    const { frames } = run(name, { seconds: SECONDS });
    expect(counts['records spike-rate']).toBe(5 * SECONDS);
    const troubles = ['windows_incomplete', 'samples_late', 'time_jumps', 'energy_gaps'];
    for (const trouble of [...troubles, 'invalid', 'missing', 'repeated', 'recovered']) {
      expect([trouble, counts[trouble] ?? 0]).toEqual([trouble, 0]);
    }
    for (const kind of ['spikes', 'membrane', 'power', 'cores', 'activity', 'synapses'] as const) {
      const samples = ofKind(frames, kind).reduce((sum, frame) => sum + sampleCount(frame), 0);
      expect(counts[`samples ${kind}`]).toBe(samples);
      expect(samples).toBeGreaterThan(0);
    }
  },
);

test('rates of windows hold every spike', () => {
  const spikes = ofKind(run('steady', { seconds: SECONDS }).frames, 'spikes');
  const frames = new Subject<(typeof spikes)[number]>();
  const rates: SpikeRate[] = [];
  const bounds = { partsMax: 16, neuronsMax: 100_000, windowsOpenMax: 16 };
  const options = { windowUs: SECOND_US, latenessUs: 0, ...bounds };
  const slot = new StateRegistry().slot('rates');
  frames.pipe(measureSpikeRate(options, slot, () => {})).subscribe((rate) => rates.push(rate));
  for (const frame of spikes) frames.next(frame);
  frames.complete();
  const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0);
  const all = sumOf(spikes.map((frame: Frame & { kind: 'spikes' }) => frame.neuronId.length));
  expect(sumOf(rates.map((rate) => rate.spikes))).toBe(all);
});
