import { describe, expect, it } from 'vitest';
import { monitoredChips } from './monitored-chips.ts';

const CHIP = 'loihi2/a';
const S = 1000;
const MIN = 60 * S;
const HOUR = 60 * MIN;

describe('a chip is known', () => {
  it.each(['spikes', 'membrane', 'power', 'cores', 'activity', 'synapses', 'health'] as const)(
    'by its %s',
    async (kind) => {
      const at = monitoredChips();
      at.monitor.saw({ kind, deviceType: 'cpu', chipId: '0' } as never, false);
      await at.timers.advance(S);
      expect(at.told).toEqual(['0 cpu/0 ok first seen']);
    },
  );

  it.each(['conversion', 'inference', 'benchmark', 'log'] as const)(
    'not by its %s',
    async (kind) => {
      const at = monitoredChips();
      at.monitor.saw({ kind, deviceType: 'cpu', chipId: '0' } as never, false);
      await at.timers.advance(S);
      expect(at.told).toEqual([]);
      expect(at.pings.asked).toEqual([]);
    },
  );

  it('not by a frame that Spikescope put in itself', async () => {
    const at = monitoredChips();
    at.spikes(CHIP, { emitter: 'spikescope' });
    await at.timers.advance(S);
    expect(at.told).toEqual([]);
  });

  it('until 5 min after its last frame, and again with the next', async () => {
    const at = monitoredChips();
    at.spikes(CHIP);
    await at.timers.advance(4 * MIN);
    at.spikes(CHIP);
    await at.timers.advance(4.9 * MIN);
    expect(at.told.at(-1)).not.toMatch(/forgotten/);
    await at.timers.advance(0.2 * MIN);
    expect(at.told.at(-1)).toMatch(/^54[0-2] loihi2\/a forgotten no frame for 300 s$/);
    const asked = at.pings.asked.length;
    await at.timers.advance(10 * MIN);
    expect(at.pings.asked).toHaveLength(asked);
    at.spikes(CHIP);
    await at.timers.advance(S);
    expect(at.told.at(-1)).toMatch(/ok first seen$/);
    expect(at.pings.asked).toHaveLength(asked + 1);
  });

  it.each([
    ['sent health', 'nobody'],
    ['answered a ping', 'ok'],
  ] as const)('for 24 h when it ever %s', async (_, responder) => {
    const at = monitoredChips({ checkMs: HOUR, retryMs: HOUR, silenceMs: HOUR });
    at.pings.responders.set(CHIP, responder);
    if (responder === 'nobody') at.frame('health', CHIP, { status: 'ok' });
    else at.spikes(CHIP);
    await at.timers.advance(S);
    at.pings.responders.set(CHIP, 'nobody');
    await at.timers.advance(23 * HOUR);
    expect(at.told.at(-1)).not.toMatch(/forgotten/);
    await at.timers.advance(1.1 * HOUR);
    expect(at.told.at(-1)).toMatch(/forgotten no frame for 86400 s$/);
  });

  it('for ever when it is configured, and from the start', async () => {
    const at = monitoredChips({ chips: [{ device_type: 'loihi2', chip_id: 'a' }] });
    await at.timers.advance(S);
    expect(at.told).toEqual(['0 loihi2/a down not seen yet']);
    expect(at.monitor.isConnected('loihi2')).toBe(false);
    await at.timers.advance(48 * HOUR);
    expect(at.told.slice(1)).toEqual([expect.stringMatching(/^6[01] .*silent for 60 s$/)]);
    at.pings.responders.set(CHIP, 'ok');
    await at.timers.advance(30 * S);
    expect(at.told.at(-1)).toMatch(/ok connected again$/);
  });

  it('as first seen when a configured one answers', async () => {
    const at = monitoredChips({ chips: [{ device_type: 'loihi2', chip_id: 'a' }] });
    at.pings.responders.set(CHIP, 'ok');
    await at.timers.advance(S);
    expect(at.told).toEqual(['0 loihi2/a down not seen yet', '0 loihi2/a ok first seen']);
  });
});

describe('many chips', () => {
  it('one that does not answer delays no other', async () => {
    const at = monitoredChips();
    for (let i = 0; i < 40; i++) {
      at.pings.responders.set(`loihi2/${i}`, i % 2 === 0 ? 'silent' : 'ok');
      at.spikes(`loihi2/${i}`);
    }
    await at.timers.advance(S);
    expect(at.outcomes).toEqual(Array(20).fill('answered'));
  });

  it('are asked a bounded number at a time, and all of them', async () => {
    const at = monitoredChips({ checkMs: HOUR, retryMs: HOUR });
    for (let i = 0; i < 2500; i++) {
      at.pings.responders.set(`loihi2/${i}`, 'silent');
      at.spikes(`loihi2/${i}`);
    }
    await at.timers.advance(16 * S);
    expect(at.pings.underWayMost).toBe(1024);
    expect(at.outcomes).toHaveLength(2500);
  });

  it('are bounded; who is refused is counted, and taken when there is room', async () => {
    const at = monitoredChips({ chipsMax: 2 });
    for (const name of ['a', 'b', 'c', 'c', 'a']) at.spikes(`cpu/${name}`);
    expect(at.refused()).toBe(2);
    await at.timers.advance(6 * MIN);
    at.spikes('cpu/c');
    await at.timers.advance(S);
    expect(at.told.at(-1)).toMatch(/cpu\/c ok first seen/);
  });

  it('are connected when every one of the kind is', async () => {
    const at = monitoredChips({}, false);
    expect(at.monitor.isConnected('spinnaker')).toBe(false);
    at.spikes('spinnaker/0-0');
    at.spikes('loihi2/a');
    at.spikes('loihi2/b');
    await at.timers.advance(50 * S);
    at.spikes('loihi2/b');
    expect([at.monitor.isConnected('spinnaker'), at.monitor.isConnected('loihi2')]).toEqual([
      true,
      true,
    ]);
    await at.timers.advance(15 * S);
    at.spikes('spinnaker/0-0');
    await at.timers.advance(S);
    expect([at.monitor.isConnected('spinnaker'), at.monitor.isConnected('loihi2')]).toEqual([
      true,
      false,
    ]);
  });
});
