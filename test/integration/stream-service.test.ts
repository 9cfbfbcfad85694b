import { once } from 'node:events';
import { expect, test } from 'vitest';
import { runProgram } from '../cli/program.ts';
import { NAMES, QUICK, StreamLab, stateFolder, upTo } from './stream-lab.ts';
import { until } from './until.ts';

const LOGS = 'spikescope_frames_total{kind="log"}';
const POWER = 'spikescope_frames_total{kind="power"}';
const DERIVED = 'spikescope_queue_depth{queue="derived"}';
const JOULES = 'neuromorphic_energy_joules_total{device_type="loihi2",chip_id="7"}';

test('a second service on one state folder refuses, and names the first', async () => {
  const lab = await StreamLab.open();
  const state = stateFolder();
  const first = await lab.serve(state);
  const flags = ['--http', '127.0.0.1:0', '--delivery', 'jetstream', '--state', state];
  const second = await runProgram('run', '--nats', lab.nats.url, ...flags);
  expect(second.code).toBe(78);
  expect(second.stderr).toContain(`${state} is in use by process ${first.child.pid} on `);
  expect(second.stderr).toContain('name another folder with --state');
  await lab.publishLogs(1);
  await first.until('the first works on', (seen) => seen.value(LOGS) === 1);
});

test('of two services on one stream the older is fenced: it says so and ends', async () => {
  const lab = await StreamLab.open();
  const first = await lab.serve();
  const gone = once(first.child, 'exit');
  await lab.publishLogs(50);
  await first.until('the first has stored them', (seen) => {
    return seen.value(LOGS) === 50 && seen.value(DERIVED) === 0;
  });
  const second = await lab.serve();
  await second.logged('reading SPIKEFORMER from');
  await lab.publishLogs(50);
  await second.until('the second has stored them', (seen) => {
    return seen.value(LOGS) === 100 && seen.value(DERIVED) === 0;
  });
  expect(await gone).toEqual([1, null]);
  await first.logged(/another Spikescope \(\S+ \(process \d+\)\) has taken over/);
  await first.logged('one process at a time can work on a stream, so this one stops');
  expect(await lab.lines()).toEqual(upTo(100));
  expect(await second.stop()).toBe(0);
});

test('the derived stream emptied and deleted under it: what follows is stored once', async () => {
  const lab = await StreamLab.open();
  const state = stateFolder();
  const service = await lab.serve(state);
  await lab.publishLogs(20);
  await until('they are stored', async () => (await lab.lines()).length === 20);
  await lab.manager.streams.purge(NAMES.derived);
  await lab.publishLogs(20);
  await until('the next are stored', async () => (await lab.lines()).length === 20);
  expect(await lab.lines()).toEqual(upTo(40, 20));
  await lab.manager.streams.delete(NAMES.derived);
  await lab.publishLogs(20);
  await service.until('it made the stream anew', (seen) => {
    return seen.value(LOGS) === 60 && seen.value(DERIVED) === 0;
  });
  expect(await lab.lines()).toEqual(upTo(60, 40));
  expect(await service.stop()).toBe(0);
  expect(service.log()).toContain('derived records are stored again');
  // Without a marker the checkpoint says how far records are.
  await lab.manager.streams.delete(NAMES.derived);
  const again = await lab.serve(state);
  await again.until('it is up to date', (seen) => seen.value('spikescope_catching_up') === 0);
  await lab.publishLogs(20);
  await again.until('the last are stored', (seen) => {
    return seen.value(LOGS) === 80 && seen.value(DERIVED) === 0;
  });
  expect(await lab.lines()).toEqual(upTo(80, 60));
  expect(await again.stop()).toBe(0);
});

