import { expect, test } from 'vitest';
import { outcomeOf, type Watching } from './joined-outcome.ts';
import { MadeStream } from './made-stream.ts';

/** Not the end of a pane: frames wait then. */
const AMID = 333;
const STEPS = 450;

/** Compares all in one read with one by one, where most frames are joined. */
async function compared({ messages }: MadeStream, watching: Watching = {}) {
  const single = await outcomeOf(messages, 0, watching);
  const joined = await outcomeOf(messages, messages.length, watching);
  expect(joined.outcome).toEqual(single.outcome);
  expect(joined.frames).toBe(single.frames);
  expect(single.passed).toBe(single.frames);
  expect(joined.passed).toBeLessThan(single.passed * 0.8);
  return single.outcome;
}

/** Of a counter without labels. */
function totalOf(metrics: unknown, name: string): unknown {
  return (metrics as Record<string, [string[], boolean, number[]][]>)[name]?.[0]?.[2][0];
}

test('frames lost are those of the run that lost them, where a chip is on two', async () => {
  const stream = new MadeStream();
  for (let step = 0; step < STEPS; step++) {
    stream.spikes(step, { layer: 0 });
    stream.spikes(step, { layer: 1, runId: 'b' });
    stream.spikes(step, { layer: 2, runId: undefined });
  }
  for (let step = 0; step < STEPS; step++) {
    for (let layer = 0; layer < 8; layer++) stream.spikes(step, { chip: 1, layer });
  }
  const { after } = await compared(stream);
  const runs = after.map((text) => JSON.parse(text)).filter(({ record }) => record === 'run');
  const lost = runs.map(({ fields }) => [fields.run_id, fields.frames, fields.frames_lost]);
  expect(lost).toEqual([
    ['a', STEPS * 9, 0],
    ['b', STEPS, 0],
  ]);
});

test('a repeat is heard after what came before it', async () => {
  const stream = new MadeStream();
  for (let step = 0; step < AMID; step++) {
    for (let layer = 0; layer < 4; layer++) stream.spikes(step, { layer });
  }
  stream.again(-20);
  const { metrics } = await compared(stream);
  expect(totalOf(metrics, 'spikescope_frames_repeated_total')).toBe(1);
});

test('each frame that comes late for a run that was ended is one', async () => {
  const stream = new MadeStream();
  for (let step = 0; step < STEPS; step++) {
    for (let layer = 0; layer < 4; layer++) {
      stream.spikes(step, { layer });
      if (step <= AMID) stream.spikes(step + 80, { chip: 1, layer });
    }
    if (step === AMID) stream.log(step, 0, 'run_end');
  }
  const { metrics } = await compared(stream);
  expect(totalOf(metrics, 'spikescope_run_frames_late_total')).toBe(80 * 4);
});

test('an emitter that counts anew starts its layers anew', async () => {
  const stream = new MadeStream();
  for (let step = 0; step < STEPS; step++) {
    // Fewer than are remembered: a number that comes again with another time is a new start.
    if (step === AMID) stream.restart(0);
    stream.spikes(step, { layer: 0 });
    stream.spikes(step, { layer: 1 });
    for (let layer = 0; layer < 4; layer++) stream.spikes(step, { chip: 1, layer });
  }
  await compared(stream);
});

test('an emitter more on a chip starts the layers of the others anew', async () => {
  const stream = new MadeStream();
  for (let step = 0; step < STEPS; step++) {
    for (let layer = 0; layer < 4; layer++) stream.spikes(step, { layer });
    if (step >= AMID) stream.spikes(step, { layer: 4, emitter: 'f', seq: step });
  }
  await compared(stream);
});

test('windows that close as others open are told in the order of their frames', async () => {
  const stream = new MadeStream();
  for (let step = 0; step < STEPS; step++) {
    for (let layer = 0; layer < 4; layer++) stream.spikes(step, { layer });
  }
  const { records } = await compared(stream, { rates: { window: '10ms', lateness: '1s' } });
  expect(records.filter((text) => text.includes('spike-rate')).length).toBeGreaterThan(100);
});

test('what is refused is counted by frames', async () => {
  const stream = new MadeStream();
  for (let step = 0; step < STEPS; step++) {
    for (let chip = 0; chip < 5; chip++) stream.spikes(step, { chip, runId: `run ${chip}` });
  }
  const { live } = await compared(stream, { watchedMax: 3 });
  // Of chips and their layers, of which there are 10, and of 5 runs.
  expect(live).toMatchObject({ refused: { silence: 7 * STEPS, runs: 2 * STEPS } });
});

test('many emitters of another kind make no emitter of spikes forgotten', async () => {
  const stream = new MadeStream();
  for (let step = 0; step < STEPS; step++) {
    for (let layer = 0; layer < 4; layer++) stream.spikes(step, { layer });
    if (step === AMID) for (let i = 0; i < 300; i++) stream.power(step, `p${i}`);
  }
  await compared(stream);
});
