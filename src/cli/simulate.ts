import { randomUUID } from 'node:crypto';
import { access, rm, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Command } from 'commander';
import { parseDurationUs } from '../component/duration.ts';
import { type Frame, sampleCount } from '../frames/frame.ts';
import { isPrefix, PREFIX_DEFAULT } from '../frames/subject.ts';
import { STEP_US } from '../simulation/plan.ts';
import { SCENARIO_NAMES, STEADY } from '../simulation/scenario.ts';
import { FAULT_RUN_US_MIN, Simulation } from '../simulation/simulation.ts';
import { play } from '../sources/play.ts';
import { parseSpeed } from './address.ts';
import { UsageError } from './config/config-error.ts';
import { nearest } from './config/nearest.ts';
import { type FrameOutput, natsOutput, recordingOutput } from './frame-output.ts';
import { requireOutput } from './output-flags.ts';
import { note, Progress } from './progress.ts';
import { stopSignal } from './stop-signal.ts';

interface SimulateFlags {
  readonly scenario: string;
  readonly seed: string;
  readonly for: string;
  readonly nats?: string;
  readonly out?: string;
  readonly truth?: string;
  readonly force?: boolean;
  readonly speed?: string;
  readonly start?: string;
  readonly prefix?: string;
  readonly dense?: boolean;
}

const NATS_DEFAULT = 'nats://127.0.0.1:4222';
const FRAME_SPAN_US = 100_000;
const SEED_MAX = 0xffff_ffff;

export function simulateCommand(version: string): Command {
  return new Command('simulate')
    .description('simulated chips: a LIF network, power, cores, and faults with their truth')
    .option('--scenario <name>', `one of ${SCENARIO_NAMES.join(', ')}`, STEADY)
    .option('--seed <n>', 'the same seed gives the same frames', '1')
    .option('--for <time>', 'how long the network runs, in its own time', '60s')
    .option('--nats <url>', `NATS server (default ${NATS_DEFAULT}, without --out)`)
    .option('--out <file>', 'a recording instead of NATS; its suffix says the format')
    .option('--force', 'replace the file of --out when it is there')
    .option('--truth <file>', 'where to write what went wrong, as JSON')
    .option('--speed <n|max>', 'times real time (default 1, with --out max)')
    .option('--start <now|µs>', 'time of the first step (default now, with --out 0)')
    .option('--prefix <prefix>', `first tokens of every subject (default ${PREFIX_DEFAULT})`)
    .option('--dense', 'spikes in denser columns where that is exact')
    .action((flags: SimulateFlags) => simulate(flags, version));
}

async function simulate(flags: SimulateFlags, version: string): Promise<void> {
  const { out, truth } = flags;
  const run = await checkedRun(flags);
  const simulation = new Simulation(run);
  const signal = stopSignal();
  const output = await openOutput(flags, simulation, run, version, signal);
  if (output === undefined) return;
  const emitter = out === undefined ? `simulate-${randomUUID()}` : simulation.runId;
  const counts = await deliver(simulation, output, { speed: run.speed, emitter }, signal);
  if (truth !== undefined) {
    await writeFile(truth, `${JSON.stringify(simulation.truth(), undefined, 1)}\n`);
  }
  const { scenario, seed } = run;
  process.stdout.write(`${JSON.stringify({ scenario, seed, ...counts })}\n`);
}

interface Run {
  readonly scenario: string;
  readonly seed: number;
  readonly durationUs: number;
  readonly startUs: number;
  readonly speed: number;
}

async function checkedRun(flags: SimulateFlags): Promise<Run> {
  const { scenario, out, nats, prefix, truth } = flags;
  if (!SCENARIO_NAMES.includes(scenario)) {
    const near = nearest(scenario, SCENARIO_NAMES);
    const hint =
      near === undefined ? `there are ${SCENARIO_NAMES.join(', ')}` : `did you mean ${near}?`;
    throw new UsageError(`--scenario: there is no "${scenario}": ${hint}`);
  }
  if (out !== undefined && nats !== undefined) {
    throw new UsageError('--out and --nats: give one of them; convert and replay do the other');
  }
  if (out !== undefined && prefix !== undefined) {
    throw new UsageError('--prefix goes with NATS: a recording has no subjects');
  }
  if (prefix !== undefined && !isPrefix(prefix)) {
    throw new UsageError(`--prefix: "${prefix}" is no prefix`);
  }
  if (out !== undefined) {
    const { name } = requireOutput(out, flags);
    if (flags.dense && name !== 'spk') {
      throw new UsageError(`--dense goes with NATS and .spk files: ${name} has no denser columns`);
    }
  }
  if (truth !== undefined) await requireFolder('--truth', truth);
  if (out !== undefined) await requireFolder('--out', out);
  const startUs = parseStart(flags.start ?? (out === undefined ? 'now' : '0'));
  const durationUs = parseFor(flags.for, scenario);
  if (!Number.isSafeInteger(startUs + durationUs)) {
    throw new UsageError('--start and --for: the end is beyond 2^53 - 1 µs');
  }
  return {
    scenario,
    seed: parseSeed(flags.seed),
    durationUs,
    startUs,
    speed: parseSpeed(flags.speed ?? (out === undefined ? '1' : 'max')),
  };
}

