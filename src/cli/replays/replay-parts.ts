import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { FrameLimits } from '../../frames/limits.ts';
import { RecordingFolder } from '../../recordings/recording-folder.ts';
import type { DocumentStore } from '../../sinks/documents/document-store.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/schema.ts';
import type { OwnTelemetry } from '../own-telemetry.ts';
import { Comparisons } from '../reports/comparisons.ts';
import { PageThread } from '../reports/page-thread.ts';
import { Reports } from '../reports/reports.ts';
import { Replays } from './replays.ts';

export interface ReplayParts {
  readonly version: string;
  readonly config: Config;
  readonly telemetry: OwnTelemetry;
  /** The store of documents; undefined where there is none. */
  readonly documents: DocumentStore | undefined;
}

/**
 * The live page's recordings: their replays, reports and comparisons.
 * @throws ConfigError where the folder is none
 */
export function createReplays(parts: ReplayParts, limits: FrameLimits) {
  const { version, config, telemetry } = parts;
  const { http, prefix, metrics, pipelines } = config;
  const { own, log } = telemetry;
  const folder = http.recordings === undefined ? undefined : folderOf(http.recordings);
  const thread = new PageThread({
    refused: (kind) => own.dropped.series('page', kind).add(1),
  });
  const shared = { folder, version, bytesMax: http.recording_bytes_max, thread };
  const reports = new Reports(shared);
  const { documents, state } = config;
  const comparisons = new Comparisons({
    ...shared,
    documents: parts.documents && { documents, state },
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
  return { replays, reports, comparisons };
}

function folderOf(path: string): RecordingFolder {
  const folder = resolve(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) {
    return new RecordingFolder(folder);
  }
  throw new ConfigError(`http.recordings: ${path} is no folder; make it, or name another`);
}
