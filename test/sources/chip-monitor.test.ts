import { describe, expect, it } from 'vitest';
import { monitoredChips } from './monitored-chips.ts';

const CHIP = 'loihi2/a';
const S = 1000;
const MIN = 60 * S;

describe('a chip that answers pings', () => {
  it('is asked at once when first seen, then every 30 s', async () => {
    const at = monitoredChips();
    at.pings.responders.set(CHIP, 'ok');
    await at.timers.advance(10 * S);
    at.spikes(CHIP);
    await at.timers.advance(100 * S);
    expect(at.pings.asked.map((ping) => Math.round(Number(ping.split(' ')[1])))).toEqual([
      10, 40, 70, 100,
    ]);
    expect(at.told).toEqual(['10 loihi2/a ok first seen']);
    expect(at.outcomes).toEqual(Array(4).fill('answered'));
    expect(at.monitor.isConnected('loihi2')).toBe(true);
  });

  it('is gone with the first ping that it does not answer, however many frames come', async () => {
    const at = monitoredChips();
    at.pings.responders.set(CHIP, 'ok');
    at.spikes(CHIP);
    await at.timers.advance(20 * S);
    at.pings.responders.set(CHIP, 'nobody');
    for (let i = 0; i < 30; i++) {
      at.spikes(CHIP);
      await at.timers.advance(S);
    }
    expect(at.told.slice(1)).toEqual(['30 loihi2/a down did not answer']);
    expect(at.monitor.isConnected('loihi2')).toBe(false);
    expect(at.outcomes).toEqual(['answered', 'no_responders']);
  });

  it('is asked again 60 s after an error, and is back when it answers', async () => {
    const at = monitoredChips();
    at.pings.responders.set(CHIP, 'ok');
    at.spikes(CHIP);
    await at.timers.advance(S);
    at.pings.responders.set(CHIP, 'silent');
    await at.timers.advance(90 * S);
    at.pings.responders.set(CHIP, 'degraded');
    await at.timers.advance(60 * S);
    expect(at.pings.asked.map((ping) => Math.round(Number(ping.split(' ')[1])))).toEqual([
      0, 30, 95, 125,
    ]);
    expect(at.told.slice(1)).toEqual([
      '35 loihi2/a down did not answer',
      '95 loihi2/a ok connected again',
    ]);
    expect(at.monitor.isConnected('loihi2')).toBe(true);
  });

  it('is not connected while it answers that it is down', async () => {
    const at = monitoredChips();
    at.pings.responders.set(CHIP, 'down');
    at.spikes(CHIP);
    await at.timers.advance(S);
    expect(at.monitor.isConnected('loihi2')).toBe(false);
    at.pings.responders.set(CHIP, 'degraded');
    await at.timers.advance(30 * S);
    expect(at.monitor.isConnected('loihi2')).toBe(true);
    // Its own word is in the stream: the monitor adds nothing to it.
    expect(at.told).toEqual(['0 loihi2/a ok first seen']);
  });

  it('did not answer when the answer is no health frame of it: a dead letter', async () => {
    const at = monitoredChips();
    at.pings.responders.set(CHIP, 'ok');
    at.spikes(CHIP);
    await at.timers.advance(S);
    at.pings.responders.set(CHIP, 'garbage');
    await at.timers.advance(30 * S);
    expect(at.outcomes).toEqual(['answered', 'invalid']);
    expect(at.dead.map(({ message, reason }) => [message.subject, reason])).toEqual([
      ['spikeformer.health.loihi2.a', 'missing_field'],
    ]);
    expect(at.told.at(-1)).toBe('30 loihi2/a down did not answer');
  });

  it('keeps its state through a ping that says nothing, and is asked again soon', async () => {
    const at = monitoredChips();
    at.pings.responders.set(CHIP, 'ok');
    at.spikes(CHIP);
    await at.timers.advance(S);
    at.pings.responders.set(CHIP, 'undecided');
    await at.timers.advance(30 * S);
    at.pings.responders.set(CHIP, 'ok');
    await at.timers.advance(3 * S);
    expect(at.outcomes).toEqual(['answered', 'undecided', 'answered']);
    expect(at.told).toHaveLength(1);
  });

  it('is judged by its frames while nobody can be asked', async () => {
    const at = monitoredChips();
    at.pings.responders.set(CHIP, 'ok');
    at.spikes(CHIP);
    await at.timers.advance(S);
    at.pings.canAsk = false;
    await at.timers.advance(50 * S);
    expect(at.told).toHaveLength(1);
    await at.timers.advance(15 * S);
    expect(at.told.slice(1)).toEqual([
      expect.stringMatching(/^6[12] loihi2\/a down silent for 60 s$/),
    ]);
    at.pings.canAsk = true;
    await at.timers.advance(5 * S);
    expect(at.told.at(-1)).toMatch(/ok connected again$/);
  });
});

