import {
  benchmarkFrame,
  healthFrame,
  inferenceFrame,
  powerFrame,
  synapsesFrame,
} from '../../src/emitter/frame-builders.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { conversionEvents } from '../operators/conversion-events.ts';

const CHIP = { deviceType: 'loihi2', chipId: '9', emitter: 'everything' } as const;
const HOST = { ...CHIP, deviceType: 'cpu', chipId: 'host' } as const;

/** One frame of each kind that a simulated chip does not send, for the time given. */
export function everythingElse(nowUs: number, round: number): Frame[] {
  const [good, bad] = [`good-${round}`, `bad-${round}`].map((id) => conversionEvents(id, nowUs));
  const at = { t0Us: nowUs, spanUs: 0 };
  const model = { modelName: 'vit-tiny', hardware: 'loihi2' };
  return [
    ...(good === undefined ? [] : [good.started(), good.finished(1_000_000)]),
    ...(bad === undefined ? [] : [bad.started(), bad.finished(2_000_000, 'OutOfMemory')]),
    healthFrame({ ...CHIP, ...at, status: 'ok', temperatureC: 41.5 }),
    inferenceFrame({
      ...CHIP,
      ...at,
      ...model,
      energyJoules: 0.002,
      latencyUs: [900, 1100],
      synapticOperations: 1_000_000,
      baselineEnergyJoules: 0.02,
      baselineName: 'gpu',
    }),
    benchmarkFrame({
      ...HOST,
      ...at,
      model: 'vit-tiny',
      hardware: 'cpu',
      latencySeconds: 0.01,
      throughputPerSecond: 100,
      durationUs: 1_000_000,
      accuracy: 0.9,
      energyJoules: 0.5,
    }),
    powerFrame({
      ...CHIP,
      ...at,
      spanUs: 1000,
      rail: 'vdd',
      component: 'static',
      dtUs: [0],
      watts: [0.2],
    }),
    synapsesFrame({
      ...CHIP,
      ...at,
      updates: [{ synapseType: 'dense', learningRule: 'stdp', count: 10 }],
    }),
  ];
}
