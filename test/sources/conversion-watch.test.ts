import { expect, it } from 'vitest';
import type { Frame } from '../../src/frames/frame.ts';
import { OWN_EMITTER } from '../../src/frames/header.ts';
import { ConversionWatch } from '../../src/sources/conversion-watch.ts';
import { conversionEvents } from '../operators/conversion-events.ts';

const BOUND_US = 1000;

function watching(watchedMax = 10) {
  const state = { nowUs: 0, refused: 0, frames: [] as Frame[] };
  const watch = new ConversionWatch({
    boundUs: BOUND_US,
    watchedMax,
    nowUs: () => state.nowUs,
    refused: () => state.refused++,
  });
  const inlet = {
    message: () => {
      throw new Error('a watch puts in frames');
    },
    frame: (frame: Frame) => state.frames.push(frame),
  };
  const checkAt = (nowUs: number): string[] => {
    state.nowUs = nowUs;
    watch.check(inlet);
    return state.frames
      .splice(0)
      .map((frame) => (frame.kind === 'conversion' ? frame.conversionId : ''));
  };
  return { watch, state, checkAt, inlet };
}

it('gives up what has not finished when the bound has passed since it arrived', () => {
  const { watch, state, checkAt } = watching();
  watch.saw(conversionEvents('a', 50).started(), false);
  state.nowUs = 10;
  watch.saw(conversionEvents('b', 60).started(), false);
  watch.saw(conversionEvents('c', 70).started(), false);
  watch.saw(conversionEvents('b', 60).finished(5), false);
  // Steps are no reason to wait longer.
  watch.saw(conversionEvents('a', 50).layer(0, 5, 5), false);
  expect(checkAt(BOUND_US - 1)).toEqual([]);
  expect(checkAt(BOUND_US)).toEqual(['a']);
  expect(checkAt(BOUND_US + 10)).toEqual(['c']);
  expect(checkAt(BOUND_US * 9)).toEqual([]);
});

it('says so with a finish in event time, of its own emitter', () => {
  const { watch, state, inlet } = watching();
  watch.saw(conversionEvents('a', 50).started(), false);
  state.nowUs = BOUND_US;
  watch.check(inlet);
  expect(state.frames[0]).toMatchObject({
    kind: 'conversion',
    event: 'finished',
    success: false,
    errorType: 'timeout',
    t0Us: 50 + BOUND_US,
    durationUs: BOUND_US,
    emitter: OWN_EMITTER,
    deviceType: 'cpu',
    chipId: 'host',
  });
});

it('gives up a finish whose start never comes, and not one whose start comes later', () => {
  const { watch, checkAt } = watching();
  watch.saw(conversionEvents('a', 0).finished(5), false);
  watch.saw(conversionEvents('b', 0).finished(5), false);
  watch.saw(conversionEvents('b', 0).started(), false);
  expect(checkAt(BOUND_US)).toEqual(['a']);
});

it('watches an id that is used again from its new start on', () => {
  const { watch, state, checkAt } = watching();
  const first = conversionEvents('a', 0);
  watch.saw(first.started(), false);
  watch.saw(first.finished(5), false);
  // Left over from its first use: a repeat, and stragglers that nobody numbered.
  watch.saw(first.finished(5), true);
  watch.saw(first.layer(0, 4, 1), false);
  watch.saw(first.finished(5), false);
  state.nowUs = 500;
  watch.saw(conversionEvents('a', 100).started(), false);
  expect(checkAt(BOUND_US + 499)).toEqual([]);
  expect(checkAt(BOUND_US + 500)).toEqual(['a']);
});

it('watches so many at once, and counts the others', () => {
  const { watch, state, checkAt } = watching(2);
  for (const id of ['a', 'b', 'c', 'd']) watch.saw(conversionEvents(id, 0).started(), false);
  expect(state.refused).toBe(2);
  expect(checkAt(BOUND_US)).toEqual(['a', 'b']);
});
