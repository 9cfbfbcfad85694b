import { join } from 'node:path';
import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { definePipeline } from '../../src/component/pipeline.ts';
import type { Snapshot } from '../../src/component/state.ts';
import { healthFrame } from '../../src/emitter/frame-builders.ts';
import { FRAME_KINDS } from '../../src/frames/header.ts';
import type { HealthFrame } from '../../src/frames/health.ts';
import { CheckpointFolder } from '../../src/topology/checkpoint-folder.ts';
import { framesOfKinds } from '../conformance/generate-frames.ts';
import { checkpointContent, testFolder } from './checkpoint-content.ts';
import { keptTopology, PIPELINES, sameHashes } from './kept-topology.ts';

describe('the state of a whole topology', () => {
  const seed = Math.floor(Math.random() * 2 ** 31);

  it(`restored at any frame goes on as if it had never stopped (seed ${seed})`, () => {
    const frames = framesOfKinds(FRAME_KINDS, seed, 120);
    const whole = keptTopology();
    const copies = [{ ...whole.kept.copy(), records: 0 }];
    for (const frame of frames) {
      whole.topology.inlet.frame(frame);
      copies.push({ ...whole.kept.copy(), records: whole.records.length });
    }
    whole.topology.complete();
    expect(whole.failures).toEqual([]);
    expect(whole.records.length).toBeGreaterThan(frames.length / 4);
    const end = whole.kept.copy();
    for (const [cut, { records, ...copy }] of copies.entries()) {
      const after = keptTopology();
      expect(after.kept.restore(copy, sameHashes(PIPELINES)), `at ${cut}`).toEqual([]);
      for (const frame of frames.slice(cut)) after.topology.inlet.frame(frame);
      after.topology.complete();
      expect(after.records, `records from ${cut} on`).toEqual(whole.records.slice(records));
      expect(after.kept.copy(), `the state from ${cut} on`).toEqual(end);
    }
  });

  it('goes on from a file as well, in another process', async () => {
    const frames = framesOfKinds(FRAME_KINDS, seed, 120);
    const [early, late] = [frames.slice(0, 70), frames.slice(70)];
    const whole = keptTopology();
    for (const frame of early) whole.topology.inlet.frame(frame);
    const folder = new CheckpointFolder(join(testFolder(), 'checkpoints'));
    await folder.write({ ...checkpointContent(70), ...whole.kept.copy() });
    whole.records.length = 0;
    for (const frame of late) whole.topology.inlet.frame(frame);
    const { content } = await folder.newest();
    const after = keptTopology();
    if (content !== undefined) after.kept.restore(content, sameHashes(PIPELINES));
    for (const frame of late) after.topology.inlet.frame(frame);
    expect(after.records).toEqual(whole.records);
    expect(after.kept.copy()).toEqual(whole.kept.copy());
  });

  it('is a copy: what frames change later is not in it', () => {
    const { topology, kept } = keptTopology();
    const [first, second] = [framesOfKinds(FRAME_KINDS, seed, 60), framesOfKinds(FRAME_KINDS, 3)];
    for (const frame of first) topology.inlet.frame(frame);
    const copy = kept.copy();
    const before = structuredClone(copy);
    for (const frame of second) topology.inlet.frame(frame);
    expect(kept.copy()).not.toEqual(before);
    expect(copy).toEqual(before);
  });
});

/** Counts health frames, in its state and by a total of it in a metric. */
function counting(name: string, labels: readonly string[] = []) {
  return definePipeline({
    name,
    summary: 'Counts health frames, as a state that a checkpoint holds.',
    reads: 'health',
    options: z.strictObject({}),
    through: ({ state }) => {
      const held = { count: 0 };
      state('count').hold({
        snapshot: () => held.count,
        restore: (snapshot: Snapshot) => {
          if (typeof snapshot !== 'number') throw new Error('a count is a number');
          held.count = snapshot;
        },
      });
      return map((frame: HealthFrame) => ({ t0Us: frame.t0Us, count: ++held.count }));
    },
    metrics: (define) => {
      const family = define.counter({ name: `${name}_total`, help: 'h', labels, expires: 'never' });
      const series = family.series(...labels);
      return ({ count }) => series.total(count);
    },
    derived: ({ t0Us, count }) => ({ record: name, key: [], t0Us, spanUs: 0, fields: { count } }),
  });
}