async function requireFolder(flag: string, path: string): Promise<void> {
  await access(dirname(path)).catch(() => {
    throw new UsageError(`${flag} ${path}: there is no folder ${dirname(path)}`);
  });
}

function parseSeed(text: string): number {
  const seed = Number(text);
  if (/^\d+$/.test(text) && seed <= SEED_MAX) return seed;
  throw new UsageError(`--seed needs a whole number from 0 to ${SEED_MAX}, got "${text}"`);
}

function parseFor(text: string, scenario: string): number {
  const us = parseDurationUs(text);
  if (us === undefined || us < STEP_US || us % STEP_US !== 0) {
    throw new UsageError(`--for needs a time in whole ms, such as 60s or 1500ms, got "${text}"`);
  }
  if (scenario !== STEADY && us < FAULT_RUN_US_MIN) {
    throw new UsageError(`--for: ${scenario} needs 1s or more to show its fault, got "${text}"`);
  }
  return us;
}

function parseStart(text: string): number {
  if (text === 'now') return Date.now() * 1000;
  const us = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(us)) return us;
  throw new UsageError(`--start needs now, or µs since the Unix epoch, got "${text}"`);
}

/** Undefined where the run was stopped before NATS could be reached. */
async function openOutput(
  flags: SimulateFlags,
  simulation: Simulation,
  { scenario, seed, startUs, durationUs }: Run,
  version: string,
  signal: AbortSignal,
): Promise<FrameOutput | undefined> {
  if (flags.out !== undefined) {
    const header = {
      name: basename(flags.out),
      producer: `spikescope simulate ${version}`,
      startUs,
      durationUs: startUs + durationUs,
      layers: simulation.layers,
      extra: { scenario, seed },
    };
    if (flags.force === true) await rm(flags.out, { force: true });
    return await recordingOutput(flags.out, header, note, flags.dense);
  }
  const { nats = NATS_DEFAULT, prefix = PREFIX_DEFAULT } = flags;
  try {
    return await natsOutput(nats, { prefix, dense: flags.dense }, signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** Plays the run into the output, to its end or until the signal; what came out of it. */
async function deliver(
  simulation: Simulation,
  output: FrameOutput,
  { speed, emitter }: { readonly speed: number; readonly emitter: string },
  signal: AbortSignal,
): Promise<{ frames: number; samples: number; spikes: number; duration_us: number }> {
  const { info } = simulation;
  const counts = { frames: 0, samples: 0, spikes: 0 };
  const progress = new Progress('simulated', 'frames');
  let endUs = info.startUs;
  try {
    await play(
      {
        open: async () => ({
          info,
          frames: (spanUs: number) => inTurn(simulation.frames(spanUs)),
          close: async () => {},
        }),
        loop: false,
        rebaseToUs: undefined,
        frameSpanUs: FRAME_SPAN_US,
        speed,
        emitter,
      },
      (frame) => {
        // A run has no arrivals: a file of it holds the same bytes, whenever it is made.
        frame.arrivedUs = Number.NaN;
        counts.frames++;
        counts.samples += sampleCount(frame);
        if (frame.kind === 'spikes') counts.spikes += sampleCount(frame);
        endUs = Math.max(endUs, frame.t0Us + frame.spanUs);
        progress.at(counts.frames);
        return output.write(frame);
      },
      signal,
    );
  } finally {
    await output.close(endUs);
    progress.end();
  }
  return { ...counts, duration_us: endUs - info.startUs };
}

async function* inTurn(frames: Iterable<Frame>): AsyncGenerator<Frame> {
  yield* frames;
}
