import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { JoinedRecord } from '../../src/component/pipeline.ts';
import type { HeldState } from '../../src/component/state.ts';
import { joinChipHealth, type KindHealth } from '../../src/operators/join-chip-health.ts';
import { joinRuns } from '../../src/operators/join-runs.ts';
import type { RunRecord } from '../../src/operators/track-runs.ts';

/** The slot of one operator, whose state a test copies into another. */
function slotOf() {
  const all: HeldState[] = [];
  return { slot: { hold: (state: HeldState) => void all.push(state) }, held: () => all[0] };
}

function health(chip: string, event: string, connected: boolean): JoinedRecord {
  const [device_type, chip_id] = chip.split('/');
  const fields = { device_type, chip_id, event, connected };
  return { record: 'chip-health', t0Us: 0, spanUs: 0, fields };
}

function healthJoin(chipsMax = 10) {
  const { slot, held } = slotOf();
  const counted: string[] = [];
  const source = new Subject<JoinedRecord>();
  const out: KindHealth[] = [];
  source
    .pipe(joinChipHealth({ chipsMax }, slot, (event) => counted.push(event)))
    .subscribe((kind) => out.push(kind));
  const say = (...records: JoinedRecord[]) => {
    for (const record of records) source.next(record);
    return out.at(-1);
  };
  return { say, held, counted };
}

describe('kinds of chips over all parts', () => {
  it('are connected when each known chip is, and gone with their last', () => {
    const { say } = healthJoin();
    expect(say(health('loihi2/0', 'first_seen', true))?.connected).toBe(true);
    expect(say(health('loihi2/1', 'first_seen', false))?.connected).toBe(false);
    expect(say(health('spinnaker/0', 'first_seen', true))).toEqual({
      deviceType: 'spinnaker',
      connected: true,
    });
    expect(say(health('loihi2/1', 'connected', true))?.connected).toBe(true);
    expect(say(health('loihi2/0', 'disconnected', false))?.connected).toBe(false);
    expect(say(health('loihi2/0', 'forgotten', false))?.connected).toBe(true);
    expect(say(health('loihi2/1', 'forgotten', false))).toEqual({
      deviceType: 'loihi2',
      connected: undefined,
    });
  });

  it('go on from a copy of their state, and take no more chips than they may', () => {
    const before = healthJoin(2);
    before.say(health('loihi2/0', 'first_seen', true), health('loihi2/1', 'first_seen', false));
    const after = healthJoin(2);
    after.held()?.restore(before.held()?.snapshot() ?? null);
    expect(after.say(health('loihi2/2', 'first_seen', false))?.connected).toBe(false);
    expect(after.counted).toEqual(['chips_refused']);
    expect(after.say(health('loihi2/1', 'connected', true))?.connected).toBe(true);
  });
});

function runJoin(openMax = 10) {
  const { slot, held } = slotOf();
  const counted: string[] = [];
  const source = new Subject<JoinedRecord>();
  const out: RunRecord[] = [];
  source
    .pipe(joinRuns({ configHash: 'abc', openMax }, slot, (event) => counted.push(event)))
    .subscribe((run) => out.push(run));
  return { next: (record: JoinedRecord) => source.next(record), out, held, counted };
}

const opened = (run_id: string, t0Us: number): JoinedRecord => {
  return { record: 'run-open-part', t0Us, spanUs: 0, fields: { run_id } };
};
const ended = (run_id: string, t0Us: number, t1Us: number, more = {}): JoinedRecord => {
  const fields = { run_id, hardware: 'loihi2', chips: 1, frames: 10, spikes: 5, ...more };
  return { record: 'run-part', t0Us, spanUs: t1Us - t0Us, fields };
};

describe('runs over all parts', () => {
  it('end when they have ended wherever they began, with the sum of their parts', () => {
    const { next, out } = runJoin();
    next(opened('a', 100));
    next(opened('a', 50));
    next(opened('b', 0));
    next(ended('a', 100, 900, { frames_lost: 2, energy_joules: 1.5, model: 'vit' }));
    expect(out).toEqual([]);
    const last = { hardware: 'cpu,loihi2', frames_lost: 1, ended_by: 'said' };
    next(ended('a', 50, 800, last));
    expect(out).toEqual([
      {
        ...{ runId: 'a', t0Us: 50, t1Us: 900, hardware: ['cpu', 'loihi2'], chips: 2 },
        ...{ model: 'vit', frames: 20, spikes: 10, energyJoules: 1.5, framesLost: 3 },
        ...{ endedBy: 'said', configHash: 'abc' },
      },
    ]);
    // A part did not know what was lost.
    next(ended('b', 0, 10));
    expect(out[1]).toMatchObject({ runId: 'b', framesLost: undefined, energyJoules: undefined });
  });

  it('go on from a copy of their state, and no more are open than may be', () => {
    const before = runJoin(1);
    before.next(opened('a', 0));
    before.next(opened('b', 0));
    before.next(opened('a', 5));
    before.next(ended('a', 0, 10));
    const after = runJoin(1);
    after.held()?.restore(before.held()?.snapshot() ?? null);
    after.next(ended('b', 0, 10));
    after.next(ended('a', 5, 20));
    expect([before.out, before.counted]).toEqual([[], ['runs_refused']]);
    expect(after.out).toMatchObject([{ runId: 'a', frames: 20, t0Us: 0, t1Us: 20 }]);
  });
});