const health = () => healthFrame({ deviceType: 'cpu', chipId: '0', t0Us: 5, status: 'ok' });

/** A topology of these pipelines that has seen so many frames. */
function seen(frames: number, ...args: Parameters<typeof keptTopology>) {
  const made = keptTopology(...args);
  const send = (count: number) => {
    for (let i = 0; i < count; i++) made.topology.inlet.frame(health());
  };
  send(frames);
  const counts = (name: string) => ({
    state: made.kept.copy().states[`${name}/count`],
    shown: made.store
      .families()
      .find((family) => family.name === `${name}_total`)
      ?.shown()[0]
      ?.values()[0],
  });
  return { ...made, send, counts };
}

const [one, two] = [counting('one'), counting('two')];

describe('a pipeline that was changed', () => {
  const copy = () => seen(5, [one, two]).kept.copy();

  it('begins afresh and says so; its counters and all others go on', () => {
    const after = seen(0, [one, two], { one: 'another window' });
    expect(after.kept.restore(copy(), sameHashes([one, two]))).toEqual([
      'pipeline one was changed: it begins with nothing seen',
    ]);
    expect(after.counts('one')).toEqual({ state: 0, shown: 5 });
    expect(after.counts('two')).toEqual({ state: 5, shown: 5 });
    after.send(2);
    expect(after.counts('one')).toEqual({ state: 2, shown: 7 });
    expect(after.counts('two')).toEqual({ state: 7, shown: 7 });
    // And again from a checkpoint of the changed one, which is as it is wanted now.
    const again = seen(0, [one, two], { one: 'another window' });
    const hashes = { ...sameHashes([two]), one: 'another window' };
    expect(again.kept.restore(after.kept.copy(), hashes)).toEqual([]);
    again.send(1);
    expect(again.counts('one')).toEqual({ state: 3, shown: 8 });
  });

  it('is said to be new or gone where the checkpoint or the program does not know it', () => {
    const after = seen(0, [two, counting('three')]);
    expect(after.kept.restore(copy(), sameHashes([one, two]))).toEqual([
      'pipeline three is new: it begins with nothing seen',
      'pipeline one is gone, and its state with it',
    ]);
    after.send(1);
    expect(after.counts('three')).toEqual({ state: 1, shown: 1 });
    expect(after.counts('two')).toEqual({ state: 6, shown: 6 });
  });

  it('begins its metric at 0 where that has other labels now, and says so', () => {
    const after = seen(0, [counting('one', ['chip']), two]);
    expect(after.kept.restore(copy(), sameHashes([one, two]))).toEqual([
      'metric one_total has other labels or buckets now: it begins at 0',
    ]);
    expect(after.counts('two')).toEqual({ state: 5, shown: 5 });
  });

  it('that did not say so and can not restore its state has all begin anew', () => {
    const { states, metrics } = copy();
    const after = seen(0, [one, two]);
    const odd = { states: { ...states, 'two/count': 'five' }, metrics };
    expect(after.kept.restore(odd, sameHashes([one, two]))).toEqual([
      'the states of the checkpoint do not fit (a count is a number): all begin anew',
    ]);
    after.send(1);
    expect(after.counts('one')).toEqual({ state: 1, shown: 6 });
    expect(after.counts('two')).toEqual({ state: 1, shown: 6 });
  });
});

describe('frames of another stream', () => {
  it('find operators as at a start, and counters that go on and never fall', () => {
    const made = seen(5, [one, two]);
    made.kept.startAfresh();
    expect(made.counts('one')).toEqual({ state: 0, shown: 5 });
    made.send(1);
    made.kept.startAfresh();
    made.send(1);
    expect(made.counts('one')).toEqual({ state: 1, shown: 7 });
  });

  it('are counted on from a checkpoint whose states are not taken', () => {
    const { metrics } = seen(5, [one, two]).kept.copy();
    const after = seen(0, [one, two]);
    expect(after.kept.restoreMetrics(metrics)).toEqual([]);
    after.kept.startAfresh();
    after.send(3);
    expect(after.counts('two')).toEqual({ state: 3, shown: 8 });
  });
});
