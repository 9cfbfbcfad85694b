import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIVE_LIMITS } from '../../../src/sinks/live/live-limits.ts';
import { LiveSpikes } from '../../../src/sinks/live/live-spikes.ts';
import { RasterPart } from '../../../src/sinks/live/raster-part.ts';
import { RevisionClock } from '../../../src/sinks/live/revision.ts';
import { SpikeBudget } from '../../../src/sinks/live/spike-budget.ts';
import { SpikeLog } from '../../../src/sinks/live/spike-log.ts';
import { spikesFrame } from './spikes-frame.ts';

const BIN = LIVE_LIMITS.binUs;

describe('the raster of a part', () => {
  it('counts spikes by row and bin, and knows which bins frames cover', () => {
    const part = new RasterPart(4);
    const frame = spikesFrame(BIN, [
      [0, 0],
      [0, BIN - 1],
      [3, BIN],
      [1, 3 * BIN - 1],
    ]);
    part.add({ ...frame, spanUs: 3 * BIN }, 1, 7);
    const { first, count, cells, covered } = part.columns(0, 5);
    expect([first, count]).toEqual([0, 5]);
    expect([...covered]).toEqual([0, 1, 1, 1, 0]);
    expect([...cells]).toEqual([
      ...[0, 0, 0, 0],
      ...[2, 0, 0, 0],
      ...[0, 0, 0, 1],
      ...[0, 1, 0, 0],
      ...[0, 0, 0, 0],
    ]);
    expect(part.since(7, 0, 5, 8)).toBeUndefined();
    expect(part.since(6, 0, 5, 8)).toMatchObject({ first: 1, count: 3 });
    // Who is far behind, and who has nothing, gets the same.
    for (const at of [100, 7])
      expect(part.since(0, 0, 5, at)).toMatchObject({ first: 1, count: 3 });
  });

  it('has several neurons in a row where there are more than rows', () => {
    const part = new RasterPart(1000);
    expect(part.rows).toBeLessThanOrEqual(LIVE_LIMITS.rowsMax);
    expect(part.rows * part.neuronsPerRow).toBeGreaterThanOrEqual(1000);
    part.add(spikesFrame(0, [[999, 0]], { neuronCount: 1000 }), 1, 1);
    expect(part.columns(0, 1).cells[part.rows - 1]).toBe(1);
  });

  it('forgets what has left the ring, and takes nothing from before it', () => {
    const part = new RasterPart(4);
    part.add(spikesFrame(0, [[0, 0]]), 1, 1);
    part.add(spikesFrame(LIVE_LIMITS.bins * BIN, [[1, 0]]), 1, 2);
    const at = part.columns(LIVE_LIMITS.bins, LIVE_LIMITS.bins + 1);
    expect([...at.cells]).toEqual([0, 1, 0, 0]);
    part.add(spikesFrame(0, [[2, 0]], { spanUs: BIN }), 1, 3);
    expect(part.tooLate).toBe(1);
    expect(part.columns(LIVE_LIMITS.bins, LIVE_LIMITS.bins + 1)).toEqual(at);
  });

  it('accounts for every spike, whatever comes', () => {
    const spike = fc.tuple(fc.nat(3), fc.nat(99_999));
    const frame = fc.tuple(fc.nat(400), fc.array(spike, { maxLength: 30 }), fc.nat(4));
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 20 }), (frames) => {
        const part = new RasterPart(4);
        let spikes = 0;
        for (const [second, list, stride] of frames) {
          part.add(spikesFrame(second * 1_000_000, list), stride, 1);
          spikes += list.length;
        }
        const { received, shown, sampledOut, tooLate } = part;
        expect(received).toBe(spikes);
        expect(shown + sampledOut + tooLate).toBe(spikes);
      }),
    );
  });

  it('takes each k-th spike across frames', () => {
    const part = new RasterPart(4);
    for (let i = 0; i < 30; i++) part.add(spikesFrame(i * 100_000, [[0, 0]]), 3, 1);
    expect(part.shown).toBe(10);
    expect(part.sampledOut).toBe(20);
  });
});

