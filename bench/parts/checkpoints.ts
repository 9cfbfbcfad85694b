import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Service, startService, sumOf } from './consumer.ts';
import { PreloadedServer, watchReading } from './preloaded.ts';
import { startProber } from './prober.ts';
import { type BenchOptions, median, type Row } from './report.ts';
import { type SpikeStream, spikeStream, USUAL_SHAPE } from './spike-stream.ts';

const SPIKES_PER_FRAME = 4096;
/** Messages for a good ten seconds of work. */
const MESSAGES = 120_000;
const WARM_UP = 0.1;
const DEFAULT_S = 5;
/** As often as they may be: what one costs shows, however busy the machine is. */
const OFTEN_S = 0.1;
/** As seldom as they may be: none in a run. */
const NEVER_S = 3600;

/** 1,048,576 neurons in 256 parts. */
const LARGE_SHAPE = { ...USUAL_SHAPE, chips: 16 };
const LARGE_RATE_HZ = 2;
const HELD_S = 20;

/**
 * What checkpoints cost: CPU of the service on a preloaded stream with them and without, in turns.
 * By default there are few in a run, so the same is measured with one every 100 ms, of which a
 * fiftieth is what the default costs.
 */
export async function checkpoints({ rounds, scale }: BenchOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for (const shape of [USUAL_SHAPE, LARGE_SHAPE]) {
    const messages = Math.round(MESSAGES * scale);
    const preloaded = await PreloadedServer.start();
    await preloaded.load(
      spikeStream({ ...shape, spikesPerFrame: SPIKES_PER_FRAME, encoding: 'msgpack' }),
      messages,
    );
    const never: Cost[] = [];
    const usual: Cost[] = [];
    const often: Cost[] = [];
    for (let round = 0; round < rounds; round++) {
      never.push(await cost(preloaded, messages, NEVER_S));
      usual.push(await cost(preloaded, messages, DEFAULT_S));
      often.push(await cost(preloaded, messages, OFTEN_S));
    }
    await preloaded.stop();
    rows.push(costRow(shape.chips * shape.layers * shape.neurons, never, usual, often));
  }
  return rows;
}

interface Cost {
  readonly cpuUsPerMessage: number;
  /** CPU per second of wall time. */
  readonly share: number;
  readonly bytes: number;
}

async function cost(preloaded: PreloadedServer, messages: number, everyS: number): Promise<Cost> {
  await preloaded.forgetDerived();
  const service = await startService(preloaded.server.port, ['--delivery', 'jetstream'], {
    env: { SPIKESCOPE_CHECKPOINTS_INTERVAL: `${everyS}s` },
  });
  try {
    const {
      cpuS,
      wallS,
      messages: read,
    } = await watchReading(service, messages, messages * WARM_UP);
    const bytes = sumOf(await service.text(), 'spikescope_checkpoint_bytes');
    return { cpuUsPerMessage: (cpuS / read) * 1e6, share: cpuS / wallS, bytes };
  } finally {
    await service.stop();
  }
}

function costRow(
  neurons: number,
  never: readonly Cost[],
  usual: readonly Cost[],
  often: readonly Cost[],
): Row {
  const more = (list: readonly Cost[]) =>
    list.map((each, i) => each.cpuUsPerMessage / (never[i] as Cost).cpuUsPerMessage - 1);
  const percent = (list: readonly number[]) => {
    const [low, middle, high] = [Math.min(...list), median(list), Math.max(...list)];
    return [middle, low, high].map((value) => (value * 100).toFixed(1)) as [string, string, string];
  };
  const shown = ([middle, low, high]: [string, string, string]) => `${middle} (${low} to ${high})`;
  return {
    neurons,
    'µs CPU a frame, none': median(never.map((each) => each.cpuUsPerMessage)).toFixed(1),
    'every 5 s, % more': shown(percent(more(usual))),
    'every 100 ms, % more': shown(percent(more(often))),
    'a fiftieth of that, %': ((median(more(often)) * 100 * OFTEN_S) / DEFAULT_S).toFixed(2),
    'checkpoint, MB': (median(often.map((each) => each.bytes)) / 1e6).toFixed(1),
  };
}

/**
 * How long a checkpoint of a million neurons holds the event loop: by the service's own metric, by
 * a process of its own that asks for /health every 2 ms, and by the CPU that the main thread uses
 * between two ticks of a timer; without checkpoints and with one every second, in turns, while
 * frames come in time.
 */
