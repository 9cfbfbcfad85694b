import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ElasticsearchServer } from '../../test/integration/elasticsearch.ts';
import { Arena } from './arena.ts';
import { type ChaosTally, chaos } from './chaos.ts';
import { compareOutcomes, type Difference, type Outcome } from './compare.ts';
import { elasticsearchDocuments, sqliteDocuments } from './document-server.ts';
import { KnownStream } from './known-stream.ts';
import { compareWithTally } from './oracle.ts';
import { outcomeOf } from './outcome.ts';
import { withoutTail } from './tail.ts';

export interface FaultRunOptions {
  readonly seed: number;
  readonly kills: number;
  readonly store: 'sqlite' | 'elasticsearch';
  readonly messagesPerS: number;
  /** Where all of it is kept; removed afterwards where nothing differs. */
  readonly folder: string;
  readonly delivery: string;
  /** Further settings of the service in both runs. */
  readonly settings: object;
  readonly said: (text: string) => void;
}

export interface FaultRunResult {
  readonly chaos: ChaosTally;
  readonly stream: KnownStream;
  readonly faulty: Outcome;
  readonly differences: readonly Difference[];
  readonly starts: number;
  readonly samples: number;
  readonly samplesCatchingUp: number;
  /** Why a disk could not be filled; undefined where it could. */
  readonly noDisk: string | undefined;
}

/** Until what is under way after the last fault is done: only what hangs is to be ended. */
const SETTLE_MS_MAX = 600_000;

/** A run under faults, and one of the same stream without: how they differ. */
export async function faultRun(options: FaultRunOptions): Promise<FaultRunResult> {
  const { seed, said } = options;
  const stream = new KnownStream(seed);
  const under = await openArena(options, 'under-faults');
  let clean: Arena | undefined;
  try {
    const tally = await chaos(under.arena, stream, options);
    said('all faults done; waiting until all is counted');
    const faulty = await outcomeIn(under.arena, options);
    await under.arena.nats.kill('SIGTERM');
    said(`the same ${tally.stored} messages without faults`);
    clean = (await openArena(options, 'without-faults', under)).arena;
    clean.watch.start();
    clean.service.start();
    const wanted = await outcomeIn(clean, options);
    const { watch, service, disk } = under.arena;
    return {
      ...{ chaos: tally, stream, faulty: faulty.outcome, starts: service.starts },
      ...{ samples: watch.samples, samplesCatchingUp: watch.samplesCatchingUp },
      noDisk: disk.refusal,
      differences: [
        ...faulty.troubles,
        ...wanted.troubles,
        ...told('counters fell', watch.faults),
        ...told('ends by itself', [...service.ownEnds, ...clean.service.ownEnds]),
        ...compareWithTally(faulty.outcome.counters, stream.tally),
        ...compareOutcomes(faulty.outcome, withoutTail(faulty.outcome, wanted.outcome)),
      ],
    };
  } finally {
    await clean?.close();
    await under.arena.close();
  }
}

interface Opened {
  readonly arena: Arena;
  readonly server: ElasticsearchServer | undefined;
}

async function openArena(
  { folder, store, delivery, settings }: FaultRunOptions,
  name: string,
  other?: Opened,
): Promise<Opened> {
  const own = join(folder, name);
  await rm(own, { recursive: true, force: true });
  const stored = join(own, 'documents');
  const elasticsearch =
    store === 'elasticsearch'
      ? await elasticsearchDocuments(stored, `${name}-`, other?.server)
      : undefined;
  const documents = elasticsearch ?? (await sqliteDocuments(stored));
  const options = { folder: own, delivery, documents, settings };
  const arena =
    other === undefined
      ? await Arena.open(options)
      : await Arena.withStreamOf(other.arena, options);
  return { arena, server: elasticsearch?.server };
}

/** Waits for the end, ends the service as an operator would, and reads all it left. */
async function outcomeIn(
  arena: Arena,
  { said }: FaultRunOptions,
): Promise<{ readonly outcome: Outcome; readonly troubles: readonly Difference[] }> {
  const missing = await arena.settled(SETTLE_MS_MAX);
  const exposed = (await arena.watch.scrape()) ?? { counters: new Map(), gauges: new Map() };
  await arena.watch.stop();
  const how = await arena.service.stop();
  said(`the service ended with ${how}`);
  const troubles = [
    ...told('waited in vain', missing === undefined ? [] : [missing]),
    ...told('did not end well', how === '0' ? [] : [how]),
  ];
  return { outcome: await outcomeOf(arena.nats.url, arena.documents, exposed), troubles };
}

function told(what: string, texts: readonly string[]): Difference[] {
  return texts.length === 0 ? [] : [{ what, count: texts.length, examples: texts.slice(0, 10) }];
}
