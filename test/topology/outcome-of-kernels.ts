/**
 * What all pipelines make of messages of every form, as a hash: run by kernels.test.ts with kernels
 * and without. Usage: node outcome-of-kernels.ts
 */
import { createHash } from 'node:crypto';
import { loadPipelines } from '../../src/cli/load-pipelines.ts';
import { FrameEncoder } from '../../src/frames/encode.ts';
import type { SpikesFrame } from '../../src/frames/spikes.ts';
import { formatSubject } from '../../src/frames/subject.ts';
import { isInKernelMemory, takeArena } from '../../src/kernels/memory.ts';
import { Random } from '../../src/simulation/random.ts';
import { LiveSpikes } from '../../src/sinks/live/live-spikes.ts';
import { RevisionClock } from '../../src/sinks/live/revision.ts';
import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';
import { startTopology } from '../../src/topology/topology.ts';
import { wholeOptions } from './whole-options.ts';

const FRAMES = 4000;
const PLACES = 6;
const SPAN_US = 40_000;

const random = new Random(7, 'kernels');
const below = (bound: number): number => random.u32() % bound;

/** Short and long, in order and not, on steps, late, with ids and times at the borders and past. */
function anyFrame(index: number): SpikesFrame {
  const place = index % PLACES;
  const neuronCount = [1, 7, 100, 300, 4096, 70_000][place] as number;
  const spikes = below(4) === 0 ? below(5000) : below(80);
  const timestepUs = below(2) === 0 ? 1000 : undefined;
  const grain = below(2) === 0 ? 1000 : 1;
  const slack = below(200) === 0 ? 1 : 0;
  const dtUs = Uint32Array.from({ length: spikes }, () => {
    const dt = below(8) === 0 ? SPAN_US - 1 + slack : below(SPAN_US);
    return Math.floor(dt / grain) * grain;
  });
  if (below(3) > 0) dtUs.sort();
  const lag = below(30) === 0 ? below(12) : 0;
  return {
    kind: 'spikes',
    ...{ deviceType: 'loihi2', chipId: `c${place % 2}`, layerName: `layer ${place}` },
    t0Us: 1_700_000_000_000_000 + (Math.floor(index / PLACES) - lag) * SPAN_US,
    ...{ spanUs: SPAN_US, seq: index, runId: below(3) === 0 ? undefined : 'run', emitter: 'e' },
    ...{ arrivedUs: Number.NaN, restarts: 0, neuronType: 'lif', neuronCount, neuronOffset: 0 },
    neuronId: Uint32Array.from({ length: spikes }, () => below(neuronCount + slack)),
    dtUs,
    timestep0: timestepUs === undefined ? undefined : below(70),
    timestepUs,
  };
}

const hash = createHash('sha256');
const store = new MetricStore();
const pipelines = await loadPipelines();
let records = 0;
let dead = 0;
const live = new LiveSpikes(new RevisionClock(), () => 0);
const topology = startTopology({
  ...wholeOptions(pipelines, store),
  sinks: {
    derived: (record) => {
      records++;
      hash.update(JSON.stringify(record));
    },
    derivedLog: () => false,
    log: undefined,
    spans: undefined,
  },
  watches: [{ saw: (frame) => frame.kind === 'spikes' && live.add(frame) }],
  dead: ({ detail }) => {
    dead++;
    hash.update(detail);
  },
  onFailure: (pipeline, error) => {
    throw new Error(pipeline, { cause: error });
  },
});
const encoder = new FrameEncoder();
const area = takeArena(1 << 20);
for (let i = 0; i < FRAMES; i++) {
  const frame = anyFrame(i);
  const bytes = encoder.encode(frame, 'msgpack', below(3) === 0);
  const at = below(64);
  const data = area.subarray(at, at + bytes.length);
  data.set(bytes);
  const subject = formatSubject('spikeformer', frame);
  const rest = { contentType: undefined, sequence: undefined, arrivedUs: frame.t0Us };
  topology.inlet.message({ subject, data, ...rest });
}
hash.update(JSON.stringify(topology.states.snapshot()));
topology.complete();
hash.update(JSON.stringify(store.snapshot()));
for (const { raster } of live.parts.values()) {
  hash.update(raster.columns(raster.newest - 100, raster.newest + 1).cells);
}
topology.close();
const result = { hash: hash.digest('hex'), records, dead, isPlain: !isInKernelMemory(area) };
process.stdout.write(JSON.stringify(result));
