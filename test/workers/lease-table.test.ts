import { describe, expect, test } from 'vitest';
import { LeaseTable, type SeenLease } from '../../src/workers/lease-table.ts';
import { ControlStore, type Landed, SimulatedWorker, seeded } from './lease-simulation.ts';

const TTL_MS = 1000;
const keys = (count: number) => Array.from({ length: count }, (_, i) => `p${i}`);
const table = (worker = 'a', count = 4) =>
  new LeaseTable({ worker, owner: `${worker}#1`, keys: keys(count), ttlMs: TTL_MS });
const lease = (key: string, revision: number, worker: string | undefined = 'b'): SeenLease => {
  return { key, revision, worker, owner: `${worker}#1` };
};
const claimed = (of: LeaseTable, owned: readonly string[], nowMs: number) =>
  of.plan(new Set(owned), nowMs).claim.map(({ key }) => key);

describe('one worker', () => {
  test('takes what nobody has, and names the message that it replaces', () => {
    const leases = table();
    leases.observe([lease('p2', 7), { ...lease('p3', 9), worker: undefined }], 0);
    const { claim } = leases.plan(new Set(), 0);
    expect(claim.map(({ key, revision }) => [key, revision]).sort()).toEqual([
      ['p0', 0],
      ['p1', 0],
      ['p3', 9],
    ]);
  });

  test('takes another’s only when it has not changed for longer than it lives', () => {
    const leases = table();
    const all = [1, 2, 3, 4].map((revision, i) => lease(`p${i}`, revision));
    leases.observe(all, 500);
    expect(claimed(leases, [], 500 + TTL_MS)).toEqual([]);
    leases.observe([lease('p0', 9), ...all.slice(1)], 1400);
    expect(claimed(leases, [], 501 + TTL_MS).sort()).toEqual(['p1', 'p2', 'p3']);
    expect(claimed(leases, ['p1', 'p2', 'p3'], 1401 + TTL_MS)).toEqual(['p0']);
  });

  test('after a pause it takes nothing that was renewed meanwhile', () => {
    const leases = table();
    leases.observe([lease('p0', 1), lease('p1', 2), lease('p2', 3), lease('p3', 4)], 0);
    // Ten seconds without a look; then it looks first.
    leases.observe([lease('p0', 11), lease('p1', 12), lease('p2', 13), lease('p3', 4)], 10_000);
    expect(claimed(leases, [], 10_000)).toEqual(['p3']);
  });

  test('takes at once what its own process before this one had', () => {
    const leases = table('a');
    leases.observe([{ key: 'p0', revision: 5, worker: 'a', owner: 'a#0' }, lease('p1', 6)], 0);
    expect(claimed(leases, ['p2', 'p3'], 0)).toEqual(['p0']);
  });
});

describe('several workers', () => {
  test('each aims at its share, and a peer that falls silent or leaves counts no more', () => {
    const leases = table('a', 16);
    expect(leases.share(0)).toBe(16);
    leases.hear({ worker: 'b', owner: 'b#1', isLeaving: false }, 0);
    leases.hear({ worker: 'c', owner: 'c#1', isLeaving: false }, 400);
    // Its own word, and a second process of a worker that was just started anew.
    leases.hear({ worker: 'a', owner: 'a#1', isLeaving: false }, 400);
    leases.hear({ worker: 'c', owner: 'c#2', isLeaving: false }, 400);
    expect(leases.share(400)).toBe(6);
    expect(leases.share(1100)).toBe(8);
    leases.hear({ worker: 'c', owner: 'c#1', isLeaving: true }, 1100);
    leases.hear({ worker: 'c', owner: 'c#2', isLeaving: true }, 1100);
    expect(leases.share(1100)).toBe(16);
  });

  test('what others lack is given back when they have lacked it for a while', () => {
    const leases = table('a', 4);
    const owned = new Set(keys(4));
    expect(leases.plan(owned, 0).handOver).toEqual([]);
    leases.hear({ worker: 'b', owner: 'b#1', isLeaving: false }, 100);
    expect(leases.plan(owned, 100).handOver).toEqual([]);
    leases.hear({ worker: 'b', owner: 'b#1', isLeaving: false }, 600);
    expect(leases.plan(owned, 600).handOver).toHaveLength(2);
    // One that was there for a moment changes nothing.
    const other = table('a', 4);
    other.hear({ worker: 'b', owner: 'b#1', isLeaving: false }, 100);
    expect(other.plan(owned, 100).handOver).toEqual([]);
    expect(other.plan(owned, 100 + TTL_MS + 1).handOver).toEqual([]);
  });

  test('workers that somebody makes up fill no memory, and are gone when they fall silent', () => {
    const leases = table('a', 4);
    leases.hear({ worker: 'b', owner: 'b#1', isLeaving: false }, 0);
    for (let i = 0; i < 10_000; i++) {
      leases.hear({ worker: `x${i}`, owner: `x${i}#1`, isLeaving: false }, 0);
    }
    expect(leases.live(0)).toBe(1 + 4096);
    leases.hear({ worker: 'b', owner: 'b#1', isLeaving: false }, TTL_MS);
    expect(leases.live(TTL_MS + 1)).toBe(2);
  });

  test('what nobody takes is taken beyond the share', () => {
    const leases = table('a', 2);
    leases.observe([lease('p0', 1, 'a'), lease('p1', 2)], 0);
    for (let nowMs = 0; nowMs <= 2900; nowMs += 100) {
      // This one is heard, and never takes p1.
      leases.hear({ worker: 'c', owner: 'c#1', isLeaving: false }, nowMs);
      expect(claimed(leases, ['p0'], nowMs)).toEqual([]);
    }
    leases.hear({ worker: 'c', owner: 'c#1', isLeaving: false }, 3100);
    expect(claimed(leases, ['p0'], 3100)).toEqual(['p1']);
  });
});

