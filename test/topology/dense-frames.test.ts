import { deserialize, serialize } from 'node:v8';
import { expect, test } from 'vitest';
import { loadPipelines } from '../../src/cli/load-pipelines.ts';
import { FrameDecoder } from '../../src/frames/decode.ts';
import { FrameEncoder } from '../../src/frames/encode.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { FRAME_KINDS } from '../../src/frames/header.ts';
import type { SpikesFrame } from '../../src/frames/spikes.ts';
import { formatSubject } from '../../src/frames/subject.ts';
import { LiveSpikes } from '../../src/sinks/live/live-spikes.ts';
import { RevisionClock } from '../../src/sinks/live/revision.ts';
import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';
import { startTopology } from '../../src/topology/topology.ts';
import { everySink } from '../conformance/every-sink.ts';
import { framesOfKinds } from '../conformance/generate-frames.ts';
import { run } from '../simulation/run-simulation.ts';
import { wholeOptions } from './whole-options.ts';

/** Denser frames give what plain ones give: in every metric, record, log line and incident. */
const encoder = new FrameEncoder();

/** Spikes of a rough stream, twice as many, some of them in order and on steps. */
function dense(frame: Frame, i: number): Frame {
  if (frame.kind !== 'spikes') return frame;
  const twice = (column: Uint32Array) => Uint32Array.from([...column, ...column]);
  const stepUs = Math.ceil(frame.spanUs / 5);
  const dtUs = twice(frame.dtUs).map((dt) => Math.floor(dt / stepUs) * stepUs);
  if (i % 3 === 0) return { ...frame, neuronId: twice(frame.neuronId), dtUs: twice(frame.dtUs) };
  if (i % 3 === 1) dtUs.sort();
  return { ...frame, neuronId: twice(frame.neuronId), dtUs, timestepUs: stepUs };
}

async function outcomeOf(frames: readonly Frame[], isDense: boolean) {
  const pipelines = await loadPipelines();
  const store = new MetricStore();
  const outcome: unknown[] = [];
  const keep = (what: unknown) => outcome.push(deserialize(serialize(what)));
  const fail = (what: unknown) => {
    throw new Error(String(what));
  };
  const sinks = everySink();
  const topology = startTopology({
    ...wholeOptions(pipelines, store),
    sinks: {
      ...sinks,
      derived: (record) => keep(['derived', record]),
      log: { isEnabled: () => true, write: (event) => keep(['log', event]) },
    },
    dead: ({ detail }) => fail(detail),
    onFailure: (_, error) => fail(error),
  });
  for (const frame of frames) {
    const data = encoder.encode(frame, 'msgpack', isDense);
    const subject = formatSubject('spikeformer', frame);
    const arrivedUs = frame.t0Us + frame.spanUs;
    topology.inlet.message({ subject, data, contentType: undefined, arrivedUs, sequence: 1 });
  }
  topology.close();
  return { outcome, metrics: store.snapshot() };
}

const STREAMS: readonly (readonly [string, readonly Frame[]])[] = [
  ['a rough stream', framesOfKinds(FRAME_KINDS, 5, 1200).map(dense)],
  ['spikes only', framesOfKinds(['spikes'], 9, 800).map(dense)],
  ['simulated chips', run('overdrive', { seconds: 3 }).frames],
];

test.each(STREAMS)('%s: the same metrics, records and log lines', async (_, frames) => {
  const forms = new Set(frames.map((frame) => formOf(encoder.encode(frame, 'msgpack', true))));
  expect(forms.size).toBeGreaterThan(1);
  const plain = await outcomeOf(frames, false);
  const packed = await outcomeOf(frames, true);
  expect(plain.outcome.length).toBeGreaterThan(10);
  expect(packed.outcome).toEqual(plain.outcome);
  expect(packed.metrics).toEqual(plain.metrics);
});

function formOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1');
  return ['neuron_id_u16', 'dt_u16', 'step_spikes'].filter((name) => text.includes(name)).join();
}

function decoded(frame: Frame, isDense: boolean): SpikesFrame {
  return new FrameDecoder().decode(encoder.encode(frame, 'msgpack', isDense)) as SpikesFrame;
}

/** With time between frames for all spikes, and without, where only some are drawn. */
test.each([1000, 0])('the live page draws the same, %i ms from frame to frame', (stepMs) => {
  const ofStreams = STREAMS.flatMap(([, stream]) => stream).filter(({ kind }) => kind === 'spikes');
  // The budget holds about two seconds of spikes: more than that come, again and again.
  const frames = Array.from({ length: stepMs === 0 ? 8 : 1 }, () => ofStreams).flat();
  const [plain, packed] = [false, true].map((isDense) => {
    let nowMs = 0;
    const live = new LiveSpikes(new RevisionClock(), () => nowMs);
    for (const frame of frames) {
      nowMs += stepMs === 0 ? 0.01 : stepMs;
      live.add(decoded(frame, isDense));
    }
    return [...live.parts.values()].map(({ id, raster, lastUs }) => ({
      ...{ id, received: raster.received, shown: raster.shown, late: raster.tooLate },
      columns: raster.columns(raster.newest - 50, raster.newest + 1),
      exact: live.log.read(id, lastUs - 300_000, lastUs, 10_000),
    }));
  });
  expect(plain?.some(({ exact }) => exact.neuronIds.length > 0)).toBe(true);
  expect(plain?.every(({ received, shown, late }) => shown + late === received)).toBe(stepMs > 0);
  expect(packed).toEqual(plain);
});