export async function checkpointHold({ rounds, scale }: BenchOptions): Promise<Row[]> {
  const shape = { ...LARGE_SHAPE, spikesPerFrame: SPIKES_PER_FRAME, rateHz: LARGE_RATE_HZ };
  const perS = (shape.chips * shape.layers * shape.neurons * LARGE_RATE_HZ) / SPIKES_PER_FRAME;
  const seconds = Math.max(5, HELD_S * scale);
  const held = new Map<number, Held[]>([NEVER_S, 1].map((everyS) => [everyS, []]));
  const preloaded = await PreloadedServer.start();
  for (let round = 0; round < rounds; round++) {
    for (const [everyS, list] of held) {
      await preloaded.empty();
      const stream = spikeStream({ ...shape, encoding: 'msgpack' });
      list.push(await hold(preloaded, stream, everyS, { perS, seconds }));
    }
  }
  await preloaded.stop();
  return [...held].map(([everyS, list]) => heldRow(everyS, list));
}

interface Held {
  readonly askedMs: readonly number[];
  readonly heldMs: readonly number[];
  /** CPU of the main thread between two ticks of 2 ms, the long ones. */
  readonly turnsMs: readonly number[];
  readonly bytes: number;
}

const LOOP_WATCH = join(import.meta.dirname, 'loop-watch.ts');

async function hold(
  preloaded: PreloadedServer,
  stream: SpikeStream,
  everyS: number,
  { perS, seconds }: { readonly perS: number; readonly seconds: number },
): Promise<Held> {
  const folder = mkdtempSync(join(tmpdir(), 'spikescope-bench-loop-'));
  const turnsFile = join(folder, 'turns.json');
  const service = await startService(preloaded.server.port, ['--delivery', 'jetstream'], {
    env: {
      SPIKESCOPE_CHECKPOINTS_INTERVAL: `${everyS}s`,
      NODE_OPTIONS: `--import=${LOOP_WATCH}`,
      LOOP_WATCH_FILE: turnsFile,
    },
  });
  let isStopped = false;
  try {
    // Until all parts are known, and the code that handles them is compiled.
    await preloaded.load(stream, Math.round(perS * 5), perS);
    service.signal('SIGUSR2');
    const prober = startProber(service.url, ['/health']);
    const loading = preloaded.load(stream, Math.round(perS * seconds), perS);
    const heldMs = await ownHolds(service, seconds);
    await loading;
    const { '/health': askedMs = [] } = await prober();
    const bytes = sumOf(await service.text(), 'spikescope_checkpoint_bytes');
    await service.stop();
    isStopped = true;
    const turnsMs = JSON.parse(readFileSync(turnsFile, 'utf8')) as number[];
    return { askedMs, heldMs, turnsMs, bytes };
  } finally {
    if (!isStopped) await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the service says its checkpoints held, each once. */
async function ownHolds(service: Service, seconds: number): Promise<number[]> {
  const heldMs = new Set<number>();
  const untilMs = performance.now() + seconds * 1000;
  while (performance.now() < untilMs) {
    const held = sumOf(await service.text(), 'spikescope_checkpoint_held_seconds') * 1000;
    if (held > 0) heldMs.add(held);
    await sleep(500);
  }
  return [...heldMs];
}

function heldRow(everyS: number, list: readonly Held[]): Row {
  const asked = list.flatMap(({ askedMs }) => askedMs).sort((a, b) => a - b);
  const own = list.flatMap(({ heldMs }) => heldMs);
  const at = (share: number) =>
    (asked[Math.min(asked.length - 1, Math.floor(asked.length * share))] as number).toFixed(1);
  return {
    checkpoints: everyS === NEVER_S ? 'none' : `every ${everyS} s`,
    'seen of them': own.length,
    'MB each': (Math.max(...list.map(({ bytes }) => bytes)) / 1e6).toFixed(1),
    'held by own metric, median, ms': own.length === 0 ? '' : median(own).toFixed(1),
    'largest, ms': own.length === 0 ? '' : Math.max(...own).toFixed(1),
    'largest CPU between two ticks, ms': Math.max(...list.flatMap((each) => each.turnsMs)).toFixed(
      1,
    ),
    'ticks over 10 ms': list.flatMap((each) => each.turnsMs).filter((ms) => ms > 10).length,
    'requests from outside': asked.length,
    'median, ms': at(0.5),
    'p99, ms': at(0.99),
    'p99.9, ms': at(0.999),
    'largest request, ms': at(1),
  };
}