describe('a chip that never answered', () => {
  it('is connected as long as a frame came within 60 s, and asked every 30 s', async () => {
    const at = monitoredChips();
    for (let i = 0; i < 4; i++) {
      at.spikes(CHIP);
      await at.timers.advance(59 * S);
    }
    expect(at.told).toEqual(['0 loihi2/a ok first seen']);
    expect(at.monitor.isConnected('loihi2')).toBe(true);
    expect(new Set(at.outcomes)).toEqual(new Set(['no_responders']));
    expect(at.pings.asked).toHaveLength(8);
    await at.timers.advance(4 * S);
    expect(at.told.slice(1)).toEqual([expect.stringMatching(/^23[78] .* down silent for 60 s$/)]);
    at.spikes(CHIP);
    await at.timers.advance(100);
    expect(at.told.at(-1)).toMatch(/ok connected again$/);
  });

  it('is asked 60 s after a ping that somebody took and did not answer', async () => {
    const at = monitoredChips();
    at.pings.responders.set(CHIP, 'silent');
    at.spikes(CHIP);
    await at.timers.advance(30 * S);
    at.spikes(CHIP);
    await at.timers.advance(40 * S);
    expect(at.pings.asked.map((ping) => Math.round(Number(ping.split(' ')[1])))).toEqual([0, 65]);
    expect(at.told).toHaveLength(1);
  });

  it('is not connected when it says that it is down', async () => {
    const at = monitoredChips();
    at.frame('health', CHIP, { status: 'down' });
    await at.timers.advance(S);
    expect(at.monitor.isConnected('loihi2')).toBe(false);
    at.frame('health', CHIP, { status: 'degraded' });
    expect(at.monitor.isConnected('loihi2')).toBe(true);
  });

  it('has said what its last frame said, not what a repeat of an older one did', async () => {
    const at = monitoredChips();
    const health = (seq: number, status: string) =>
      at.frame('health', CHIP, { status, seq, t0: seq, emitter: 'e' });
    health(0, 'down');
    health(1, 'ok');
    await at.timers.advance(S);
    health(0, 'down');
    expect(at.monitor.isConnected('loihi2')).toBe(true);
  });

  it('is silent only for as long as the process could listen', async () => {
    const at = monitoredChips();
    at.spikes(CHIP);
    await at.timers.advance(S);
    at.timers.hold(10 * MIN);
    await at.timers.advance(S);
    expect(at.told).toHaveLength(1);
    await at.timers.advance(60 * S);
    expect(at.told.at(-1)).toMatch(/silent for 60 s$/);
  });
});

describe('a monitor that fails', () => {
  it('says so, counts nobody as connected, and goes on when it can', async () => {
    const at = monitoredChips();
    at.spikes('loihi2/a');
    await at.timers.advance(S);
    const mend = at.replaceNext((frame) => {
      if (frame.emitter === 'spikescope') throw new Error('a fault');
    });
    at.spikes('loihi2/b');
    await at.timers.advance(20 * S);
    expect(at.failures.length).toBeGreaterThan(1);
    expect(at.failures.length).toBeLessThan(30);
    expect(at.monitor.isWorking).toBe(false);
    expect(at.monitor.isConnected('loihi2')).toBe(false);
    expect(at.monitor.roundAgeMs).toBeGreaterThan(15 * S);
    mend();
    await at.timers.advance(2 * S);
    expect(at.monitor.isWorking).toBe(true);
    expect(at.monitor.isConnected('loihi2')).toBe(true);
    expect(at.told).toContain('21 loihi2/b ok first seen');
  });

  it('does not work when no round comes to its end for long', async () => {
    const at = monitoredChips();
    at.spikes('loihi2/a');
    await at.timers.advance(S);
    expect(at.monitor.isWorking).toBe(true);
    at.timers.hold(20 * S);
    expect(at.monitor.isWorking).toBe(false);
  });

  it('leaves no timer behind when it is stopped', async () => {
    const at = monitoredChips();
    at.spikes('loihi2/a');
    await at.timers.advance(10 * S);
    at.monitor.stop();
    at.spikes('loihi2/b');
    expect(at.timers.waits).toBe(0);
  });
});
