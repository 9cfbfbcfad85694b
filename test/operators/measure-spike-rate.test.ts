import { Subject } from 'rxjs';
import { expect, it } from 'vitest';
import type { SpikesFrame } from '../../src/frames/spikes.ts';
import { RATE_LE_HZ } from '../../src/numerics/rate-buckets.ts';
import { measureSpikeRate, type SpikeRate } from '../../src/operators/measure-spike-rate.ts';
import { randomFrom } from '../conformance/generate-frames.ts';

const SECOND = 1_000_000;

interface Given extends Partial<SpikesFrame> {
  readonly t0Us: number;
  readonly spanUs: number;
  /** [neuron, time in µs] */
  readonly spikes?: readonly (readonly [number, number])[];
}

function frame({ spikes = [], ...given }: Given): SpikesFrame {
  return {
    kind: 'spikes',
    deviceType: 'cpu',
    chipId: '0',
    seq: undefined,
    runId: undefined,
    emitter: undefined,
    arrivedUs: Number.NaN,
    restarts: 0,
    layerName: 'l',
    neuronType: 'lif',
    neuronCount: 4,
    neuronId: Uint32Array.from(spikes, ([neuron]) => neuron),
    dtUs: Uint32Array.from(spikes, ([, at]) => at - given.t0Us),
    timestep0: undefined,
    timestepUs: undefined,
    neuronOffset: 0,
    ...given,
  };
}

function measure(frames: readonly SpikesFrame[], end = true) {
  const input = new Subject<SpikesFrame>();
  const rates: SpikeRate[] = [];
  const events: Record<string, number> = {};
  const options = {
    windowUs: SECOND,
    latenessUs: 200_000,
    partsMax: 100,
    neuronsMax: 1000,
    windowsOpenMax: 16,
  };
  input
    .pipe(
      measureSpikeRate(options, { hold: () => {} }, (event, count) => {
        events[event] = (events[event] ?? 0) + count;
      }),
    )
    .subscribe((rate) => rates.push(rate));
  for (const each of frames) input.next(each);
  if (end) input.complete();
  return { rates, events };
}

/** Frames of `spanUs` from `fromUs` to `toUs`, without spikes. */
function cover(fromUs: number, toUs: number, spanUs = 100_000): Given[] {
  const frames: Given[] = [];
  for (let t0Us = fromUs; t0Us < toUs; t0Us += spanUs) {
    frames.push({ t0Us, spanUs: Math.min(spanUs, toUs - t0Us) });
  }
  return frames;
}

const run = (given: readonly Given[], end = true) => measure(given.map(frame), end);