/** Owners of a key in the order of their writes: each is one unbroken stretch. */
function stretches(landed: readonly Landed[], key: string): string[] {
  const names: string[] = [];
  for (const each of landed) {
    if (each.key !== key) continue;
    const name = `${each.owner}/${each.epoch}`;
    if (names.at(-1) !== name) names.push(name);
  }
  return names;
}

interface Chaos {
  readonly seed: number;
  readonly workers: number;
  readonly partitions: number;
}

const STEP_MS = 20;

/** Workers that are paused, killed, started and told to leave at random, over simulated time. */
function chaos({ seed, workers: count, partitions }: Chaos) {
  const random = seeded(seed);
  const store = new ControlStore();
  const options = { store, keys: keys(partitions), ttlMs: TTL_MS, random };
  let starts = 0;
  const start = (name: string) => new SimulatedWorker(name, ++starts, options);
  let workers = Array.from({ length: count }, (_, i) => start(`w${i}`));
  const all = [...workers];
  let woken = 0;
  const fault = (nowMs: number): void => {
    const victim = workers[Math.floor(random() * workers.length)] as SimulatedWorker;
    const kind = random();
    if (kind < 0.5) {
      victim.pausedToMs = nowMs + random() * 12 * TTL_MS;
      woken++;
      return;
    }
    if (kind < 0.75) victim.isDead = true;
    else victim.leave(nowMs);
    workers = workers.filter((worker) => worker !== victim);
    const next = start(random() < 0.5 ? victim.worker : `w${starts}`);
    workers.push(next);
    all.push(next);
  };
  const round = (nowMs: number, isPeace: boolean): void => {
    for (const worker of workers) {
      if (worker.pausedToMs > nowMs) continue;
      // Heartbeats are lost now and then; a paused worker sends none.
      for (const other of workers) {
        const isHeard = other.pausedToMs <= nowMs && (isPeace || random() < 0.3);
        if (other !== worker && isHeard) worker.hear(other, nowMs);
      }
      worker.step(nowMs);
    }
  };
  let nowMs = 0;
  for (; nowMs < 120_000; nowMs += STEP_MS) {
    if (random() < STEP_MS / 1500) fault(nowMs);
    round(nowMs, false);
  }
  const warEndMs = nowMs;
  for (; nowMs < warEndMs + 30_000; nowMs += STEP_MS) round(nowMs, true);
  return { store, workers, all, woken, warEndMs };
}

describe('many workers, paused, killed, leaving and starting at random', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('no two of them both land, seed %i', (seed) => {
    const shape = { seed, workers: 3 + (seed % 4), partitions: 16 };
    const { store, workers, all, woken, warEndMs } = chaos(shape);
    expect(woken).toBeGreaterThan(10);
    for (const key of keys(16)) {
      const owners = stretches(store.landed, key);
      expect(new Set(owners).size).toBe(owners.length);
      const values = store.landed.filter((each) => each.key === key).map(({ value }) => value);
      // A take-over repeats the value that it found; every other write is one more.
      const steps = values.slice(1).map((value, i) => value - (values[i] as number));
      expect(steps.every((step) => step === 0 || step === 1)).toBe(true);
    }
    // Somebody was woken after another had taken over, and gave up.
    expect(all.reduce((sum, { givenUp }) => sum + givenUp.length, 0)).toBeGreaterThan(5);
    // In peace each has its share, nothing is left over, and nothing moves any more.
    const held = workers.flatMap((worker) => [...worker.held.keys()]);
    expect(held.toSorted()).toEqual(keys(16).toSorted());
    const share = Math.ceil(16 / workers.length);
    for (const worker of workers) expect(worker.held.size).toBeLessThanOrEqual(share);
    const late = store.landed.filter(({ atMs }) => atMs > warEndMs + 20_000);
    for (const key of keys(16)) expect(stretches(late, key)).toHaveLength(1);
  });
});
