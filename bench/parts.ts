import { anomaliesCost } from './parts/anomalies-cost.ts';
import { checkpointHold, checkpoints } from './parts/checkpoints.ts';
import { checkpointsNats } from './parts/checkpoints-nats.ts';
import { detect } from './parts/detect.ts';
import { documents } from './parts/documents.ts';
import { documentsAlike } from './parts/documents-alike.ts';
import { documentsKept } from './parts/documents-kept.ts';
import { documentsSqlite } from './parts/documents-sqlite.ts';
import { elephant } from './parts/elephant.ts';
import { emitterCost } from './parts/emitter.ts';
import { faultsEval } from './parts/faults-eval.ts';
import { flame } from './parts/flame.ts';
import { growth } from './parts/growth.ts';
import { health } from './parts/health.ts';
import { htmlReport } from './parts/html-report.ts';
import { jetStream } from './parts/jetstream.ts';
import { json } from './parts/json.ts';
import { latency } from './parts/latency.ts';
import { malformed } from './parts/malformed.ts';
import { memory } from './parts/memory.ts';
import { nab } from './parts/nab.ts';
import { natsLoad } from './parts/nats-load.ts';
import { page } from './parts/page.ts';
import { pageTab } from './parts/page-tab.ts';
import { quick } from './parts/quick.ts';
import { recovery } from './parts/recovery.ts';
import { replicas } from './parts/replicas.ts';
import type { BenchOptions, Row } from './parts/report.ts';
import { scrape } from './parts/scrape.ts';
import { spkReplay } from './parts/spk-replay.ts';
import { syncInterval } from './parts/sync-interval.ts';
import { takeOver, workers } from './parts/workers.ts';

export type Part = (options: BenchOptions) => Promise<readonly Row[]>;

/** What runs where no part is named: the main figures, in about a minute. */
export const QUICK = 'quick';

/** Parts that measure once, whatever number of rounds is asked for. */
export const ONCE: ReadonlySet<string> = new Set([
  ...[QUICK, 'latency', 'flame', 'memory', 'anomalies', 'nab', 'faults-eval', 'malformed'],
  ...['documents-alike', 'documents-kept', 'page-tab', 'elephant'],
]);

/** Parts by name, in the order in which they run. */
export const PARTS: Readonly<Record<string, Part>> = {
  [QUICK]: quick,
  nats: natsLoad,
  json,
  growth,
  latency,
  flame,
  spk: spkReplay,
  scrape,
  'documents-sqlite': documentsSqlite,
  memory,
  health,
  detect,
  anomalies: anomaliesCost,
  nab,
  'faults-eval': faultsEval,
  emitter: emitterCost,
  'sync-interval': syncInterval,
  replicas,
  jetstream: jetStream,
  checkpoints,
  'checkpoint-hold': checkpointHold,
  recovery,
  workers,
  'take-over': takeOver,
  'checkpoints-nats': checkpointsNats,
  documents,
  'documents-alike': documentsAlike,
  'documents-kept': documentsKept,
  page,
  'page-tab': pageTab,
  malformed,
  html: htmlReport,
  elephant,
};
