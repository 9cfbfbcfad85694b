/**
 * npm run bench: the figures of docs/benchmarks.md, each measured beside what it is compared with.
 * Usage: npm run bench -- [PART…] [--rounds N] [--scale X] [--python PATH] [--away 60s] [--nab DIR]
 *   [--faults DIR]
 */
import { parseArgs } from 'node:util';
import { parseDurationUs } from '../src/component/duration.ts';
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
import { health } from './parts/health.ts';
import { htmlReport } from './parts/html-report.ts';
import { jetStream } from './parts/jetstream.ts';
import { malformed } from './parts/malformed.ts';
import { memory } from './parts/memory.ts';
import { nab } from './parts/nab.ts';
import { natsLoad } from './parts/nats-load.ts';
import { page } from './parts/page.ts';
import { pageTab } from './parts/page-tab.ts';
import { recovery } from './parts/recovery.ts';
import { replicas } from './parts/replicas.ts';
import { type BenchOptions, type Row, table } from './parts/report.ts';
import { scrape } from './parts/scrape.ts';
import { spkReplay } from './parts/spk-replay.ts';
import { syncInterval } from './parts/sync-interval.ts';
import { takeOver, workers } from './parts/workers.ts';

/** Parts by name, in the order in which they run. */
const PARTS: Readonly<Record<string, (options: BenchOptions) => Promise<Row[]>>> = {
  nats: natsLoad,
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
/** Parts that run only when they are named: they take long, or need more than the repository. */
const NAMED = [
  'page-tab',
  'documents-alike',
  'documents-kept',
  'malformed',
  'html',
  'elephant',
  'nab',
  'elephant',
  'nab',
  'faults-eval',
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    scale: { type: 'string', default: '1' },
    python: { type: 'string' },
    away: { type: 'string', default: '5s' },
    nab: { type: 'string' },
    faults: { type: 'string' },
  },
});
const options: BenchOptions = {
  rounds: Number(values.rounds),
  scale: Number(values.scale),
  python: values.python,
  nab: values.nab,
  faults: values.faults,
  awaySeconds: (parseDurationUs(values.away) ?? Number.NaN) / 1e6,
};
const unknown = positionals.filter((name) => !(name in PARTS));
if (
  unknown.length > 0 ||
  !(options.rounds >= 1) ||
  !(options.scale > 0) ||
  !(options.awaySeconds > 0)
) {
  const names = Object.keys(PARTS).join(', ');
  process.stderr.write(
    `usage: bench [PART…] [--rounds N] [--scale X] [--away 60s] [--nab DIR] [--faults DIR]\
; parts: ${names}\n`,
  );
  process.exit(2);
}
// Who says where the benchmark lies wants that part.
if (positionals.length === 0 && values.nab !== undefined) positionals.push('nab');
for (const [name, measure] of Object.entries(PARTS)) {
  if (positionals.length === 0 ? NAMED.includes(name) : !positionals.includes(name)) continue;
  const doc = `\n## ${name}\n\n${table(await measure(options))}\n`;
  process.stdout.write(doc);
}
