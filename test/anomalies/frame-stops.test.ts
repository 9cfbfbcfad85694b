import { expect, test } from 'vitest';
import { watch } from '../../bench/faults/incidents-of.ts';
import type { Incident } from '../../src/anomalies/incident.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { Simulation } from '../../src/simulation/simulation.ts';
import { SilenceWatch } from '../../src/sources/silence-watch.ts';

const S = 1_000_000;
const SPAN_US = 100_000;

/** A steady network, as it arrives: frames that `isLost` takes away never come. */
function arriving(seconds: number, isLost: (frame: Frame) => boolean): readonly Incident[] {
  const watched = watch();
  let nowUs = 0;
  const silence = new SilenceWatch({
    ...{ afterUs: 5 * S, forgetUs: 60 * S, watchedMax: 100 },
    nowUs: () => nowUs,
    refused: () => {},
  });
  const inlet = {
    frame: (frame: Frame) => watched.next(frame),
    message: () => {
      throw new Error('a watch puts in frames');
    },
  };
  const durationUs = seconds * S;
  const simulation = new Simulation({ scenario: 'steady', seed: 130, startUs: 0, durationUs });
  for (const frame of simulation.frames(SPAN_US)) {
    while (frame.t0Us + frame.spanUs >= nowUs + S) {
      nowUs += S;
      silence.check(inlet);
    }
    if (isLost(frame)) continue;
    silence.saw(frame);
    watched.next(frame);
  }
  return watched.incidents;
}

const isOf = (layer: string) => (frame: Frame) =>
  frame.kind === 'spikes' && frame.layerName === layer;

test('a layer whose frames stop is one incident, over with the next frame', () => {
  const isLost = (frame: Frame) =>
    isOf('mlp1')(frame) && frame.t0Us >= 8 * S && frame.t0Us < 20 * S;
  const incidents = arriving(30, isLost);
  expect(incidents.map(({ event }) => event)).toEqual(['opened', 'closed']);
  const [opened, closed] = incidents as [Incident, Incident];
  expect(opened).toMatchObject({ detector: 'silence', series: 'frames', layerName: 'mlp1' });
  expect(opened).toMatchObject({ severity: 'critical', startedUs: 8 * S, endedUs: undefined });
  expect(opened.tUs).toBeLessThanOrEqual(15 * S);
  expect(opened.text).toMatch(/^layer mlp1 of .*: no frame for 5 s.*To do: check .* emitter/);
  expect(closed).toMatchObject({ id: opened.id, endedUs: 20 * S, open: 0 });
});

test('a chip of which nothing comes is one incident, given up in the end', () => {
  const isLost = (frame: Frame) => frame.chipId === '0' && frame.t0Us >= 8 * S;
  const incidents = arriving(90, isLost);
  const [opened] = incidents as [Incident];
  expect(opened).toMatchObject({ event: 'opened', detector: 'silence', severity: 'warning' });
  expect(opened).toMatchObject({ series: 'frames', chipId: '0', layerName: undefined });
  expect(incidents.at(-1)).toMatchObject({ event: 'closed', id: opened.id });
  expect(new Set(incidents.map(({ id }) => id)).size).toBe(1);
});

test('where nothing comes at all the incident opens all the same', () => {
  const watched = watch();
  let nowUs = 0;
  const silence = new SilenceWatch({
    ...{ afterUs: 5 * S, forgetUs: 60 * S, watchedMax: 100, nowUs: () => nowUs },
    refused: () => {},
  });
  const inlet = { frame: (frame: Frame) => watched.next(frame), message: () => {} };
  const steady = new Simulation({ scenario: 'steady', seed: 1, startUs: 0, durationUs: 8 * S });
  for (const frame of steady.frames(SPAN_US)) {
    if (frame.t0Us >= nowUs + S) {
      nowUs += S;
      silence.check(inlet);
    }
    silence.saw(frame);
    watched.next(frame);
  }
  for (let i = 0; i < 8; i++) {
    nowUs += S;
    silence.check(inlet);
  }
  const opened = watched.incidents.filter(({ event }) => event === 'opened');
  expect(opened).toMatchObject([{ detector: 'silence', series: 'frames', layerName: undefined }]);
});
