import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ConfigError } from '../../src/cli/config/config-error.ts';
import { ShownCounters } from '../../src/cli/jetstream/shown-counters.ts';
import { lockState } from '../../src/cli/jetstream/state-lock.ts';
import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';

const SLOT_BYTES = 256 * 1024;

function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spikescope-shown-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A process that counts: its counters, with those that were shown before it. */
function counting(file: string) {
  const store = new MetricStore();
  const of = (name: string, ofProcess: boolean) =>
    store.counter({ name, help: 'h', labels: ['reason'], expires: 'never', ofProcess });
  const disconnects = of('disconnects_total', true);
  const frames = of('frames_total', false);
  const up = store.gauge({ name: 'up', help: 'h', labels: [], expires: 'never', ofProcess: true });
  const shown = new ShownCounters(file, store);
  shown.restore();
  onTestFinished(() => shown.close());
  const values = (name: string) => {
    const family = store.families().find((each) => each.name === name);
    return (family?.shown() ?? []).map((series) => [...series.labels, ...series.values()]);
  };
  return { store, shown, disconnects, frames, up, values };
}

it('counters of the process go on from what was shown; all else is not theirs', () => {
  const file = join(testFolder(), 'state', 'shown-counters');
  const first = counting(file);
  expect(first.values('disconnects_total')).toEqual([]);
  first.disconnects.series('away').add(3);
  first.frames.series('x').add(7);
  first.up.series().set(1);
  first.shown.keep();
  // Not shown, and then killed: nobody knows of it.
  first.disconnects.series('away').add(1);
  const second = counting(file);
  expect(second.values('disconnects_total')).toEqual([['away', 3]]);
  expect([second.values('frames_total'), second.values('up')]).toEqual([[], []]);
  second.disconnects.series('away').add(1);
  second.disconnects.series('slow').add(1);
  second.shown.keep();
  expect(counting(file).values('disconnects_total')).toEqual([
    ['away', 4],
    ['slow', 1],
  ]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it('one of two slots is whole whichever is torn', () => {
  const file = join(testFolder(), 'shown-counters');
  const { disconnects, shown } = counting(file);
  for (let i = 0; i < 5; i++) {
    disconnects.series('away').add(1);
    shown.keep();
  }
  // The fifth is in the second slot, for its generation is odd.
  const whole = readFileSync(file);
  const torn = Buffer.from(whole);
  torn.writeUInt8((torn[SLOT_BYTES + 20] as number) ^ 1, SLOT_BYTES + 20);
  writeFileSync(file, torn);
  const after = counting(file);
  expect(after.values('disconnects_total')).toEqual([['away', 4]]);
  // It goes on in the place of the torn one, and not in that of the one that is whole.
  after.disconnects.series('away').add(5);
  after.shown.keep();
  expect(counting(file).values('disconnects_total')).toEqual([['away', 9]]);
  expect(readFileSync(file).subarray(0, SLOT_BYTES)).toEqual(whole.subarray(0, SLOT_BYTES));
  writeFileSync(file, Buffer.from(whole).fill(0, 0, SLOT_BYTES));
  expect(counting(file).values('disconnects_total')).toEqual([['away', 5]]);
});

it('what can not be read is as none, and is written over', () => {
  const file = join(testFolder(), 'shown-counters');
  for (const bytes of [Buffer.alloc(0), Buffer.from('text'), Buffer.alloc(2 * SLOT_BYTES, 0xff)]) {
    writeFileSync(file, bytes);
    const { values, disconnects, shown } = counting(file);
    expect(values('disconnects_total')).toEqual([]);
    disconnects.series('away').add(2);
    shown.keep();
    expect(counting(file).values('disconnects_total')).toEqual([['away', 2]]);
  }
  truncateSync(file, SLOT_BYTES - 1);
  expect(() => counting(file)).not.toThrow();
});

it('the file has its size from the start, and writes nothing where nothing has changed', () => {
  const file = join(testFolder(), 'shown-counters');
  const { disconnects, shown } = counting(file);
  expect(statSync(file).size).toBe(2 * SLOT_BYTES);
  expect(statSync(file).blocks * 512).toBeGreaterThanOrEqual(2 * SLOT_BYTES);
  disconnects.series('away').add(1);
  shown.keep();
  const before = readFileSync(file);
  shown.keep();
  expect(readFileSync(file)).toEqual(before);
  // More than there is room for is not kept; what was kept stays.
  for (let i = 0; i < 2000; i++) disconnects.series(`${i}${'x'.repeat(200)}`).add(1);
  shown.keep();
  expect(readFileSync(file)).toEqual(before);
});

it('a scrape is answered where there is no place for the file', () => {
  const folder = testFolder();
  writeFileSync(join(folder, 'state'), 'a file');
  const { shown, disconnects, values } = counting(join(folder, 'state', 'shown-counters'));
  disconnects.series('away').add(1);
  shown.keep();
  expect(values('disconnects_total')).toEqual([['away', 1]]);
});

it('a state folder is of one process, and who comes second is told what to do', () => {
  const folder = join(testFolder(), 'state');
  const warnings: string[] = [];
  const log = { warn: (text: string) => warnings.push(text) };
  const lock = lockState(folder, log);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(() => lockState(folder, log)).toThrow(ConfigError);
  expect(() => lockState(folder, log)).toThrow(
    new RegExp(`^state: ${folder} is in use by process ${process.pid} on .*: stop that one, or `),
  );
  lock.release();
  lockState(folder, log).release();
  expect(warnings).toEqual([]);
});

const LOCK = join(import.meta.dirname, '../../src/cli/jetstream/state-lock.ts');

it('a disk without room for a lock keeps nobody from working, and it says so', () => {
  const folder = testFolder();
  const program = `
    const { lockState } = await import(${JSON.stringify(LOCK)});
    const lock = lockState(process.argv[1], { warn: (text) => console.log(text) });
    console.log('held ' + lock.isHeld);`;
  // Its own file system in its own namespace; not a byte is left of it.
  const script = `mount -t tmpfs -o size=64k tmpfs "$1" && (cat /dev/zero > "$1/ballast" || true)
    exec "$0" --input-type=module -e "$2" "$1"`;
  const wrapped = ['--user', '--map-root-user', '--mount', 'bash', '-c', script];
  const { stdout, stderr } = spawnSync('unshare', [...wrapped, process.execPath, folder, program], {
    encoding: 'utf8',
  });
  expect(stderr).toContain('No space left on device');
  expect(stdout).toBe(
    `no room in ${folder}: not even for a lock, so nothing guards it\nheld false\n`,
  );
});
