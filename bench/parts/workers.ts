import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Service, startService, sumOf } from './consumer.ts';
import { PreloadedServer } from './preloaded.ts';
import { type BenchOptions, median, type Row } from './report.ts';
import { spikeStream } from './spike-stream.ts';

const PARTITIONS = 16;
/** As many neurons as usual, on so many chips that each partition has some. */
const SHAPE = { chips: 64, layers: 4, neurons: 1024 };
const SPIKES_PER_FRAME = 4096;
const MESSAGES = 120_000;
const WARM_UP = 0.1;
/** Each look is a scrape of all that a worker shows, on the cores that are measured. */
const LOOK_MS = 250;
const POLL_MS = 20;
const UP_MS_MAX = 120_000;
const TTLS_S = [2, 5];
/** Frames a second while a worker is killed: small ones, so that it is the take-over that takes. */
const LIVE_PER_S = 400;
const LIVE_SPIKES = 256;
const LIVE_S = 4;

const streamOf = (spikesPerFrame: number) =>
  spikeStream({ ...SHAPE, spikesPerFrame, encoding: 'msgpack' });

/** Services on one stream, each with a folder of its own; all go together. */
class Crew {
  readonly services: Service[] = [];
  private added = 0;
  private readonly folder = mkdtempSync(join(tmpdir(), 'spikescope-bench-workers-'));
  private readonly port: number;
  private readonly env: Readonly<Record<string, string>>;

  constructor(port: number, env: Readonly<Record<string, string>>) {
    this.port = port;
    this.env = { SPIKESCOPE_DOCUMENTS_STORE: 'none', ...env };
  }

  async add(): Promise<Service> {
    const state = join(this.folder, String(this.added++));
    const flags = ['--delivery', 'jetstream', '--state', state];
    const service = await startService(this.port, flags, { env: this.env, state });
    this.services.push(service);
    return service;
  }

  async sum(metric: string): Promise<number> {
    const texts = await Promise.all(this.services.map((service) => service.text()));
    return texts.reduce((sum, text) => sum + sumOf(text, metric), 0);
  }