it('observes every neuron of a window, silent ones with rate 0', () => {
  const spikes = [
    [1, 0],
    [1, 10],
    [3, 999_999],
  ] as const;
  const { rates, events } = run([{ t0Us: 0, spanUs: SECOND, spikes }]);
  expect(rates).toHaveLength(1);
  expect(rates[0]).toMatchObject({ t0Us: 0, t1Us: SECOND, spikes: 3, meanRateHz: 0.75 });
  expect(rates[0]?.rateHistogram).toEqual([2, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  expect(events).toEqual({});
});

it('closes a window only when the watermark reaches its end', () => {
  expect(run(cover(0, 1_100_000), false).rates).toHaveLength(0);
  expect(run(cover(0, 1_200_000), false).rates).toHaveLength(1);
});

it('counts windows covered in part as incomplete: the first, the last, with a lost frame', () => {
  const given = cover(500_000, 4_500_000).filter(({ t0Us }) => t0Us !== 2_300_000);
  const { rates, events } = run(given);
  expect(rates.map(({ t0Us }) => t0Us / SECOND)).toEqual([1, 3]);
  expect(events).toEqual({ windows_incomplete: 3 });
});

it('overlooks gaps of W/100 in total', () => {
  const gap = (us: number) => [
    { t0Us: 0, spanUs: 500_000 },
    { t0Us: 500_000 + us, spanUs: 500_000 - us },
  ];
  expect(run(gap(10_000)).rates).toHaveLength(1);
  expect(run(gap(10_001)).events).toEqual({ windows_incomplete: 1 });
});

it('takes a reordered frame within the lateness, and counts spikes after it as late', () => {
  const late = {
    t0Us: 0,
    spanUs: 100_000,
    spikes: [
      [0, 5],
      [1, 7],
    ] as const,
  };
  const inTime = run([...cover(100_000, 1_100_000), late]);
  expect(inTime.rates[0]?.spikes).toBe(2);
  const tooLate = run([...cover(100_000, 1_200_000), late]);
  expect(tooLate.rates).toEqual([]);
  // The first window was closed without the frame, the last one was never covered whole.
  expect(tooLate.events).toEqual({ windows_incomplete: 2, samples_late: 2 });
});

it('starts anew after a restart, a change of the population, and a jump of the clock', () => {
  const before = cover(0, 1_500_000);
  const restart = cover(0, 1_000_000).map((given) => ({ ...given, restarts: 1 }));
  const restarted = run([...before, ...restart]);
  expect(restarted.rates).toHaveLength(2);
  expect(restarted.events).toEqual({ windows_incomplete: 1 });

  const grown = cover(1_500_000, 3_000_000).map((given) => ({ ...given, neuronCount: 5 }));
  expect(run([...before, ...grown]).events).toEqual({ windows_incomplete: 2 });

  const hours = 3_700 * SECOND;
  const jumped = run([...before, ...cover(hours, hours + SECOND)]);
  expect(jumped.events).toEqual({ windows_incomplete: 1, time_jumps: 1 });
  const back = run([...cover(hours, hours + 1_500_000), ...cover(0, SECOND)]);
  expect(back.events).toEqual({ windows_incomplete: 1, time_jumps: 1 });
});

it('does not call it a jump when the part was silent for about as long by arrival', () => {
  const hours = 3_700 * SECOND;
  const arrived = (given: Given[]): Given[] =>
    given.map((each) => ({ ...each, arrivedUs: each.t0Us + 5 }));
  const { rates, events } = run(arrived([...cover(0, SECOND), ...cover(hours, hours + SECOND)]));
  expect(rates).toHaveLength(1);
  expect(events).toEqual({ windows_incomplete: 1 });
});

it('equals a count by hand, whatever the cut into frames', () => {
  const random = randomFrom(5);
  const endUs = 40 * SECOND;
  const spikes = Array.from({ length: 5000 }, () => {
    return [Math.floor(random() * 4), Math.floor(random() * endUs)] as const;
  }).sort((a, b) => a[1] - b[1]);
  const byHand = Array.from({ length: 40 }, (_, k) => {
    const counts = [0, 0, 0, 0];
    for (const [neuron, at] of spikes) {
      if (Math.floor(at / SECOND) === k) counts[neuron] = (counts[neuron] as number) + 1;
    }
    const le = [...RATE_LE_HZ, Number.POSITIVE_INFINITY];
    return le.map((bound, i) => {
      const below = i === 0 ? Number.NEGATIVE_INFINITY : (le[i - 1] as number);
      return counts.filter((count) => count > below && count <= bound).length;
    });
  });
  for (const spanUs of [7_000, 100_000, 333_333, SECOND, 2_500_000, 40 * SECOND]) {
    const frames = cover(0, endUs, spanUs).map((given) => {
      const toUs = given.t0Us + given.spanUs;
      return { ...given, spikes: spikes.filter(([, at]) => at >= given.t0Us && at < toUs) };
    });
    const { rates, events } = run(frames);
    expect(
      rates.map(({ rateHistogram }) => rateHistogram),
      `span ${spanUs}`,
    ).toEqual(byHand);
    expect(events).toEqual({});
  }
});

it('has room for so many neurons in all: what is beyond is refused, what is there goes on', () => {
  const whole = (layerName: string, neuronCount: number, t0Us = 0) => ({
    ...{ layerName, neuronCount, t0Us },
    spanUs: SECOND,
  });
  const { rates, events } = run([
    whole('a', 600),
    whole('b', 401),
    whole('b', 400),
    // Larger than the room that is left: refused, and the part keeps what it had.
    whole('a', 601, SECOND),
    whole('a', 600, SECOND),
    // Smaller makes room.
    whole('b', 100, SECOND),
    whole('c', 300, SECOND),
  ]);
  const found = rates.map(({ layerName, neuronCount, t0Us }) => [layerName, neuronCount, t0Us]);
  expect(found.sort()).toEqual([
    ['a', 600, 0],
    ['a', 600, SECOND],
    ['b', 100, SECOND],
    ['c', 300, SECOND],
  ]);
  expect(events).toEqual({ parts_refused: 2, windows_incomplete: 1 });
});
