import { z } from 'zod';
import { duration } from '../src/component/duration.ts';
import type { WriteLog } from '../src/component/log-event.ts';
import { definePipeline } from '../src/component/pipeline.ts';
import { FRAME_KINDS } from '../src/frames/header.ts';
import { type RunRecord, trackRuns } from '../src/operators/track-runs.ts';

export default definePipeline({
  name: 'runs',
  summary: 'What each run did, over all its chips and kinds of frames, told when it has ended.',
  reads: FRAME_KINDS,
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
  through: ({ options, configHash, state, count }) =>
    trackRuns(
      {
        idleUs: options.idle,
        openMax: options.open_max,
        chipsMax: options.chips_max,
        configHash,
      },
      state('runs'),
      count,
    ),
  derived: (run) => ({
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
  }),
  log: { levelMax: 'INFO', write: writeLog },
});

/** Undefined where frames were not numbered, so that nobody knows. */
function isComplete({ framesLost }: RunRecord): boolean | undefined {
  return framesLost === undefined ? undefined : framesLost === 0;
}

function writeLog(run: RunRecord, log: WriteLog): void {
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
