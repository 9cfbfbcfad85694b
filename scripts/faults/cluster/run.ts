import { setTimeout as sleep } from 'node:timers/promises';
import { randomFrom } from '../../../test/conformance/generate-frames.ts';
import { compareOutcomes, type Difference, type Outcome } from '../compare.ts';
import { comparable } from '../compared.ts';
import { KnownStream } from '../known-stream.ts';
import { compareWithTally } from '../oracle.ts';
import { outcomeOf } from '../outcome.ts';
import { Publisher } from '../publisher.ts';
import { withoutTail } from '../tail.ts';
import { ClusterArena } from './arena.ts';
import { ClusterDeeds } from './deed.ts';
import { handovers, markDifferences, type OwnerMark } from './marks.ts';
import { type ClusterFault, clusterSchedule } from './schedule.ts';
import { overPartitions } from './watch.ts';

export interface ClusterRunOptions {
  readonly seed: number;
  readonly faults: number;
  readonly workers: number;
  readonly servers: number;
  readonly partitions: number;
  readonly messagesPerS: number;
  readonly folder: string;
  readonly said: (text: string) => void;
}

export interface ClusterRunResult {
  readonly faults: ReadonlyMap<ClusterFault, number>;
  readonly seconds: number;
  readonly published: number;
  readonly publishedAgain: number;
  readonly starts: number;
  readonly workers: number;
  readonly stream: KnownStream;
  readonly faulty: Outcome;
  readonly differences: readonly Difference[];
  /** Lines of the workers' logs that tell of ownership, by what they tell. */
  readonly told: ReadonlyMap<string, number>;
  readonly marks: number;
  readonly handovers: number;
  readonly scrapes: number;
}

/** As the configuration has it by default; half of the pauses are longer. */
const LEASE_MS = 3000;
/** Only what hangs is to be ended: the machine may be busy with other work. */
const OWNED_MS_MAX = 300_000;
const SETTLE_MS_MAX = 600_000;
const SCHEDULE_SALT = 0x5eed;

/** Several workers on a cluster under faults, and the same stream without: the difference. */
export async function clusterRun(options: ClusterRunOptions): Promise<ClusterRunResult> {
  const { said } = options;
  const stream = new KnownStream(options.seed, options.partitions > 1 ? options.partitions : 0);
  const { folder, workers, servers, partitions } = options;
  const sizes = { folder, workers, servers, partitions, leaseMs: LEASE_MS };
  const arena = await ClusterArena.open(sizes);
  let clean: ClusterArena | undefined;
  try {
    const chaos = await underFaults(arena, stream, options);
    said('all faults done; waiting until all is counted');
    const faulty = await outcomeIn(arena, options);
    said(`the same ${chaos.published} messages without faults`);
    clean = await arena.again(1);
    clean.start();
    const wanted = await outcomeIn(clean, options);
    const all = [...arena.workers, ...clean.workers].map(({ service }) => service);
    return {
      ...chaos,
      stream,
      starts: arena.workers.reduce((sum, { service }) => sum + service.starts, 0),
      workers: arena.workers.length,
      faulty: faulty.outcome,
      told: toldIn(await arena.logs()),
      marks: faulty.marks.length,
      handovers: handovers(faulty.marks),
      scrapes: arena.watch.samples,
      differences: [
        ...faulty.troubles,
        ...wanted.troubles,
        ...told(
          'ends by itself',
          all.flatMap(({ ownEnds }) => ownEnds),
        ),
        ...told('counters fell', arena.watch.faults),
        ...compareWithTally(overPartitions(faulty.outcome.counters), stream.tally),
        ...markDifferences(faulty.marks, faulty.messages),
        ...compareOutcomes(faulty.outcome, withoutTail(faulty.outcome, wanted.outcome)),
      ],
    };
  } finally {
    await clean?.kill();
    await arena.kill();
    await arena.cluster.stop();
  }
}

type Chaos = Pick<ClusterRunResult, 'faults' | 'seconds' | 'published' | 'publishedAgain'>;

async function underFaults(
  arena: ClusterArena,
  stream: KnownStream,
  { seed, faults: count, messagesPerS, said }: ClusterRunOptions,
): Promise<Chaos> {
  const startMs = performance.now();
  const faults = new Map<ClusterFault, number>();
  const publisher = await Publisher.open(stream, arena.cluster.urls);
  const deeds = new ClusterDeeds(arena);
  const { servers, partitions } = arena.options;
  arena.watch.start();
  arena.start();
  publisher.start(messagesPerS);
  await arena.whenOwned(OWNED_MS_MAX);
  const isPossible = (fault: ClusterFault): boolean => {
    if (fault === 'kill-quorum') return servers > 2;
    // Without partitions one process works, and another one takes all of it over.
    return partitions > 1 || (fault !== 'add-worker' && fault !== 'kill-workers');
  };
  const steps = clusterSchedule(randomFrom(seed ^ SCHEDULE_SALT), {
    ...{ faults: count, leaseMs: arena.options.leaseMs, isPossible },
  });
  let done = 0;
  for (const step of steps) {
    await sleep(step.waitMs);
    const what = await deeds.do(step);
    faults.set(step.fault, (faults.get(step.fault) ?? 0) + 1);
    said(`${++done}/${count} ${step.fault}${what === undefined ? '' : `: ${what}`}`);
  }
  await deeds.over();
  await publisher.finish();
  const seconds = (performance.now() - startMs) / 1000;
  const { stored: published, retries: publishedAgain } = publisher;
  return { faults, seconds, published, publishedAgain };
}

interface Left {
  readonly outcome: Outcome;
  readonly troubles: readonly Difference[];
  readonly marks: readonly OwnerMark[];
  /** Of each partition. */
  readonly messages: ReadonlyMap<string, number>;
}

/** Waits for the end, ends the workers as an operator would, and reads all they left. */
async function outcomeIn(arena: ClusterArena, { said }: ClusterRunOptions): Promise<Left> {
  const missing = await arena.settled(SETTLE_MS_MAX);
  const exposed = await arena.scrapes();
  await arena.watch.stop();
  const badEnds = await arena.stop();
  said(`${arena.workers.length} workers ended`);
  const counters = new Map<string, number>();
  for (const each of exposed) {
    for (const [series, value] of each.counters) {
      counters.set(series, (counters.get(series) ?? 0) + value);
    }
  }
  const outcome = await outcomeOf(arena.cluster.urls, arena.documents, {
    counters: comparable(counters),
    gauges: new Map(),
  });
  const troubles = [
    ...told('waited in vain', missing === undefined ? [] : [missing]),
    ...told('did not end well', badEnds),
  ];
  const { marks, messages } = await arena.marks();
  return { outcome, troubles, marks, messages };
}

function told(what: string, texts: readonly string[]): Difference[] {
  return texts.length === 0 ? [] : [{ what, count: texts.length, examples: texts.slice(0, 10) }];
}

/** How often the logs tell of each, for the report. */
const TELLING: Readonly<Record<string, RegExp>> = {
  'partitions taken': /took (p\d+|join) \(epoch/g,
  'given back': /gave (p\d+|join) back/g,
  'fenced: another had taken it': /was taken over by/g,
  'reading begins anew': /reading .*begins anew/g,
};

function toldIn(logs: string): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(TELLING).map(([what, pattern]) => [what, logs.match(pattern)?.length ?? 0]),
  );
}
