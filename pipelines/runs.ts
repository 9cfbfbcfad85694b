import { z } from 'zod';
import type { DerivedRecord } from '../src/component/derived-record.ts';
import { duration } from '../src/component/duration.ts';
import type { WriteLog } from '../src/component/log-event.ts';
import { definePipeline } from '../src/component/pipeline.ts';
import { FRAME_KINDS } from '../src/frames/header.ts';
import { joinRuns } from '../src/operators/join-runs.ts';
import { isOpened, type RunEvent, type RunRecord, trackRuns } from '../src/operators/track-runs.ts';

export default definePipeline({
  name: 'runs',
  summary: 'What each run did, over all its chips and kinds of frames, told when it has ended.',
  reads: FRAME_KINDS,
  takesJoined: true,
  options: z.strictObject({
    idle: duration(1_000_000, 24 * 3_600_000_000)
      .prefault('10m')
      .describe('A chip that sends nothing of a run for so long, by its frames, has left it.'),
    open_max: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(1024)
      .describe('Runs that have not ended and are followed.'),
    chips_max: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(4096)
      .describe('Chips with runs that are remembered.'),
  }),
  through: ({ options, configHash, isPart, state, count }) =>
    trackRuns(
      {
        tellsOpened: isPart,
        idleUs: options.idle,
        openMax: options.open_max,
        chipsMax: options.chips_max,
        configHash,
      },
      state('runs'),
      count,
    ),
  derived: recordOf,
  log: { levelMax: 'INFO', write: writeLog },
  join: {
    records: ['run-open-part', 'run-part'],
    replaces: true,
    through: ({ configHash, state, count }) =>
      joinRuns({ configHash, openMax: JOINED_MAX }, state('runs'), count),
    derived: recordOf,
    log: { levelMax: 'INFO', write: writeLog },
  },
});

/** Runs on chips of several workers that have not ended. */
const JOINED_MAX = 4096;

function recordOf(run: RunEvent): DerivedRecord {
  if (isOpened(run)) {
    const { runId, t0Us } = run;
    return { record: 'run-open', key: [runId], t0Us, spanUs: 0, fields: { run_id: runId } };
  }
  return {
    record: 'run',
    key: [run.runId],
    t0Us: run.t0Us,
    spanUs: run.t1Us - run.t0Us,
    fields: {
      run_id: run.runId,
      hardware: run.hardware.join(','),
      chips: run.chips,
      model: run.model,
      config_hash: run.configHash,
      frames: run.frames,
      spikes: run.spikes,
      energy_joules: run.energyJoules,
      frames_lost: run.framesLost,
      is_complete: isComplete(run),
      ended_by: run.endedBy,
    },
  };
}

/** Undefined where frames were not numbered, so that nobody knows. */
function isComplete({ framesLost }: RunRecord): boolean | undefined {
  return framesLost === undefined ? undefined : framesLost === 0;
}

function writeLog(run: RunEvent, log: WriteLog): void {
  if (isOpened(run)) return;
  const seconds = (run.t1Us - run.t0Us) / 1e6;
  const lost = run.framesLost === undefined ? 'an unknown number' : run.framesLost;
  log({
    level: 'INFO',
    logger: 'spikeformer',
    timeUs: run.t1Us,
    eventType: 'run_finished',
    message: `run ${run.runId}: ${run.frames} frames in ${seconds} s, ${lost} lost`,
    fields: { run_id: run.runId, spike_count: run.spikes, duration_seconds: seconds },
  });
}