  async stop(): Promise<void> {
    await Promise.all(this.services.map((service) => service.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function until(isSo: () => Promise<boolean>, pollMs = POLL_MS): Promise<void> {
  const deadlineMs = performance.now() + UP_MS_MAX;
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) throw new Error('the workers do not get there');
    await sleep(pollMs);
  }
}

interface Speed {
  readonly framesPerS: number;
  readonly cpuUsPerFrame: number;
}

/**
 * How fast a preloaded stream is gone through: by one process that has all of it, and by 1, 2 and
 * 4 workers that share 16 partitions. nats-server is on the same cores.
 */
export async function workers({ rounds, scale }: BenchOptions): Promise<Row[]> {
  const messages = Math.round(MESSAGES * scale);
  const rows: Row[] = [];
  for (const [partitions, count] of [
    [1, 1],
    [PARTITIONS, 1],
    [PARTITIONS, 2],
    [PARTITIONS, 4],
  ] as const) {
    const preloaded = await PreloadedServer.start(partitions);
    await preloaded.load(streamOf(SPIKES_PER_FRAME), messages);
    const speeds: Speed[] = [];
    for (let round = 0; round < rounds; round++) {
      speeds.push(await speedOf(preloaded, partitions, count, messages));
      await preloaded.forgetDerived();
    }
    await preloaded.stop();
    const framesPerS = median(speeds.map((each) => each.framesPerS));
    rows.push({
      partitions,
      workers: count,
      'frames per s': Math.round(framesPerS),
      'spikes per s': Math.round(framesPerS * SPIKES_PER_FRAME),
      'CPU of the workers a frame, µs': median(speeds.map((each) => each.cpuUsPerFrame)).toFixed(1),
    });
  }
  return rows;
}

async function speedOf(
  { server }: PreloadedServer,
  partitions: number,
  count: number,
  messages: number,
): Promise<Speed> {
  const crew = new Crew(server.port, { SPIKESCOPE_STREAMS_PARTITIONS: String(partitions) });
  try {
    await Promise.all(Array.from({ length: count }, () => crew.add()));
    const looks: Look[] = [];
    await until(async () => {
      const look = await lookAt(crew, partitions);
      // What each has read is told once a second.
      if (look.isReading && look.left < messages * (1 - WARM_UP)) looks.push(look);
      return look.isReading && look.left === 0 && looks.length > 0;
    }, LOOK_MS);
    await checkAllCounted(crew, messages);
    const working = looks.filter(({ left }) => left > 0);
    const [began, end] = [working[0], working.at(-1)];
    if (began === undefined || end === undefined || end.left === began.left) {
      throw new Error('it was too fast to be measured: name a larger --scale');
    }
    const frames = began.left - end.left;
    return {
      framesPerS: frames / ((end.atMs - began.atMs) / 1000),
      cpuUsPerFrame: ((end.cpuS - began.cpuS) * 1e6) / frames,
    };
  } finally {
    await crew.stop();
  }
}

/** Partitions of frames: what joins chips is one more. */
function ownedIn(text: string): number {
  return text.match(/^spikescope_partition_epoch\{partition="\d+"/gm)?.length ?? 0;
}

interface Look {
  readonly atMs: number;
  readonly cpuS: number;
  /** All partitions have an owner that reads. */
  readonly isReading: boolean;
  /** Messages that nobody has processed. */
  readonly left: number;
}

async function lookAt(crew: Crew, partitions: number): Promise<Look> {
  const texts = await Promise.all(crew.services.map((service) => service.text()));
  const sum = (metric: string) => texts.reduce((all, text) => all + sumOf(text, metric), 0);
  const isKnown = texts.every((text) => text.includes('\nspikescope_stream_lag_messages '));
  const isShared =
    partitions === 1 || texts.reduce((all, text) => all + ownedIn(text), 0) === partitions;
  return {
    atMs: performance.now(),
    cpuS: crew.services.reduce((all, service) => all + service.cpuS(), 0),
    isReading: isKnown && isShared,
    left: sum('spikescope_stream_lag_messages'),
  };
}

/** A rate would mean nothing if frames were missing or counted twice. */
async function checkAllCounted(crew: Crew, messages: number): Promise<void> {
  await until(async () => (await crew.sum('spikescope_frames_total')) >= messages);
  const frames = await crew.sum('spikescope_frames_total');
  if (frames !== messages) throw new Error(`${frames} frames counted of ${messages}`);
}

interface TakeOver {
  readonly ownedS: number;
  readonly upToDateS: number;
}

/**
 * Two workers share a stream that frames go on coming to, and one of them is killed with -9, or
 * told to end: how long until the other has all partitions, and until it has counted all frames.
 */
export async function takeOver({ rounds, scale }: BenchOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for (const ttlS of TTLS_S) {
    for (const how of ['SIGKILL', 'SIGTERM'] as const) {
      const list: TakeOver[] = [];
      for (let round = 0; round < rounds; round++) list.push(await takenOver(ttlS, how, scale));
      const all = (of: (each: TakeOver) => number) => list.map(of);
      rows.push({
        'ttl, s': ttlS,
        'one of two workers gets': how,
        'the other has all 16 partitions after, s': median(all(({ ownedS }) => ownedS)).toFixed(2),
        'and is up to date after, s': median(all(({ upToDateS }) => upToDateS)).toFixed(2),
        'largest, s': Math.max(...all(({ upToDateS }) => upToDateS)).toFixed(2),
      });
    }
  }
  return rows;
}

async function takenOver(
  ttlS: number,
  how: 'SIGKILL' | 'SIGTERM',
  scale: number,
): Promise<TakeOver> {
  const preloaded = await PreloadedServer.start(PARTITIONS);
  const crew = new Crew(preloaded.server.port, {
    SPIKESCOPE_STREAMS_PARTITIONS: String(PARTITIONS),
    SPIKESCOPE_WORKERS_TTL: `${ttlS}s`,
  });
  const stream = streamOf(LIVE_SPIKES);
  let published = 0;
  const load = async (seconds: number) => {
    const messages = Math.round(LIVE_PER_S * seconds * scale);
    published += messages;
    await preloaded.load(stream, messages, LIVE_PER_S * scale);
  };
  try {
    const [first, second] = [await crew.add(), await crew.add()];
    const owns = async (service: Service, count: number) => {
      return ownedIn(await service.text()) === count;
    };
    await until(async () => (await owns(first, 8)) && (await owns(second, 8)));
    await load(LIVE_S);
    const goingOn = load(LIVE_S + 2 * ttlS);
    await sleep(LIVE_S * 250);
    const beganMs = performance.now();
    crew.services.shift();
    const gone = how === 'SIGKILL' ? first.kill() : first.stop();
    await until(() => owns(second, PARTITIONS));
    const ownedS = (performance.now() - beganMs) / 1000;
    await until(async () => {
      return /^spikescope_catching_up 0$/m.test(await second.text());
    });
    const upToDateS = (performance.now() - beganMs) / 1000;
    await Promise.all([gone, goingOn]);
    // What the service finds itself is in the stream as well, and is no frame of a chip.
    await checkAllCounted(crew, published);
    return { ownedS, upToDateS };
  } finally {
    await crew.stop();
    await preloaded.stop();
  }
}
