import { expect, it } from 'vitest';
import { spikesFrame } from '../../src/emitter/frame-builders.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { OWN_EMITTER } from '../../src/frames/header.ts';
import { RunWatch } from '../../src/sources/run-watch.ts';

const SILENCE_US = 1000;

function watching(watchedMax = 10) {
  const state = { nowUs: 0, refused: 0 };
  const watch = new RunWatch({
    silenceUs: SILENCE_US,
    watchedMax,
    nowUs: () => state.nowUs,
    refused: () => state.refused++,
  });
  const checkAt = (nowUs: number): Frame[] => {
    const frames: Frame[] = [];
    state.nowUs = nowUs;
    const message = () => {
      throw new Error('a watch puts in frames');
    };
    watch.check({ message, frame: (frame) => frames.push(frame) });
    return frames;
  };
  return { watch, state, checkAt };
}

function frame(runId: string | undefined, t0Us = 0): Frame {
  return spikesFrame({
    ...{ deviceType: 'cpu', chipId: '0', t0Us, spanUs: 5, ...(runId !== undefined && { runId }) },
    ...{ layerName: 'l', neuronCount: 1, neuronId: [], dtUs: [] },
  });
}

it('ends a run when nothing of it has arrived for long enough, in its own time', () => {
  const { watch, checkAt } = watching();
  watch.saw(frame('a', 70));
  watch.saw(frame(undefined, 80));
  expect(checkAt(10)).toEqual([]);
  expect(checkAt(10 + SILENCE_US - 1)).toEqual([]);
  expect(checkAt(10 + SILENCE_US)).toMatchObject([
    {
      ...{ kind: 'log', eventType: 'run_end', runId: 'a', emitter: OWN_EMITTER },
      ...{ deviceType: 'cpu', chipId: '0', t0Us: 75, arrivedUs: 10 + SILENCE_US },
      text: 'run a has ended: nothing came of it for 1ms',
    },
  ]);
  expect(checkAt(99 * SILENCE_US)).toEqual([]);
});

it('waits on while frames of it arrive', () => {
  const { watch, checkAt } = watching();
  for (let nowUs = 0; nowUs < 10 * SILENCE_US; nowUs += SILENCE_US - 1) {
    watch.saw(frame('a'));
    expect(checkAt(nowUs)).toEqual([]);
  }
  expect(checkAt(11 * SILENCE_US)).toHaveLength(1);
});

it('watches so many, and counts the others', () => {
  const { watch, state, checkAt } = watching(2);
  for (const runId of ['a', 'b', 'c', 'a']) watch.saw(frame(runId));
  expect(state.refused).toBe(1);
  checkAt(0);
  expect(checkAt(SILENCE_US)).toHaveLength(2);
  watch.saw(frame('c'));
  expect(state.refused).toBe(1);
});
