import { Command } from 'commander';
import { EnergyMeter } from '../benchmark/energy-meter.ts';
import { BenchmarkExecutor, lineOf } from '../benchmark/executor.ts';
import { measureAside } from '../benchmark/measure-aside.ts';
import type { MeasureSettings, ModelMeasures } from '../benchmark/measure-model.ts';
import { MODEL_SHAPES } from '../benchmark/model-shape.ts';
import { isToken } from '../frames/subject.ts';
import { UsageError } from './config/config-error.ts';
import { nearest } from './config/nearest.ts';
import { addNatsFlags, type NatsFlags, natsConfig, notedLink } from './nats-flags.ts';
import { printResult } from './print-result.ts';
import { note } from './progress.ts';
import { stopSignal } from './stop-signal.ts';

interface ExecutorFlags extends NatsFlags {
  readonly hardware: string;
  readonly models?: string;
  readonly samples: string;
  readonly seed: string;
  readonly timesteps: string;
  readonly tokens?: string;
  readonly chipId: string;
  readonly once?: boolean;
}

const NAMES = MODEL_SHAPES.map(({ name }) => name);
const SEED_MAX = 0xffff_ffff;
const TOKENS_MAX = Math.max(...MODEL_SHAPES.map(({ tokens }) => tokens));
/** This program computes on the processor it runs on, whatever that one is called. */
const HARDWARE = /^cpu(-[A-Za-z0-9_-]+)?$/;

export function benchmarkExecutorCommand(): Command {
  const command = new Command('benchmark-executor')
    .description('runs spiking networks with the layers of a model when the service asks for it')
    .option('--hardware <name>', 'what it answers for: cpu, or cpu-<name>', 'cpu')
    .option('--models <list>', `models, with commas between (default ${NAMES.join(',')})`)
    .option('--samples <n>', 'inferences that are measured in a run', '5')
    .option('--timesteps <n>', 'steps of one inference', '4')
    .option('--seed <n>', 'the same seed gives the same synaptic operations', '1')
    .option('--tokens <n>', 'only the first tokens of a model: for a quick look, not for results')
    .option('--chip-id <id>', 'chip_id of its results', '0')
    .option('--once', 'run each model once, print the results as JSON lines, and end');
  return addNatsFlags(command).action(execute);
}

async function execute(flags: ExecutorFlags): Promise<void> {
  const settings: MeasureSettings = {
    samples: parseCount('--samples', flags.samples, 1, 1000),
    timesteps: parseCount('--timesteps', flags.timesteps, 1, 64),
    seed: parseCount('--seed', flags.seed, 0, SEED_MAX),
    tokensMax: parseCount('--tokens', flags.tokens ?? String(TOKENS_MAX), 2, TOKENS_MAX),
  };
  const models = parseModels(flags.models);
  const { hardware, chipId } = flags;
  if (!isToken(hardware) || !HARDWARE.test(hardware)) {
    const what = 'this program runs models on the processor; other hardware needs its own executor';
    throw new UsageError(`--hardware needs cpu or cpu-<name>, got "${hardware}": ${what}`);
  }
  if (!isToken(chipId)) {
    throw new UsageError(`--chip-id needs 1 to 64 of A-Z a-z 0-9 _ -, got "${chipId}"`);
  }
  sayConditions(flags);
  const measure = (model: string, signal: AbortSignal) => measureAside(model, settings, signal);
  if (flags.once === true) await runOnce(models, measure);
  else await serve({ ...flags, models, measure });
}

/** What makes these results differ from others. */
function sayConditions({ tokens }: ExecutorFlags): void {
  if (tokens !== undefined) note(`models are cut to ${tokens} tokens: results are not theirs`);
  const meter = EnergyMeter.open();
  if (!(meter instanceof EnergyMeter)) note(`energy is not measured: ${meter.why}`);
}

type Measure = (model: string, signal: AbortSignal) => Promise<ModelMeasures>;

async function runOnce(models: readonly string[], measure: Measure): Promise<void> {
  const signal = stopSignal();
  for (const model of models) {
    if (signal.aborted) return;
    const measures = await measure(model, signal).catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    });
    if (measures === undefined) return;
    note(`${model}: ${lineOf(measures)}`);
    const result = {
      model,
      latency_seconds: measures.latencySeconds,
      throughput_per_second: measures.throughputPerSecond,
      synaptic_operations: measures.synapticOperations,
      energy_joules: measures.energyJoules,
      duration_us: measures.durationUs,
    };
    await printResult(`${JSON.stringify(result)}\n`);
  }
}

interface Serving extends Omit<ExecutorFlags, 'models'> {
  readonly models: readonly string[];
  readonly measure: Measure;
}

async function serve(options: Serving): Promise<void> {
  const config = await natsConfig(options);
  const signal = stopSignal();
  const link = notedLink(config);
  try {
    const connection = await link.open(signal);
    const { hardware, chipId, models, measure } = options;
    const executor = new BenchmarkExecutor({
      ...{ connection, prefix: config.prefix, hardware, deviceType: 'cpu', chipId, models },
      ...{ measure, note },
    });
    await executor.serve(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await link.close();
  }
}

function parseModels(text: string | undefined): readonly string[] {
  if (text === undefined) return NAMES;
  const models = text.split(',').map((name) => name.trim());
  for (const model of models) {
    if (NAMES.includes(model)) continue;
    const near = nearest(model, NAMES);
    const hint = near === undefined ? `there are ${NAMES.join(', ')}` : `did you mean ${near}?`;
    throw new UsageError(`--models: there is no "${model}": ${hint}`);
  }
  return [...new Set(models)];
}

function parseCount(flag: string, text: string, min: number, max: number): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= min && count <= max) return count;
  throw new UsageError(`${flag} needs a whole number from ${min} to ${max}, got "${text}"`);
}
