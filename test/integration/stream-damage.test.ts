import { expect, test } from 'vitest';
import { NAMES, StreamLab, stateFolder, upTo } from './stream-lab.ts';
import { until } from './until.ts';

const LOGS = 'spikescope_frames_total{kind="log"}';
const LOST = 'spikescope_stream_messages_lost_total';

test('its consumer deleted, again and again: nothing is lost, nothing comes twice', async () => {
  const lab = await StreamLab.open();
  const service = await lab.serve();
  for (let round = 1; round <= 3; round++) {
    await lab.publishLogs(200);
    const consumers = await lab.manager.consumers.list(NAMES.frames).next();
    // The service itself may have given one up meanwhile.
    for (const { name } of consumers) {
      await lab.manager.consumers.delete(NAMES.frames, name).catch(() => {});
    }
    await lab.publishLogs(200);
    await service.until('all are counted', (seen) => seen.value(LOGS) === 400 * round);
  }
  const seen = await service.until('they are stored', (metrics) => {
    return metrics.value('spikescope_queue_depth{queue="derived"}') === 0;
  });
  expect(await lab.lines()).toEqual(upTo(1200));
  expect(seen.sum('spikescope_stream_interruptions_total', 'reader="frames"')).toBeGreaterThan(0);
  expect(seen.sum(LOST)).toBe(0);
  expect(await service.stop()).toBe(0);
});

test('what was purged unread is counted and told, in the middle and at the end', async () => {
  const lab = await StreamLab.open();
  const state = stateFolder();
  const first = await lab.serve(state);
  await lab.publishLogs(10);
  await first.until('all are counted', (seen) => seen.value(LOGS) === 10);
  expect(await first.stop()).toBe(0);
  expect(await lab.lastSequence()).toBe(10);

  // 11 to 16 go, 17 to 20 stay.
  await lab.publishLogs(10);
  await lab.manager.streams.purge(NAMES.frames, { seq: 17 });
  const second = await lab.serve(state);
  await second.until('the rest is counted', (seen) => seen.value(LOGS) === 14);
  // Deleted one by one, in the midst of others.
  expect(await second.stop()).toBe(0);
  await lab.publishLogs(5);
  for (const sequence of [22, 23]) await lab.manager.streams.deleteMessage(NAMES.frames, sequence);
  const third = await lab.serve(state);
  await third.until('the rest is counted', (seen) => seen.value(LOGS) === 17);
  expect(await third.stop()).toBe(0);

  // 26 to 30, and nothing behind them that would show it.
  await lab.publishLogs(5);
  await lab.manager.streams.purge(NAMES.frames);
  const fourth = await lab.serve(state);
  const seen = await fourth.until('the end is found', (metrics) => metrics.sum(LOST) === 13);
  expect(seen.value('spikescope_catching_up')).toBe(0);
  expect(seen.value('spikescope_stream_lag_messages')).toBe(0);
  await lab.publishLogs(1);
  await fourth.until('it goes on', (metrics) => metrics.value(LOGS) === 18);
  expect(await fourth.stop()).toBe(0);
  expect(fourth.log()).toContain('5 messages of SPIKEFORMER are gone: from 26 to 30');

  const gaps = (await lab.records('stream-gap')).map(({ fields }) => [
    ...[fields['stream'], fields['from_sequence'], fields['to_sequence'], fields['messages']],
  ]);
  expect(gaps).toEqual([
    ['SPIKEFORMER', 11, 16, 6],
    ['SPIKEFORMER', 22, 23, 2],
    ['SPIKEFORMER', 26, 30, 5],
  ]);
  expect(await lab.lines()).toEqual([...upTo(10), ...upTo(21, 16), 23, 24, 30]);
});

test('purged while it reads: each message is derived or counted as lost', async () => {
  const lab = await StreamLab.open();
  const service = await lab.serve();
  // What goes before it has seen the stream is not its loss.
  await service.logged('reading SPIKEFORMER from');
  for (let round = 0; round < 8; round++) {
    await lab.publishLogs(250);
    await lab.manager.streams.purge(NAMES.frames);
  }
  await lab.publishLogs(1);
  await service.until('every message is accounted for', (seen) => {
    return (seen.value(LOGS) ?? 0) + seen.sum(LOST) === 2001;
  });
  const seen = await service.until('it is stored', (metrics) => {
    return metrics.value('spikescope_queue_depth{queue="derived"}') === 0;
  });
  const lines = await lab.lines();
  expect(lines.length).toBe(seen.value(LOGS));
  expect(new Set(lines).size).toBe(lines.length);
  expect(lines).toEqual(lines.toSorted((a, b) => a - b));
  const gone = (await lab.records('stream-gap')).map(({ fields }) => Number(fields['messages']));
  expect(gone.reduce((sum, count) => sum + count, 0)).toBe(seen.sum(LOST));
  expect(await service.stop()).toBe(0);
});

test('its stream deleted and made anew: operators begin anew, counters go on', async () => {
  const lab = await StreamLab.open();
  const state = stateFolder();
  const service = await lab.serve(state);
  const joules = 'neuromorphic_energy_joules_total{device_type="loihi2",chip_id="7"}';
  const frames = 'spikescope_frames_total{kind="power"}';
  await lab.publishPower(5);
  await service.until('four joules', (seen) => seen.value(joules) === 4);
  await lab.manager.streams.delete(NAMES.frames);
  await until('it is made again', () =>
    lab.manager.streams.info(NAMES.frames).then(
      () => true,
      () => false,
    ),
  );
  let least = 0;
  await lab.publishPower(3);
  // Between the last sample of the one and the first of the other there is nothing.
  const seen = await service.until('two joules more', (metrics) => {
    expect(metrics.value(joules)).toBeGreaterThanOrEqual(least);
    least = metrics.value(joules) ?? 0;
    return least >= 6;
  });
  expect([seen.value(joules), seen.value(frames)]).toEqual([6, 8]);
  expect(await service.stop()).toBe(0);
  expect(service.log()).toContain('the stream SPIKEFORMER was made anew: operators begin anew');
  expect(await lab.joules()).toEqual([0, 1, 2, 3, 4, 0, 1, 2]);

  // And while it is down: the checkpoint is of a stream that is no more.
  await lab.manager.streams.delete(NAMES.frames);
  const again = await lab.serve(state);
  await again.logged('reading SPIKEFORMER from');
  await lab.publishPower(2);
  const last = await again.until('one joule more', (metrics) => metrics.value(joules) === 7);
  expect(last.value(frames)).toBe(10);
  expect(again.log()).toContain('the checkpoint is of another stream (SPIKEFORMER, made ');
  expect(await again.stop()).toBe(0);
  const records = await lab.records('power');
  expect(records.map(({ fields }) => fields['energy_joules'])).toEqual([
    ...[0, 1, 2, 3, 4],
    ...[0, 1, 2],
    ...[0, 1],
  ]);
  expect(new Set(records.map(({ id }) => id)).size).toBe(10);
});
