import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Frame } from '../../src/frames/frame.ts';
import { Player } from '../../src/sources/player.ts';
import { until } from '../integration/until.ts';
import { spikesFrame } from '../sinks/live/spikes-frame.ts';

/** Ten frames of 100 ms, and one of 1 µs at the end, as recordings have them. */
const FRAMES = [
  ...Array.from({ length: 10 }, (_, i) => spikesFrame(1_000_000 + i * 100_000, [[0, i]])),
  spikesFrame(2_000_000, [[0, 0]], { spanUs: 1 }),
];

const stop = { now: new AbortController(), done: Promise.resolve() };
beforeEach(() => {
  stop.now = new AbortController();
});
afterEach(async () => {
  stop.now.abort();
  await stop.done;
});

interface Given {
  readonly frames?: readonly Frame[];
  readonly endUs?: number;
  /** What is read behind the last frame, before the end is known. */
  readonly last?: Promise<void>;
}

function start({ frames = FRAMES, endUs = 2_000_000, last = Promise.resolve() }: Given = {}) {
  const told = { begun: 0, ended: 0, closed: 0, given: [] as number[], arrived: [] as number[] };
  const player = new Player({
    frameSpanUs: 100_000,
    open: async () => ({
      info: { startUs: 1_000_000, durationUs: endUs },
      async *frames() {
        yield* frames;
        await last;
      },
      close: async () => {
        told.closed++;
      },
    }),
    begin: () => {
      told.begun++;
      told.given = [];
      told.arrived = [];
    },
    frame: ({ t0Us, arrivedUs }) => {
      told.given.push(t0Us);
      told.arrived.push(arrivedUs);
    },
    end: () => {
      told.ended++;
    },
  });
  stop.done = player.run(stop.now.signal);
  return { player, told };
}

it('goes to a time by giving all that has ended by then, and waits there', async () => {
  const { player, told } = start();
  player.control({ atUs: 1_350_000 });
  await until('it is there', () => player.state === 'paused');
  expect(told.given).toEqual([1_000_000, 1_100_000, 1_200_000]);
  expect(told.arrived).toEqual([1_100_000, 1_200_000, 1_300_000]);
  expect(player.positionUs).toBe(1_350_000);
  // On from there: nothing comes twice.
  player.control({ atUs: 1_400_000 });
  await until('it went on', () => told.given.length === 4);
  expect(told.begun).toBe(1);
});

it('begins anew to go back, and gives then what it gave on the way there', async () => {
  const { player, told } = start();
  player.control({ atUs: 1_800_000 });
  await until('it is there', () => told.given.length === 8 && player.state === 'paused');
  player.control({ atUs: 1_200_000 });
  await until('it went back', () => told.begun === 2 && player.state === 'paused');
  expect(told.given).toEqual([1_000_000, 1_100_000]);
  expect(told.closed).toBe(1);
  // Between two frames nothing has to be taken back.
  player.control({ atUs: 1_250_000 });
  player.control({ atUs: 1_230_000 });
  await until('it is there', () => player.positionUs === 1_230_000);
  expect(told.begun).toBe(2);
});

it('ends with the samples at exactly the end, and plays again when asked to', async () => {
  const { player, told } = start();
  player.control({ atUs: 2_000_000, speed: 4 });
  await until('it has ended', () => player.state === 'ended');
  expect([told.given.length, told.ended, player.positionUs]).toEqual([11, 1, 2_000_000]);
  player.control({ atUs: 2_000_000 });
  player.control({ playing: true });
  await until('it plays again', () => told.begun === 2);
  await until('and ends by itself', () => told.ended === 2);
  expect(told.given).toHaveLength(11);
});

it('goes back also where that is wanted while the end is read', async () => {
  const last = Promise.withResolvers<void>();
  const { player, told } = start({ last: last.promise });
  player.control({ atUs: 2_000_000 });
  await until('all were given', () => told.given.length === 11);
  player.control({ atUs: 1_200_000 });
  last.resolve();
  await until('it went back', () => told.begun === 2 && player.state === 'paused');
  expect([player.positionUs, told.ended]).toEqual([1_200_000, 0]);
});

it('is on its way from the moment that somebody wants it elsewhere', async () => {
  const { player } = start();
  player.control({ atUs: 1_200_000 });
  await until('it is there', () => player.state === 'paused');
  player.control({ atUs: 1_500_000 });
  expect(player.state).toBe('seeking');
  await until('it is there', () => player.state === 'paused');
  player.control({ atUs: 1_100_000 });
  expect(player.state).toBe('seeking');
  await until('it is back', () => player.state === 'paused');
  expect(player.positionUs).toBe(1_100_000);
});

it('plays, no faster than asked, and holds still when paused', async () => {
  // A machine that is held up is behind, and must not come to the end by that.
  const long = Array.from({ length: 3000 }, (_, i) => spikesFrame(1_000_000 + i * 100_000, []));
  const { player, told } = start({ frames: long, endUs: 301_000_000 });
  const beganMs = performance.now();
  player.control({ playing: true, speed: 2 });
  await until('some came', () => told.given.length >= 3);
  expect(performance.now() - beganMs).toBeGreaterThan(140);
  player.control({ playing: false });
  await until('it is paused', () => player.state === 'paused');
  const { positionUs } = player;
  const given = told.given.length;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect([player.positionUs, told.given.length]).toEqual([positionUs, given]);
  expect(player.current).toMatchObject({ speed: 2, playing: false });
});

it('gives a frame behind a longer one when its turn comes, as having arrived then', async () => {
  const long = spikesFrame(1_000_000, [], { spanUs: 500_000 });
  const { player, told } = start({ frames: [long, spikesFrame(1_100_000, [])] });
  player.control({ atUs: 1_450_000 });
  await until('it is there', () => player.state === 'paused');
  expect(told.given).toEqual([]);
  player.control({ atUs: 1_500_000 });
  await until('both came', () => told.given.length === 2);
  expect(told.arrived).toEqual([1_500_000, 1_500_000]);
});

it('has ended at once where there is nothing', async () => {
  const { player, told } = start({ frames: [] });
  await until('it has ended', () => player.state === 'ended');
  player.control({ playing: true });
  expect(told.given).toEqual([]);
});
