import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { type AnyPipeline, kindsRead } from '../../src/component/pipeline.ts';
import type { Snapshot } from '../../src/component/state.ts';
import type { Frame } from '../../src/frames/frame.ts';

import { PipelineRun } from '../../src/topology/pipeline-run.ts';
import { StateRegistry } from '../../src/topology/state-registry.ts';
import { everySink } from './every-sink.ts';
import { framesOfKinds } from './generate-frames.ts';
import { nullMetrics } from './null-metrics.ts';

/** Every pipeline passes the same suite: adding one adds nothing here. */
const FOLDER = join(import.meta.dirname, '../../pipelines');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'));

const pipelines = await Promise.all(
  FILES.map(async (file) => {
    const { default: pipeline } = (await import(join(FOLDER, file))) as { default: AnyPipeline };
    return { file, pipeline };
  }),
);

/** One pipeline running alone, with all that comes out of it. */
function start(pipeline: AnyPipeline, kept?: Record<string, Snapshot>) {
  const states = new StateRegistry();
  const outcome = {
    records: [] as unknown[],
    events: new Map<string, number>(),
    failures: [] as unknown[],
  };
  const run = new PipelineRun({
    pipelines: [pipeline],
    options: new Map([[pipeline.name, pipeline.options.parse({})]]),
    define: nullMetrics(),
    states,
    count: (event, count) => {
      outcome.events.set(event, (outcome.events.get(event) ?? 0) + count);
    },
    sinks: everySink(),
    onRecord: (_, record) => outcome.records.push(deserialize(serialize(record))),
    onFailure: (_, error) => outcome.failures.push(error),
  });
  if (kept !== undefined) expect(states.restore(kept)).toEqual([]);
  return { run, states, outcome };
}

function mergedEvents(...parts: readonly Map<string, number>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const part of parts) {
    for (const [event, count] of part) sum[event] = (sum[event] ?? 0) + count;
  }
  return sum;
}

function unbroken(pipeline: AnyPipeline, frames: readonly Frame[]) {
  const { run, outcome } = start(pipeline);
  for (const frame of frames) run.next(frame);
  run.complete();
  return outcome;
}

type Column = Uint32Array | Float32Array | Float64Array;

/** The columns of a frame, those of counters too. */
function columnsOf(frame: Frame): Column[] {
  const counters = frame.kind === 'activity' ? [...frame.counters.values()] : [];
  const columns: unknown[] = [...Object.values(frame), ...counters];
  return columns.filter((value): value is Column => ArrayBuffer.isView(value));
}

describe.each(pipelines)('pipeline $file', ({ file, pipeline }) => {
  const frames = framesOfKinds(kindsRead(pipeline), 11);

  it('is named as its file and says what it does', () => {
    expect(pipeline.name).toBe(basename(file, '.ts'));
    expect(pipeline.summary).toMatch(/^[A-Z].{20,}\.$/);
  });

  it('has options that are all optional, and refuses unknown ones', () => {
    expect(pipeline.options.safeParse({}).success).toBe(true);
    expect(pipeline.options.safeParse({ surely_not_an_option: 1 }).success).toBe(false);
  });

  it('derives records from its input, and ends without failure', () => {
    const outcome = unbroken(pipeline, frames);
    expect(outcome.failures).toEqual([]);
    expect(outcome.records.length).toBeGreaterThan(0);
  });

  it('gives the same after a snapshot and restore at any frame', () => {
    const whole = unbroken(pipeline, frames);
    for (let cut = 0; cut <= frames.length; cut++) {
      const before = start(pipeline);
      for (const frame of frames.slice(0, cut)) before.run.next(frame);
      const kept = deserialize(serialize(before.states.snapshot())) as Record<string, Snapshot>;
      const after = start(pipeline, kept);
      for (const frame of frames.slice(cut)) after.run.next(frame);
      after.run.complete();
      const records = [...before.outcome.records, ...after.outcome.records];
      expect(records, `cut at ${cut}`).toEqual(whole.records);
      const events = mergedEvents(before.outcome.events, after.outcome.events);
      expect(events, `cut at ${cut}`).toEqual(mergedEvents(whole.events));
    }
  });

  it('keeps nothing of a frame beyond its call: the columns are written over', () => {
    const whole = unbroken(pipeline, frames);
    const { run, outcome } = start(pipeline);
    for (const frame of frames) {
      const lent = structuredClone(frame);
      run.next(lent);
      for (const column of columnsOf(lent)) column.fill(1);
    }
    run.complete();
    expect(outcome.records).toEqual(whole.records);
  });

  it('gives snapshots that share no memory with the state', () => {
    const { run, states } = start(pipeline);
    for (const frame of frames.slice(0, 60)) run.next(frame);
    const taken = states.snapshot();
    const copy = deserialize(serialize(taken)) as unknown;
    for (const frame of frames.slice(60)) run.next(frame);
    expect(taken).toEqual(copy);
  });
});
