import { Subject } from 'rxjs';
import { expect, it } from 'vitest';
import {
  inferenceFrame,
  logFrame,
  powerFrame,
  type SpikesInput,
  spikesFrame,
} from '../../src/emitter/frame-builders.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { OWN_EMITTER } from '../../src/frames/header.ts';
import {
  isOpened,
  type RunRecord,
  type TrackRunsOptions,
  trackRuns,
} from '../../src/operators/track-runs.ts';

const S = 1_000_000;
const IDLE_S = 600;
const OPTIONS: TrackRunsOptions = {
  idleUs: IDLE_S * S,
  openMax: 10,
  chipsMax: 10,
  configHash: 'c0ffee',
};

/** A second of spikes of a chip; of a run, or of none. */
function spikes(atS: number, runId?: string, more: Partial<SpikesInput> = {}): Frame {
  return spikesFrame({
    ...{ deviceType: 'loihi2', chipId: '0', t0Us: atS * S, spanUs: S },
    ...{ layerName: 'l', neuronCount: 4, neuronId: [1, 2, 3], dtUs: [0, 5, 9] },
    ...(runId !== undefined && { runId }),
    ...more,
  });
}

function runEnd(runId: string, emitter: string): Frame {
  return logFrame({
    ...{ deviceType: 'loihi2', chipId: '0', t0Us: 0, runId, emitter },
    ...{ level: 'INFO', text: 'over', eventType: 'run_end' },
  });
}

function track(frames: readonly Frame[], options: Partial<TrackRunsOptions> = {}) {
  const input = new Subject<Frame>();
  const records: RunRecord[] = [];
  const events: Record<string, number> = {};
  const count = (event: string, n: number) => {
    events[event] = (events[event] ?? 0) + n;
  };
  input
    .pipe(trackRuns({ ...OPTIONS, ...options }, { hold: () => {} }, count))
    .subscribe((record) => void (isOpened(record) || records.push(record)));
  for (const frame of frames) input.next(frame);
  const live = records.length;
  input.complete();
  return { records, live, events, ids: records.map(({ runId, endedBy }) => `${runId} ${endedBy}`) };
}

it('adds up a run over its chips and kinds of frames, and tells it at the end', () => {
  const chip1 = { deviceType: 'spinnaker', chipId: '0-0' };
  const power = (atS: number, watts: number[], rail = 'total') =>
    powerFrame({
      ...{ deviceType: 'loihi2', chipId: '0', t0Us: atS * S, spanUs: S, runId: 'a', rail },
      ...{ dtUs: watts.map((_, i) => i * 500_000), watts },
    });
  const { records, live } = track([
    spikes(10, 'a', { seq: 0 }),
    { ...power(10, [2, 4]), seq: 0 },
    { ...power(11, [4, 4]), seq: 1 },
    // A rail is part of the total.
    { ...power(11, [9, 9], 'vdd'), seq: 2 },
    spikes(9, 'a', { ...chip1, seq: 7 }),
    spikes(10, 'a', { ...chip1, seq: 8 }),
    inferenceFrame({
      ...{ deviceType: 'loihi2', chipId: '0', t0Us: 12 * S, seq: 0, runId: 'a' },
      ...{ modelName: 'vit-tiny', hardware: 'loihi2', energyJoules: 1, latencyUs: [5] },
    }),
  ]);
  expect(live).toBe(0);
  expect(records).toEqual([
    {
      ...{ runId: 'a', t0Us: 9 * S, t1Us: 12 * S, hardware: ['loihi2', 'spinnaker'], chips: 2 },
      ...{ model: 'vit-tiny', frames: 7, spikes: 9, framesLost: 0, endedBy: 'input' },
      // Trapezoids of half a second: (2 + 4) / 4, (4 + 4) / 4, (4 + 4) / 4.
      ...{ energyJoules: 1.5 + 2 + 2, configHash: 'c0ffee' },
    },
  ]);
});

it('knows no energy, model and losses where frames tell none', () => {
  const [record] = track([spikes(0, 'a')]).records;
  expect(record).toMatchObject({
    energyJoules: undefined,
    model: undefined,
    framesLost: undefined,
  });
});

