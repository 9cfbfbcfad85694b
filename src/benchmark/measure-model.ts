import { quantileOfSorted } from '../numerics/quantile.ts';
import { EnergyMeter } from './energy-meter.ts';
import { modelInput } from './model-input.ts';
import { MODEL_SHAPES, type ModelShape, withTokens } from './model-shape.ts';
import { SpikingTransformer } from './spiking-transformer.ts';

/** How a model is run; plain data, so that it can be handed to another thread. */
export interface MeasureSettings {
  /** Inferences that are measured. */
  readonly samples: number;
  readonly seed: number;
  /** Steps of one inference. */
  readonly timesteps: number;
  /** Only the first so many tokens of the model; for a quick look, not for results. */
  readonly tokensMax: number;
}

export interface ModelMeasures {
  /** Median over the samples. */
  readonly latencySeconds: number;
  readonly throughputPerSecond: number;
  /** Of one inference, on average over the samples; each is counted exactly. */
  readonly synapticOperations: number;
  /** Of one inference, on average; undefined where the machine does not measure it. */
  readonly energyJoules: number | undefined;
  /** Of all of it, with building and calibrating. */
  readonly durationUs: number;
}

/** The input that thresholds are set with; none of the samples has its number. */
const CALIBRATION = -1;

/** Builds the model, calibrates it, which warms it up as well, and measures its inferences. */
export function measureModel(model: string, settings: MeasureSettings): ModelMeasures {
  const beganMs = performance.now();
  const shape = shapeOf(model, settings.tokensMax);
  const { seed, samples, timesteps } = settings;
  const network = new SpikingTransformer(shape, seed, timesteps);
  network.calibrate(modelInput(shape, seed, CALIBRATION, timesteps));
  const meter = EnergyMeter.open();
  const latenciesMs: number[] = [];
  let operations = 0;
  let joules = 0;
  for (let sample = 0; sample < samples; sample++) {
    const input = modelInput(shape, seed, sample, timesteps);
    if (meter instanceof EnergyMeter) meter.lap();
    const startMs = performance.now();
    operations += network.infer(input).operations;
    latenciesMs.push(performance.now() - startMs);
    if (meter instanceof EnergyMeter) joules += meter.lap();
  }
  const totalSeconds = latenciesMs.reduce((sum, ms) => sum + ms, 0) / 1000;
  return {
    latencySeconds: medianOf(latenciesMs) / 1000,
    throughputPerSecond: samples / totalSeconds,
    synapticOperations: operations / samples,
    // Counters that stand still, as in some virtual machines, measure nothing.
    energyJoules: joules > 0 ? joules / samples : undefined,
    durationUs: Math.round((performance.now() - beganMs) * 1000),
  };
}

function shapeOf(model: string, tokensMax: number): ModelShape {
  const shape = MODEL_SHAPES.find(({ name }) => name === model);
  if (shape !== undefined) return withTokens(shape, tokensMax);
  throw new Error(`there is no model ${model}`);
}

function medianOf(values: readonly number[]): number {
  return quantileOfSorted(
    [...values].sort((a, b) => a - b),
    0.5,
  ) as number;
}
