import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { describe, expect, test } from 'vitest';
import { ofRecording, ofSimulation, watch } from '../../bench/faults/incidents-of.ts';
import { faultOf, judge } from '../../bench/faults/judge.ts';
import { driveOperator } from '../../src/analysis/drive-operator.ts';
import type { Incident } from '../../src/anomalies/incident.ts';
import { anomalyOptions } from '../../src/anomalies/options.ts';
import {
  type AnomalyRecord,
  isWatched,
  watchAnomalies,
} from '../../src/anomalies/watch-anomalies.ts';
import type { HeldState } from '../../src/component/state.ts';
import { SCENARIOS } from '../../src/simulation/scenario.ts';
import { Simulation } from '../../src/simulation/simulation.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/recordings');
const SPAN_US = 100_000;

describe.each(SCENARIOS.map(({ name }) => name))('simulate %s', (scenario) => {
  // Seeds that nothing was tuned on; docs/detectors.md has the figures of twenty.
  test.each([121, 122])('seed %d: found where it is, and over when it is', (seed) => {
    const { incidents, truth, durationUs } = ofSimulation(scenario, seed, 10);
    const verdict = judge(incidents, faultOf(truth, durationUs));
    expect(verdict).toMatchObject({ isFound: true, isPlaced: true, isClosed: true });
    expect(verdict.others).toEqual([]);
  });
});

describe.each([
  'nest-brunel-ratestep',
  'nest-layered-dead',
  'nest-layered-linkdrop',
  'sanafe-loihi-stuckcore',
])('fixture %s', (name) => {
  test('its fault is one incident, the same however frames are cut', async () => {
    const texts: string[] = [];
    for (const spanUs of [10_000, SPAN_US, 2_000_000]) {
      const { incidents, truth, durationUs } = await ofRecording(join(FIXTURES, name), spanUs);
      const verdict = judge(incidents, faultOf(truth, durationUs));
      expect(verdict).toMatchObject({ isFound: true, isPlaced: true, isClosed: true });
      expect(verdict.others).toEqual([]);
      texts.push(JSON.stringify(incidents));
    }
    expect(new Set(texts).size).toBe(1);
  });
});

/** What is simulated of two hours: the rest is the same again, later, as `replay --loop` does. */
const PASS_US = 360e6;
const PASSES = 10;

test('two hours of steady networks have no incident', { timeout: 600_000 }, () => {
  for (const seed of [123, 124]) {
    const options = { scenario: 'steady', seed, startUs: 0, durationUs: PASS_US };
    const frames = [...new Simulation(options).frames(SPAN_US)];
    const watched = watch();
    for (let pass = 0; pass < PASSES; pass++) {
      for (const frame of frames) watched.next({ ...frame, t0Us: frame.t0Us + pass * PASS_US });
    }
    watched.complete();
    expect(watched.incidents).toEqual([]);
  }
});

test('an incident opens, goes on and closes under one id, and says what to do', () => {
  const { incidents } = ofSimulation('stuck-core', 125, 10);
  expect(incidents.map(({ event }) => event)).toEqual(['opened', 'closed']);
  expect(new Set(incidents.map(({ id }) => id)).size).toBe(1);
  const [opened, closed] = incidents as [Incident, Incident];
  expect(opened).toMatchObject({ detector: 'core', chipId: '1', coreId: 6, severity: 'critical' });
  expect(opened.text).toMatch(
    /^core 6 of loihi2\/1 \(layer mlp2\): outgoing spikes rose to .*To do:/,
  );
  expect([opened.endedUs, opened.open, closed.open]).toEqual([undefined, 1, 0]);
});

test('a state restored at any frame goes on as one that was never stopped', () => {
  const make = () =>
    new Simulation({ scenario: 'stuck-core', seed: 126, startUs: 0, durationUs: 4e6 });
  const frames = [...make().frames(SPAN_US)].filter(isWatched);
  const start = (kept?: unknown) => {
    const incidents: AnomalyRecord[] = [];
    let held: HeldState | undefined;
    const slot = {
      hold: (state: HeldState) => {
        held = state;
      },
    };
    const through = watchAnomalies(anomalyOptions.parse({}), slot, () => {});
    const driven = driveOperator(through, (incident) => incidents.push(incident));
    if (kept !== undefined) held?.restore(kept as ReturnType<HeldState['snapshot']>);
    return { incidents, driven, held: held as HeldState };
  };
  const whole = start();
  for (const frame of frames) whole.driven.next(frame);
  whole.driven.complete();
  expect(whole.incidents.length).toBe(2);
  for (let cut = 0; cut < frames.length; cut += 37) {
    const before = start();
    for (const frame of frames.slice(0, cut)) before.driven.next(frame);
    const after = start(deserialize(serialize(before.held.snapshot())));
    for (const frame of frames.slice(cut)) after.driven.next(frame);
    after.driven.complete();
    expect([...before.incidents, ...after.incidents], `cut at ${cut}`).toEqual(whole.incidents);
  }
});

test('more layers than are watched are counted, and hold no memory', () => {
  const counts: Record<string, number> = {};
  const through = watchAnomalies(
    anomalyOptions.parse({ parts_max: 2, chips_max: 1 }),
    { hold: () => {} },
    (event, count) => {
      counts[event] = (counts[event] ?? 0) + count;
    },
  );
  const driven = driveOperator(through, () => {});
  const simulation = new Simulation({ scenario: 'steady', seed: 1, startUs: 0, durationUs: 1e6 });
  for (const frame of simulation.frames(SPAN_US)) if (isWatched(frame)) driven.next(frame);
  expect(counts['series_unwatched']).toBeGreaterThan(0);
});

test('frames that are late or come again at an earlier time stop nothing', () => {
  const watched = watch();
  const frames = [
    ...new Simulation({ scenario: 'steady', seed: 2, startUs: 8e9, durationUs: 2e6 }).frames(
      SPAN_US,
    ),
  ];
  for (const frame of frames) watched.next(frame);
  for (const frame of frames) watched.next(frame);
  for (const frame of frames)
    watched.next({ ...frame, t0Us: frame.t0Us - 7_900_000_000, restarts: 1 });
  watched.complete();
  expect(watched.incidents).toEqual([]);
});
