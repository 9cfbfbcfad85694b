import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { FrameLimits } from '../../frames/limits.ts';
import { RecordingFolder } from '../../recordings/recording-folder.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/schema.ts';
import type { OwnTelemetry } from '../own-telemetry.ts';
import { Reports } from '../reports/reports.ts';
import { Replays } from './replays.ts';

export interface ReplayParts {
  readonly version: string;
  readonly config: Config;
  readonly telemetry: OwnTelemetry;
}

/**
 * The live page's recordings, their replays and reports.
 * @throws ConfigError where the folder is none
 */
export function createReplays({ version, config, telemetry }: ReplayParts, limits: FrameLimits) {
  const { http, prefix, metrics, pipelines } = config;
  const { own, log } = telemetry;
  const folder = http.recordings === undefined ? undefined : folderOf(http.recordings);
  const reports = new Reports({
    ...{ folder, version, bytesMax: http.recording_bytes_max },
    refused: () => own.dropped.series('page', 'reports').add(1),
  });
  const replays = new Replays({
    folder,
    replaysMax: http.replays_max,
    bytesMax: http.recording_bytes_max,
    task: {
      ...{ version, prefix, limits, seriesMax: metrics.series_max },
      ...{ traceUrl: http.trace_url, pipelineOptions: pipelines },
    },
    running: (count) => own.pageReplays.series().set(count),
    refused: () => own.dropped.series('page', 'replays').add(1),
    failed: (recording, text) => log.error(`replaying ${recording} failed: ${text}`),
  });
  return { replays, reports };
}

function folderOf(path: string): RecordingFolder {
  const folder = resolve(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) {
    return new RecordingFolder(folder);
  }
  throw new ConfigError(`http.recordings: ${path} is no folder; make it, or name another`);
}