describe('the budget', () => {
  it('lets little through whole, and bounds much', () => {
    let nowMs = 0;
    const budget = new SpikeBudget(1000, () => nowMs);
    for (let i = 0; i < 20; i++, nowMs += 100) expect(budget.take(100)).toBe(1);
    let taken = 0;
    for (let i = 0; i < 600; i++, nowMs += 100) {
      const stride = budget.take(10_000);
      if (stride > 0) taken += 10_000 / stride;
    }
    expect(taken).toBeLessThanOrEqual(60 * 1000 + 2000);
    expect(taken).toBeGreaterThan(30_000);
    for (let i = 0; i < 200; i++, nowMs += 100) budget.take(1);
    expect(budget.take(10)).toBe(1);
  });
});

describe('the exact spikes', () => {
  it('gives those of a stretch in order of time', () => {
    const log = new SpikeLog();
    const late = spikesFrame(100_000, [
      [2, 50],
      [1, 10],
    ]);
    log.add('p', late);
    log.add('p', spikesFrame(0, [[3, 99_999]]));
    log.add('q', spikesFrame(0, [[0, 0]]));
    const all = log.read('p', 0, 200_000, 10);
    expect([...all.neuronIds]).toEqual([3, 1, 2]);
    expect([...all.timesUs]).toEqual([99_999, 100_010, 100_050]);
    expect(all).toMatchObject({ isComplete: true, isTruncated: false });
    expect([...log.read('p', 100_010, 100_050, 10).neuronIds]).toEqual([1]);
    const cut = log.read('p', 0, 200_000, 1);
    expect([[...cut.neuronIds], cut.isTruncated]).toEqual([[3], true]);
  });

  it('says where it is not whole', () => {
    const log = new SpikeLog();
    log.add('p', spikesFrame(0, [[0, 0]]));
    log.skip('p', spikesFrame(100_000, [[0, 0]]));
    expect(log.read('p', 0, 100_000, 10).isComplete).toBe(true);
    expect(log.read('p', 0, 100_001, 10).isComplete).toBe(false);
    expect(log.read('p', 200_000, 300_000, 10).isComplete).toBe(true);
    const many = Array.from({ length: LIVE_LIMITS.spikesKept / 4 }, () => [1, 5] as const);
    for (let i = 2; i < 7; i++) log.add('p', spikesFrame(i * 100_000, many));
    expect(log.read('p', 0, 50_000, 10)).toMatchObject({ isComplete: false });
    expect(log.read('p', 0, 50_000, 10).neuronIds).toHaveLength(0);
    expect(log.read('p', 600_000, 700_000, 1e7).neuronIds).toHaveLength(many.length);
  });
});

describe('parts', () => {
  const spikes = () => new LiveSpikes(new RevisionClock(), () => 0);

  it('begin anew with other neurons, their counts going on', () => {
    const live = spikes();
    live.add(spikesFrame(0, [[0, 0]]));
    live.add(spikesFrame(100_000, [[7, 0]], { neuronCount: 8 }));
    const part = live.parts.get('loihi2/0/l');
    expect(part).toMatchObject({ neuronCount: 8, firstUs: 100_000 });
    expect(part?.raster).toMatchObject({ received: 2, shown: 2, rows: 8 });
  });

  it('are bounded; what is past the bound is counted', () => {
    const live = spikes();
    for (let i = 0; i < LIVE_LIMITS.partsMax + 3; i++) {
      live.add(spikesFrame(0, [[0, 0]], { layerName: `l${i}` }));
      live.add(spikesFrame(0, [[0, 0]], { layerName: `l${i}` }));
    }
    expect(live.parts.size).toBe(LIVE_LIMITS.partsMax);
    expect([live.partsRefused, live.spikesRefused]).toEqual([3, 6]);
  });
});
