import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FrameDecoder } from '../../src/frames/decode.ts';
import { FrameEncoder } from '../../src/frames/encode.ts';
import type { Frame, FrameOfKind } from '../../src/frames/frame.ts';
import type { FrameKind } from '../../src/frames/header.ts';
import { openRecording } from '../../src/recordings/open.ts';
import { analyzePath } from '../analysis/analyze-folder.ts';
import {
  CORE_JOULES,
  POWER,
  writeGlobalProvenance,
  writeProvenance,
} from './provenance-database.ts';
import { differencesFromSql } from './provenance-sql.ts';

const folder = mkdtempSync(join(tmpdir(), 'provenance-'));
const files = { old: join(folder, 'old.sqlite3'), current: join(folder, 'run_1', 'data.sqlite3') };

beforeAll(() => {
  mkdirSync(join(folder, 'run_1'));
  writeProvenance(files.old, 'old');
  writeProvenance(files.current, 'current');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function read(path: string) {
  const recording = await openRecording(path);
  const frames: Frame[] = [];
  for await (const frame of recording.frames(100_000)) frames.push(frame);
  return { recording, frames };
}

function ofKind<Kind extends FrameKind>(frames: readonly Frame[], kind: Kind) {
  return frames.filter((frame) => frame.kind === kind) as FrameOfKind[Kind][];
}

const stated = new Map(POWER);

describe.each(['old', 'current'] as const)('a provenance database of the %s schema', (schema) => {
  it('has the total energy of its report, by phase, over the times of its phases', async () => {
    const { analysis } = await analyzePath(files[schema], {
      windowUs: 1_000_000,
      listsWindows: false,
      frameSpanUs: 100_000,
    });
    const machine = analysis.power['spinnaker/machine'];
    const parts = [...stated].filter(([name]) => {
      return name.endsWith('energy (Joules)') && !/^(Total|Fpga_exec)/.test(name);
    });
    const sum = parts.reduce((all, [, joules]) => all + joules, 0);
    expect(machine?.energy_joules).toBeCloseTo(sum, 12);
    expect(analysis.duration_us).toBe(72_500_000);
    expect(machine?.mean_watts).toBeCloseTo(sum / 72.5, 12);
    const { frames } = await read(files[schema]);
    const rails = ofKind(frames, 'power').filter(({ rail, chipId }) => {
      return rail !== 'total' && chipId === 'machine';
    });
    const found = new Map(rails.map(({ rail, joules }) => [rail, joules?.[0]]));
    const expected = parts.map(([name, joules]) => [name.split(' ')[0]?.toLowerCase(), joules]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
    expect(ofKind(frames, 'power').every(({ origin }) => origin === 'estimated')).toBe(true);
  });

  it("has each core's, router's and monitor's counters, as SQL counts them", async () => {
    const { frames } = await read(files[schema]);
    expect(differencesFromSql(files[schema], frames)).toEqual([]);
    const [first] = ofKind(frames, 'activity');
    expect([...(first?.counters.keys() ?? [])]).toEqual([
      'timer_overruns',
      'syn_ops',
      'dmas_that_were_completed',
      'spikes_in',
      'times_the_input_buffer_lost_packets',
    ]);
  });

  it('says how busy cores were, of which layer they are, and that it is estimated', async () => {
    const { recording, frames } = await read(files[schema]);
    const [first, second] = ofKind(frames, 'cores');
    expect(first?.coreId).toEqual(Uint32Array.of(4));
    const percent = (100 * CORE_JOULES) / ((0.64 / 18) * 3);
    expect(first?.utilizationPercent[0]).toBeCloseTo(percent, 4);
    expect([first?.layerNames, second?.layerNames]).toEqual([['chain_0'], ['chain_1']]);
    expect(recording.notes.remarks.join()).toMatch(
      /How busy each core was is estimated.*3 s of run/,
    );
  });

  it('says of each chip how it is: degraded, and why', async () => {
    const { frames } = await read(files[schema]);
    const health = ofKind(frames, 'health').map(({ chipId, status, text }) => [
      chipId,
      status,
      text,
    ]);
    expect(health).toEqual([
      ['0-0', 'degraded', 'times the timer tic over ran: 3'],
      [
        '1-0',
        'degraded',
        'times the timer tic over ran: 4; times the input buffer lost packets: 1; dropped \
multicast packets: 7',
      ],
    ]);
  });

  it('makes frames that the wire takes, in order of time and not too long', async () => {
    const { recording, frames } = await read(files[schema]);
    let before = 0;
    for (const frame of frames) {
      expect(frame.t0Us).toBeGreaterThanOrEqual(before);
      before = frame.t0Us;
      expect(frame.t0Us + frame.spanUs).toBeLessThanOrEqual(recording.info.durationUs);
      expect(new FrameDecoder().decode(new FrameEncoder().encode(frame)).kind).toBe(frame.kind);
    }
    // Loading took 65 s.
    expect(Math.max(...frames.map(({ spanUs }) => spanUs))).toBe(60_000_000);
  });
});

it('takes timers of old for what they are: fractions of seconds', async () => {
  const { recording, frames } = await read(files.old);
  expect(recording.notes.remarks.join()).toMatch(/fraction of a second only/);
  const machine = ofKind(frames, 'activity').find(({ chipId }) => chipId === 'machine');
  expect(machine?.counters.get('timer_fraction_us_loading')?.[0]).toBe(999_500);
});

it('finds the timers of the session beside the folder of the run', async () => {
  writeGlobalProvenance(join(folder, 'global_provenance.sqlite3'));
  const { frames } = await read(files.current);
  const machine = ofKind(frames, 'activity').find(({ chipId }) => chipId === 'machine');
  expect(machine?.counters.get('timer_us_loading')?.[0]).toBe(65_000_000);
  const { recording } = await read(join(folder, 'global_provenance.sqlite3'));
  expect(recording.info.durationUs).toBe(71_250_000);
});

it('is read by a meta.json that names it, and left out beside samples', async () => {
  const meta = { name: 'a run', telemetry: [{ path: 'data.sqlite3', format: FORMAT }] };
  writeFileSync(join(folder, 'run_1', 'meta.json'), JSON.stringify(meta));
  const { recording } = await read(join(folder, 'run_1'));
  expect([recording.info.name, recording.info.format]).toEqual(['a run', FORMAT]);
  const samples = { path: 's.csv', format: 'csv' };
  writeFileSync(join(folder, 'run_1', 's.csv'), 'time_ms,neuron\n1,0\n');
  writeFileSync(join(folder, 'run_1', 'meta.json'), JSON.stringify({ ...meta, spikes: [samples] }));
  const both = await read(join(folder, 'run_1'));
  expect(both.recording.notes.remarks.join()).toMatch(/data\.sqlite3 is left out/);
  expect(ofKind(both.frames, 'spikes').length).toBeGreaterThan(0);
});

const FORMAT = 'spinnaker-provenance-sqlite';

it('says what is wrong with a file that is cut off', async () => {
  const path = join(folder, 'cut.sqlite3');
  writeFileSync(path, Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(200, 7)]));
  await expect(openRecording(path)).rejects.toThrow(/cut\.sqlite3: can't be read as a provenance/);
});