test('a derived stream that takes nothing stops the reading, and not for ever', async () => {
  const lab = await StreamLab.open();
  const bytesMax = 400_000;
  const bounded = `waiting_bytes_max: ${bytesMax}, commit_interval`;
  const service = await lab.serve(undefined, QUICK.replace('commit_interval', bounded));
  await lab.publishPower(10);
  await until('they are stored', async () => (await lab.joules()).length === 10);
  const { config } = await lab.manager.streams.info(NAMES.derived);
  await lab.manager.streams.update(NAMES.derived, { ...config, max_bytes: 1, discard: 'new' });
  await lab.publishPower(6000);
  const lag = 'spikescope_stream_lag_messages';
  const bytes = 'spikescope_queue_bytes{queue="derived"}';
  let before = Number.NaN;
  const held = await service.until('it has stopped reading', (seen) => {
    const isStill = seen.value(POWER) === before && (seen.value(lag) ?? 0) > 0;
    before = seen.value(POWER) ?? Number.NaN;
    return isStill && (seen.value(bytes) ?? 0) > bytesMax / 2;
  });
  expect(held.value(POWER)).toBeLessThan(6010);
  // What was asked for when it was full still comes: no more than the window of the reader.
  const recordBytes = (held.value(bytes) ?? 0) / (held.value(DERIVED) ?? 1);
  expect(held.value(bytes)).toBeLessThan(bytesMax / 2 + 2100 * recordBytes);
  await service.logged("can't store derived records now: ");
  await lab.manager.streams.update(NAMES.derived, config);
  await service.until('all of it is through', (seen) => {
    return seen.value(POWER) === 6010 && seen.value(DERIVED) === 0;
  });
  expect(await lab.joules()).toEqual(upTo(6010));
  expect(await service.stop()).toBe(0);
});

test('a store of documents that is away holds up documents and nothing else', async () => {
  const lab = await StreamLab.open();
  const documents = `{ store: elasticsearch, elasticsearch: { url: "http://127.0.0.1:9" },
  queue: { documents: 100 } }`;
  const service = await lab.serve(undefined, QUICK.replace('{ store: none }', documents));
  await lab.publishLogs(500);
  const seen = await service.until('all is derived', (metrics) => {
    return metrics.value(LOGS) === 500 && metrics.value(DERIVED) === 0;
  });
  await until('it is stored', async () => (await lab.lines()).length === 500);
  expect(seen.value('spikescope_stream_lag_messages')).toBe(0);
  // That they wait is known before the store was tried.
  const waiting = await service.until('some wait, and the store is known to be away', (metrics) => {
    const depth = metrics.value('spikescope_queue_depth{queue="documents"}') ?? 0;
    return depth > 0 && metrics.value('spikescope_document_store_up') === 0;
  });
  expect(waiting.value('spikescope_queue_depth{queue="documents"}')).toBeLessThanOrEqual(100);
  expect(waiting.sum('spikescope_dropped_total', 'sink="documents"')).toBe(0);
  await service.until('checkpoints go on', (metrics) => {
    return metrics.sum('spikescope_checkpoints_total', 'outcome="written"') > 0;
  });
  expect(await service.stop()).toBe(0);
});

test('a pipeline with another window begins afresh and says so, all others go on', async () => {
  const lab = await StreamLab.open();
  const state = stateFolder();
  const first = await lab.serve(state);
  await lab.publishPower(4);
  await first.until('three joules', (seen) => seen.value(JOULES) === 3);
  expect(await first.stop()).toBe(0);
  const changed = `${QUICK}\npipelines: { spike-rate: { window: 500ms } }\n`;
  const second = await lab.serve(state, changed);
  await second.until('it is up to date', (seen) => seen.value(JOULES) === 3);
  await lab.publishPower(1);
  // The fourth joule lies between a sample of before and one of now.
  await second.until('four joules', (seen) => seen.value(JOULES) === 4);
  expect(await second.stop()).toBe(0);
  const said = second.log().match(/pipeline [\w-]+ (was changed|is new|is gone)[^"]*/g);
  expect(said).toEqual(['pipeline spike-rate was changed: it begins with nothing seen']);
  expect(await lab.joules()).toEqual([0, 1, 2, 3, 4]);
});