it('counts gaps in seq, takes back what comes late, and knows a new emitter', () => {
  const seqs = [5, 6, 9, 7, 20];
  const frames = seqs.map((seq, i) => spikes(i, 'a', { seq }));
  // 7 and 8 are missing, 7 comes, 10 to 19 are missing.
  expect(track(frames).records[0]?.framesLost).toBe(11);
  const restarted = { ...spikes(9, 'a', { seq: 500 }), restarts: 1 };
  expect(track([...frames, restarted]).records[0]?.framesLost).toBe(11);
  const between = [
    spikes(0, 'a', { seq: 0 }),
    spikes(1, 'b', { seq: 1 }),
    spikes(2, undefined, { seq: 2 }),
  ];
  const { records } = track([...between, spikes(3, 'a', { seq: 3 })]);
  expect(records.map(({ framesLost }) => framesLost)).toEqual([0, 0]);
});

it('ends when its chip has been in another run for 10 s', () => {
  const frames = [spikes(0, 'a'), spikes(1, 'b'), spikes(10, 'b'), spikes(1, 'a')];
  expect(track(frames)).toMatchObject({ live: 0 });
  const { ids, live } = track([...frames, spikes(12, 'b')]);
  expect(live).toBe(1);
  expect(ids).toEqual(['a next', 'b input']);
});

it('goes on while one of its chips does', () => {
  const other = { chipId: '1' };
  const frames = [spikes(0, 'a'), spikes(0, 'a', other), spikes(5, 'b'), spikes(50, 'b')];
  expect(track([...frames, spikes(60, 'a', other)]).live).toBe(0);
  const { records } = track([...frames, spikes(60, 'b', other)]);
  expect(records[0]).toMatchObject({ runId: 'a', endedBy: 'next', frames: 2, t1Us: S });
});

it('ends when its chip has sent frames without it for long enough', () => {
  const idle = (toS: number) => Array.from({ length: toS - 1 }, (_, i) => spikes(i + 1));
  expect(track([spikes(0, 'a'), ...idle(IDLE_S + 1)]).live).toBe(0);
  const { live, records } = track([spikes(0, 'a'), ...idle(IDLE_S + 2)]);
  expect(live).toBe(1);
  expect(records).toMatchObject([{ runId: 'a', endedBy: 'silence', frames: 1, t1Us: S }]);
});

it('is a further record when it goes on after a pause', () => {
  const { ids, records } = track([
    spikes(0, 'a'),
    spikes(IDLE_S + 1, 'a'),
    spikes(IDLE_S + 2, 'a'),
  ]);
  expect(ids).toEqual(['a silence', 'a input']);
  expect(records.map(({ frames }) => frames)).toEqual([1, 2]);
});

it.each([
  ['an emitter', 'kit', 'said'],
  ['the watch', OWN_EMITTER, 'silence'],
])('ends when %s says so', (_, emitter, endedBy) => {
  const { ids, records, live } = track([spikes(0, 'a'), spikes(0, 'b'), runEnd('a', emitter)]);
  expect([live, ids]).toEqual([1, [`a ${endedBy}`, 'b input']]);
  // The line of an emitter is a frame of the run; the watch's own is none.
  expect(records[0]?.frames).toBe(emitter === OWN_EMITTER ? 1 : 2);
  expect(track([runEnd('unknown', OWN_EMITTER)]).records).toEqual([]);
});

it('counts what comes late of a run that has ended', () => {
  const late = track([spikes(5, 'a'), runEnd('a', OWN_EMITTER), spikes(4, 'a'), spikes(5, 'a')]);
  expect(late.ids).toEqual(['a silence']);
  expect(late.events).toEqual({ run_frames_late: 2 });
});

it('follows so many runs and chips, and counts the others', () => {
  const many = Array.from({ length: 5 }, (_, i) => spikes(i, `run-${i}`));
  const runs = track(many, { openMax: 3 });
  expect([runs.records.length, runs.events]).toEqual([3, { runs_refused: 2 }]);
  const chips = many.map((_, i) => spikes(i, 'a', { chipId: String(i) }));
  const few = track(chips, { chipsMax: 2 });
  expect(few.records).toMatchObject([{ chips: 2, frames: 2 }]);
  expect(few.events).toEqual({ chips_refused: 3 });
});

it("takes no frame of its own for a chip's", () => {
  const own = spikes(9999, undefined, { emitter: OWN_EMITTER });
  expect(track([spikes(0, 'a'), own]).live).toBe(0);
});
