import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame } from '../../src/frames/frame.ts';
import type { FrameHeader } from '../../src/frames/header.ts';
import type { SpkHeader } from '../../src/recordings/spk-header.ts';
import { SpkWriter } from '../../src/recordings/spk-write.ts';

/**
 * The files of fixtures/spk. `node test/recordings/spk-golden.ts fixtures/spk` writes them anew,
 * which is right only when the format's version changes.
 */
export const GOLDEN_HEADER: SpkHeader = {
  name: 'golden',
  createdUs: 1_750_000_000_000_000,
  producer: 'spikescope 1',
  startUs: 1_750_000_000_000_000,
  durationUs: 1_750_000_000_300_000,
  chips: [{ deviceType: 'loihi2', chipId: 'a' }],
  extra: { experiment: 'µ', trial: 3 },
};

function header(frame: number): FrameHeader {
  return {
    deviceType: 'loihi2',
    chipId: 'a',
    t0Us: 1_750_000_000_000_000 + frame * 20_000,
    spanUs: 20_000,
    seq: frame,
    runId: frame % 2 === 0 ? 'run-1' : undefined,
    emitter: 'golden',
    arrivedUs: frame % 3 === 0 ? Number.NaN : 1_750_000_000_100_000 + frame * 20_000,
    restarts: 0,
  };
}

const CONVERSION = { kind: 'conversion', conversionId: 'c1' } as const;

/** One frame of each kind at least, every optional field at least once. */
export const GOLDEN_FRAMES: readonly Frame[] = [
  {
    ...header(0),
    kind: 'spikes',
    layerName: 'l1',
    neuronType: 'lif',
    neuronCount: 64,
    neuronId: Uint32Array.of(5, 63, 0, 17),
    dtUs: Uint32Array.of(0, 19_999, 12, 700),
    timestep0: 40,
    timestepUs: 1000,
    neuronOffset: 128,
  },
  {
    ...header(1),
    kind: 'spikes',
    layerName: 'l2',
    neuronType: 'alif',
    neuronCount: 16_777_216,
    neuronId: Uint32Array.from({ length: 300 }, (_, i) => i * 55_555),
    dtUs: Uint32Array.from({ length: 300 }, (_, i) => i * 66),
    timestep0: undefined,
    timestepUs: undefined,
    neuronOffset: 0,
  },
  {
    ...header(2),
    kind: 'membrane',
    layerName: 'l1',
    neuronId: Uint32Array.of(1, 2),
    dtUs: Uint32Array.of(0, 10, 20),
    values: Float32Array.of(-65, -64.5, Number.NaN, -50, 30, Number.POSITIVE_INFINITY),
    unit: 'mV',
    neuronOffset: 0,
  },
  {
    ...header(3),
    kind: 'power',
    dtUs: Uint32Array.of(0, 5000),
    watts: Float32Array.of(0.5, -0.125),
    joules: Float64Array.of(1e-6, 2.5e-6),
    stepUs: Float64Array.of(1.7, 4.1),
    rail: 'vdd',
    component: 'dynamic',
    origin: 'measured',
  },
  {
    ...header(4),
    kind: 'cores',
    coreId: Uint32Array.of(0, 120),
    utilizationPercent: Float32Array.of(12.5, 100),
    layerNames: ['l1', ''],
  },
  {
    ...header(5),
    kind: 'activity',
    scope: 'core',
    coreId: Uint32Array.of(3, 4),
    counters: new Map([
      ['syn_ops', Float64Array.of(1000, 2 ** 40)],
      ['spikes_in', Float64Array.of(0, 7)],
    ]),
    cumulative: true,
    stepUs: 2.5,
  },
  {
    ...header(6),
    kind: 'synapses',
    updates: [{ synapseType: 'plastic', learningRule: 'stdp', count: 12 }],
  },
  {
    ...header(7),
    kind: 'health',
    status: 'degraded',
    text: 'Wärme',
    temperatureC: 71.5,
    forgotten: undefined,
  },
  {
    ...header(8),
    ...CONVERSION,
    event: 'started',
    modelType: 'vit',
    modelName: 'ViT-S/16',
    modelSize: 'small',
    modelParameters: 22_050_664,
    hardwareTarget: 'loihi2',
  },
  {
    ...header(9),
    ...CONVERSION,
    event: 'step',
    step: 'convert_layer',
    durationUs: 1500,
    layerIndex: 2,
    layerType: 'attention',
    calibrationSamples: undefined,
  },
  {
    ...header(10),
    ...CONVERSION,
    event: 'finished',
    success: false,
    durationUs: 90_000,
    errorType: 'Mapping',
    errorMessage: 'no room',
  },
  {
    ...header(11),
    kind: 'inference',
    modelName: 'ViT-S/16',
    hardware: 'loihi2',
    count: 2,
    energyJoules: 0.004,
    latencyUs: Float32Array.of(2100, 1987.5),
    synapticOperations: 4.2e9,
    baselineEnergyJoules: 0.3,
    baselineName: 'gpu',
  },
  {
    ...header(12),
    kind: 'benchmark',
    model: 'ViT-S/16',
    hardware: 'loihi2',
    latencySeconds: 0.002,
    throughputPerSecond: 480,
    durationUs: 1e6,
    accuracy: 0.79,
    energyJoules: 0.002,
    synapticOperations: undefined,
  },
  {
    ...header(13),
    kind: 'log',
    level: 'WARNING',
    text: 'core 3 is slow',
    line: 42,
    eventType: 'hardware_error',
    names: new Map([['logger', 'spikeformer.neuromorphic']]),
    errorMessage: undefined,
    requiresAttention: undefined,
    spikeCount: undefined,
    timestep: undefined,
    spikeRate: undefined,
  },
];

export async function writeGolden(path: string, compress: boolean): Promise<void> {
  const options = { compress, blockBytes: 4096, overwrite: true };
  const writer = await SpkWriter.create(path, GOLDEN_HEADER, options);
  for (const [i, frame] of GOLDEN_FRAMES.entries()) {
    await writer.write(frame);
    if (i === 6) await writer.flush();
  }
  await writer.close();
}

const folder = process.argv[2];
if (import.meta.main && folder !== undefined) {
  mkdirSync(folder, { recursive: true });
  await writeGolden(join(folder, 'golden.spk'), false);
  await writeGolden(join(folder, 'golden-zstd.spk'), true);
}
