import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SpikeSync } from '../../src/numerics/spike-sync.ts';
import { SyncLog } from '../../src/numerics/sync-log.ts';

/**
 * SPIKE-synchronization as PySpike's cython_distances.coincidence_value and get_tau write it, pair
 * by pair, with all trains at hand; duplicates are one spike, as reconcile_spike_trains makes them.
 */
function pairwise(trains: readonly (readonly number[])[], lengthUs: number): number | undefined {
  const filled = trains.map((train) => [...new Set(train)].sort((a, b) => a - b));
  const used = filled.filter((train) => train.length > 0);
  if (used.length < 2) return undefined;
  let coincident = 0;
  let spikes = 0;
  for (const [i, one] of used.entries()) {
    for (const other of used.slice(i + 1)) {
      spikes += one.length + other.length;
      for (const [k, time] of one.entries()) {
        for (const [l, otherTime] of other.entries()) {
          const tau = Math.min(halfOf(one, k, lengthUs), halfOf(other, l, lengthUs));
          if (Math.abs(time - otherTime) < tau) coincident += 2;
        }
      }
    }
  }
  return coincident / spikes;
}

function halfOf(train: readonly number[], at: number, lengthUs: number): number {
  const time = train[at] as number;
  const before = time - (train[at - 1] ?? Number.NEGATIVE_INFINITY);
  const after = (train[at + 1] ?? Number.POSITIVE_INFINITY) - time;
  return Math.min(before, after, lengthUs) / 2;
}

function merged(trains: readonly (readonly number[])[]): [number, number][] {
  const spikes = trains.flatMap((train, x) => train.map((time): [number, number] => [x, time]));
  return spikes.sort((a, b) => a[1] - b[1]);
}

const LENGTH_US = 10_000;

/** Trains from dense to nearly silent, with many ties. */
const anyTrains = fc.array(
  fc.oneof(
    fc.array(
      fc.integer({ min: 0, max: 100 }).map((slot) => slot * 100),
      { maxLength: 60 },
    ),
    fc.array(fc.integer({ min: 0, max: LENGTH_US }), { maxLength: 40 }),
    fc.array(fc.integer({ min: 0, max: LENGTH_US }), { maxLength: 3 }),
  ),
  { minLength: 1, maxLength: 8 },
);

describe('SpikeSync', () => {
  it('is the pairwise definition, however small its window', () => {
    fc.assert(
      fc.property(anyTrains, fc.constantFrom(3, 4, 7, 20, 1000), (trains, window) => {
        const sync = new SpikeSync(trains.length, LENGTH_US, window);
        for (const [x, time] of merged(trains)) sync.add(x, time);
        const wanted = pairwise(trains, LENGTH_US);
        const got = sync.value();
        if (wanted === undefined) expect(got).toBeUndefined();
        else expect(got).toBeCloseTo(wanted, 12);
      }),
      { numRuns: 1000 },
    );
  });

  it('forgets a train as if it had never been', () => {
    fc.assert(
      fc.property(anyTrains, anyTrains, (trains, later) => {
        const [forgotten = []] = trains;
        const rest: number[][] = [[], ...trains.slice(1).map((train) => [...train])];
        const sync = new SpikeSync(Math.max(rest.length, 2), LENGTH_US, 9);
        const halfUs = LENGTH_US / 2;
        for (const [x, time] of merged([forgotten, ...rest.slice(1)])) {
          if (time < halfUs) sync.add(x, time);
        }
        sync.forget(0);
        const fresh = (later[0] ?? []).filter((time) => time >= halfUs);
        for (const [x, time] of merged([fresh, ...rest.slice(1)])) {
          if (time >= halfUs) sync.add(x, time);
        }
        const wanted = pairwise([fresh, ...rest.slice(1)], LENGTH_US);
        const got = sync.value();
        if (wanted === undefined) expect(got).toBeUndefined();
        else expect(got).toBeCloseTo(wanted, 12);
      }),
      { numRuns: 300 },
    );
  });
});

describe('SyncLog', () => {
  const fill = (log: SyncLog, spikes: readonly (readonly [number, number])[]): void => {
    const first = new Map<number, number>();
    const seconds = new Set<number>();
    for (const [neuron, time] of spikes) {
      const firstUs = first.get(neuron);
      if (firstUs === undefined) first.set(neuron, time);
      else if (neuron > log.bound) continue;
      else if (seconds.has(neuron)) log.add(neuron, time);
      else {
        seconds.add(neuron);
        log.second(neuron, firstUs, time);
      }
    }
  };
  const spikesOf = (neurons: number, every: (neuron: number) => number) =>
    merged(
      Array.from({ length: neurons }, (_, neuron) =>
        Array.from({ length: 40 }, (_, i) => 37 + neuron * 11 + i * every(neuron)),
      ),
    );

  it('takes the first 100 neurons with two spikes, whichever came first', () => {
    // Neurons with high numbers fire first; every third one has one spike only.
    const all = spikesOf(400, (neuron) => 4000 - neuron * 9);
    const once = new Set<number>();
    const spikes = all.filter(([neuron]) => {
      if (neuron % 3 !== 0) return true;
      const isNew = !once.has(neuron);
      once.add(neuron);
      return isNew;
    });
    const log = new SyncLog(1 << 17, 200_000);
    fill(log, spikes);
    const chosen = Array.from({ length: 400 }, (_, i) => i).filter((neuron) => neuron % 3 !== 0);
    const trains = chosen
      .slice(0, 100)
      .map((neuron) => spikes.flatMap(([of, time]) => (of === neuron ? [time] : [])));
    expect(log.size).toBe(100);
    expect(log.value()).toBeCloseTo(pairwise(trains, 200_000) as number, 12);
  });

  it('is as exact when its log is full many times', () => {
    const spikes = spikesOf(100, (neuron) => 500 + neuron * 13);
    const small = new SyncLog(1024, 100_000);
    fill(small, spikes);
    const trains = Array.from({ length: 100 }, (_, neuron) =>
      spikes.flatMap(([of, time]) => (of === neuron ? [time] : [])),
    );
    expect(spikes.length).toBeGreaterThan(3000);
    expect(small.value()).toBeCloseTo(pairwise(trains, 100_000) as number, 12);
  });

  it('puts right what comes out of order', () => {
    const spikes = spikesOf(20, (neuron) => 500 + neuron * 13);
    const shuffled: (readonly [number, number])[] = [];
    for (let i = 0; i < spikes.length; i += 50) {
      // Chip by chip, as frames of several chips follow each other.
      const batch = spikes.slice(i, i + 50);
      shuffled.push(...batch.filter(([n]) => n % 2 === 1), ...batch.filter(([n]) => n % 2 === 0));
    }
    const ordered = new SyncLog(1 << 12, 100_000);
    const mixed = new SyncLog(1 << 12, 100_000);
    fill(ordered, spikes);
    fill(mixed, shuffled);
    expect(mixed.value()).toBe(ordered.value());
  });

  it('has no value for less than two neurons', () => {
    const log = new SyncLog(1 << 12, 100_000);
    log.second(5, 10, 20);
    expect([log.size, log.value()]).toEqual([1, undefined]);
  });
});
