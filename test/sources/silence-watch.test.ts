import { expect, test } from 'vitest';
import { powerFrame, spikesFrame } from '../../src/emitter/frame-builders.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { OWN_EMITTER } from '../../src/frames/header.ts';
import { SilenceWatch } from '../../src/sources/silence-watch.ts';

const S = 1_000_000;

/** Time goes on by a second with each check, as in the service. */
function watching(watchedMax = 10, start = 0) {
  const state = { nowUs: start, refused: 0 };
  const watch = new SilenceWatch({
    ...{ afterUs: 5 * S, forgetUs: 100 * S, watchedMax },
    nowUs: () => state.nowUs,
    refused: () => state.refused++,
  });
  const tick = (seconds = 1, isSourceThere = true): string[] => {
    const said: string[] = [];
    const message = () => {
      throw new Error('a watch puts in frames');
    };
    const frame = (each: Frame) => {
      if (each.kind !== 'log') throw new Error('a watch says log lines');
      expect(each.emitter).toBe(OWN_EMITTER);
      said.push(`${each.eventType} ${each.names.get('layer_name') ?? 'chip'} ${each.t0Us / S}`);
    };
    for (let i = 0; i < seconds; i++) {
      state.nowUs += S;
      watch.check({ message, frame }, isSourceThere);
    }
    return said;
  };
  return { watch, state, tick };
}

function spikes(layerName: string, t0Us: number, spanUs = S): Frame {
  const rest = { layerName, neuronCount: 1, neuronId: [], dtUs: [] };
  return spikesFrame({ deviceType: 'cpu', chipId: '0', t0Us, spanUs, ...rest });
}

function power(t0Us: number): Frame {
  const rest = { dtUs: [0], watts: [1] };
  return powerFrame({ deviceType: 'cpu', chipId: '0', t0Us, spanUs: S, ...rest });
}

/** Six seconds in which two layers and a meter send. */
function begun(watchedMax = 10) {
  const all = watching(watchedMax);
  for (let s = 0; s < 6; s++) {
    for (const frame of [spikes('a', s * S), spikes('b', s * S), power(s * S)]) {
      all.watch.saw(frame);
    }
    expect(all.tick()).toEqual([]);
  }
  return all;
}

test('a layer of which nothing comes is told, soon again, and then ever more seldom', () => {
  const { watch, tick } = begun();
  const said: string[] = [];
  for (let s = 6; s < 40; s++) {
    watch.saw(spikes('a', s * S));
    said.push(...tick());
  }
  // Its last frame ended at 6 s; by arrival nothing came for 5 s, and for 6, 12, 24.
  const times = [11, 12, 18, 30].map((s) => `frames_stopped b ${s}`);
  expect(said).toEqual(times);
});

test('a chip of which nothing comes is told as one', () => {
  const { tick } = begun();
  expect(tick(6)).toEqual(['frames_stopped chip 11', 'frames_stopped chip 12']);
});

test('what comes again is watched anew', () => {
  const { watch, tick } = begun();
  expect(tick(5)).toEqual(['frames_stopped chip 11']);
  watch.saw(spikes('a', 11 * S));
  watch.saw(spikes('b', 11 * S));
  expect(tick(5)).toEqual([]);
  // Its pause was a silence, and is no measure of what is usual.
  expect(tick(1)).toEqual(['frames_stopped chip 17']);
});

test('what is silent for long is given up and forgotten', () => {
  const { tick } = begun();
  expect(tick(99).at(-1)).toBe('frames_stopped chip 102');
  expect(tick(1)).toEqual(['frames_given_up chip 106']);
  expect(tick(100)).toEqual([]);
});

test('what sends now and then, and what sent a little, has pauses and no silence', () => {
  const seldom = watching();
  for (let s = 0; s < 60; s += 7) {
    seldom.watch.saw(spikes('a', s * S));
    expect(seldom.tick(7)).toEqual([]);
  }
  expect(seldom.tick(22)).toEqual(['frames_stopped chip 85']);
  const once = watching();
  once.watch.saw(spikes('a', 0));
  once.tick();
  once.watch.saw(spikes('a', S));
  expect(once.tick(60)).toEqual([]);
});

test('frames of a long time may be as far apart', () => {
  const { watch, tick } = watching();
  for (let s = 0; s < 50; s += 5) watch.saw(spikes('a', s * S, 5 * S));
  for (let s = 0; s < 6; s++) {
    watch.saw(spikes('a', (50 + s) * S, 5 * S));
    tick();
  }
  expect(tick(19)).toEqual([]);
  expect(tick(1)).toEqual(['frames_stopped chip 80']);
});

test('time in which NATS was away, or the service stood still, is no silence', () => {
  const away = begun();
  expect(away.tick(30, false)).toEqual([]);
  expect(away.tick(4)).toEqual([]);
  expect(away.tick(1)).toEqual(['frames_stopped chip 11']);
  const held = begun();
  held.state.nowUs += 60 * S;
  expect(held.tick(5)).toEqual([]);
  expect(held.tick(1).length).toBe(1);
});

test('restored, it goes on with what it knew', () => {
  const before = begun();
  const after = watching(10, 1000 * S);
  after.watch.restore(structuredClone(before.watch.snapshot()));
  expect(after.tick(4)).toEqual([]);
  expect(after.tick(1)).toEqual(['frames_stopped chip 11']);
});

test('more than are watched are refused and hold no memory', () => {
  const { watch, state } = watching(2);
  for (let i = 0; i < 100; i++) watch.saw(spikes(`layer${i}`, 0));
  expect(state.refused).toBe(99);
  expect((watch.snapshot() as readonly unknown[]).length).toBe(2);
});
