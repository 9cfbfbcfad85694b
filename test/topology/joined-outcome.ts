import { createHash } from 'node:crypto';
import { loadPipelines } from '../../src/cli/load-pipelines.ts';
import type { FrameWatch } from '../../src/component/source.ts';
import type { Snapshot } from '../../src/component/state.ts';
import { type Frame, frameCount } from '../../src/frames/frame.ts';
import { LiveChips } from '../../src/sinks/live/live-chips.ts';
import { LiveSpikes } from '../../src/sinks/live/live-spikes.ts';
import { RevisionClock } from '../../src/sinks/live/revision.ts';
import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';
import { RunWatch } from '../../src/sources/run-watch.ts';
import { SilenceWatch } from '../../src/sources/silence-watch.ts';
import { startTopology } from '../../src/topology/topology.ts';
import { type Message, type Oddities, T0_US } from './odd-stream.ts';
import { wholeOptions } from './whole-options.ts';

export interface Outcome {
  readonly records: readonly string[];
  readonly dead: readonly string[];
  readonly states: Readonly<Record<string, Snapshot>>;
  readonly metrics: unknown;
  readonly live: unknown;
  readonly looked: readonly string[];
}

/** What the page would show, and how many frames of spikes it came by. */
class Shown implements FrameWatch {
  frames = 0;
  passed = 0;
  readonly chips = new LiveChips();
  private readonly spikes = new LiveSpikes(new RevisionClock(), () => 0);

  saw(frame: Frame, isRepeat: boolean): void {
    this.chips.heard(frame);
    if (frame.kind !== 'spikes' || isRepeat) return;
    this.frames += frameCount(frame);
    this.passed++;
    this.spikes.add(frame);
  }

  rasters() {
    return [...this.spikes.parts.values()].map(({ raster, id, lastUs }) => {
      const { received, shown, sampledOut, tooLate, newest } = raster;
      const columns = raster.columns(Math.max(0, newest - 200), newest + 1);
      return { id, lastUs, received, shown, sampledOut, tooLate, newest, columns };
    });
  }

  /** The last spikes, one by one. */
  exact() {
    const { parts, log } = this.spikes;
    return [...parts.values()].map(({ id, lastUs }) => {
      return log.read(id, lastUs - EXACT_US, lastUs, Number.MAX_SAFE_INTEGER);
    });
  }
}

const EXACT_US = 500_000;

async function optionsOf(store: MetricStore, rates: Oddities['rates']) {
  const pipelines = await loadPipelines();
  const options = wholeOptions(pipelines, store);
  const spikeRate = pipelines.find(({ name }) => name === 'spike-rate');
  const pipelineOptions = new Map(options.pipelineOptions);
  if (rates !== undefined) pipelineOptions.set('spike-rate', spikeRate?.options.parse(rates));
  return { ...options, pipelineOptions };
}

function watchesOf(nowUs: () => number, watchedMax: number) {
  const refused = { silence: 0, runs: 0 };
  const count = (name: keyof typeof refused) => (frames: number) => {
    refused[name] += frames;
  };
  const times = { afterUs: 5_000_000, forgetUs: 60_000_000 };
  return {
    refused,
    silence: new SilenceWatch({ ...times, nowUs, refused: count('silence'), watchedMax }),
    runs: new RunWatch({ nowUs, refused: count('runs'), silenceUs: 500_000, watchedMax: 3 }),
  };
}

export interface Watching {
  readonly rates?: Oddities['rates'];
  /** Layers and chips whose silence is looked for. */
  readonly watchedMax?: number;
  /** Messages after which all is looked at, which ends a read. */
  readonly looks?: ReadonlySet<number>;
}

/** All values, as short as they can be compared. */
function digestOf(all: unknown): string {
  const text = JSON.stringify(all, (_key, value) => {
    return ArrayBuffer.isView(value) ? Array.from(value as Uint8Array) : value;
  });
  return createHash('sha1').update(text).digest('hex');
}

/** What all comes of messages, `read` of them at once; 0 for one by one. */
export async function outcomeOf(
  messages: readonly Message[],
  read: number,
  { rates, watchedMax = 100, looks = new Set() }: Watching,
) {
  const store = new MetricStore();
  const records: string[] = [];
  const dead: string[] = [];
  let now = T0_US;
  const shown = new Shown();
  const { silence, runs, refused } = watchesOf(() => now, watchedMax);
  const topology = startTopology({
    ...(await optionsOf(store, rates)),
    sinks: {
      derived: (record) => records.push(JSON.stringify(record)),
      derivedLog: () => true,
      log: { isEnabled: () => true, write: (event) => records.push(JSON.stringify(event)) },
      spans: undefined,
    },
    watches: [silence, runs, shown],
    dead: ({ detail }) => dead.push(detail),
    onFailure: (pipeline, error) => {
      throw new Error(pipeline, { cause: error });
    },
  });
  const { inlet, states } = topology;
  const live = () => ({
    rasters: shown.rasters(),
    chips: shown.chips.all(),
    silence: silence.snapshot(),
    runs: runs.snapshot(),
    refused,
  });
  const looked: string[] = [];
  let kept: unknown;
  for (const [i, { isCheck, ...message }] of messages.entries()) {
    now = message.arrivedUs;
    if (isCheck && read > 0) inlet.gathered?.();
    if (isCheck) for (const watch of [silence, runs]) watch.check(inlet);
    if (read > 0 && (i % read === 0 || isCheck)) inlet.gather?.();
    inlet.message({ ...message, contentType: undefined, sequence: undefined });
    if (read > 0 && i % read === read - 1) inlet.gathered?.();
    if (looks.has(i)) {
      inlet.gathered?.();
      const all = { states: states.snapshot(), metrics: store.snapshot(), live: live(), records };
      looked.push(digestOf(all));
      if (read > 0) inlet.gather?.();
    }
    // A read that ends with a checkpoint, from which another goes on.
    if (i === 25_000 - 1) {
      inlet.gathered?.();
      kept = structuredClone({ states: states.snapshot(), watch: silence.snapshot() });
      states.restore(states.snapshot());
    }
  }
  inlet.gathered?.();
  const outcome: Outcome = {
    records,
    dead,
    states: structuredClone(states.snapshot()),
    metrics: store.snapshot(),
    live: { ...live(), exact: shown.exact() },
    looked,
  };
  topology.complete();
  topology.close();
  const { frames, passed } = shown;
  const end = { kept, after: [...records], end: store.snapshot() };
  return { frames, passed, outcome: { ...outcome, ...end } };
}
