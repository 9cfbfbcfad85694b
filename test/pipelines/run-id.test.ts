import { expect, it } from 'vitest';
import benchmarks from '../../pipelines/benchmarks.ts';
import conversions from '../../pipelines/conversions.ts';
import power from '../../pipelines/power.ts';
import spikeRate from '../../pipelines/spike-rate.ts';
import type { AnyPipeline } from '../../src/component/pipeline.ts';
import { benchmarkFrame, powerFrame, spikesFrame } from '../../src/emitter/frame-builders.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { conversionEvents } from '../operators/conversion-events.ts';
import { runPipeline } from './run-pipeline.ts';

/** The runs that the records of some frames name, log lines aside. */
function runsOf(pipeline: AnyPipeline, frames: readonly Frame[]): unknown[] {
  const { derived, send } = runPipeline(pipeline);
  send(...frames);
  return derived.filter(({ record }) => record !== 'log').map(({ fields }) => fields['run_id']);
}

const CHIP = { deviceType: 'loihi2', chipId: '0' } as const;

function halfSecond(i: number, runId: string | undefined): Frame {
  return spikesFrame({
    ...{ ...CHIP, t0Us: i * 500_000, spanUs: 500_000, ...(runId !== undefined && { runId }) },
    ...{ layerName: 'l', neuronCount: 1, neuronId: [0], dtUs: [0] },
  });
}

it('a window names its run where all of its frames do, and name the same', () => {
  // The last closes the window before it.
  const ids = ['a', 'a', 'a', 'b', 'b', undefined, undefined, undefined, 'b', 'b', 'b', 'b'];
  const runs = runsOf(
    spikeRate,
    ids.map((id, i) => halfSecond(i, id)),
  );
  expect(runs).toEqual(['a', undefined, undefined, undefined, 'b']);
});

it('power, benchmarks and conversions name theirs', () => {
  const watts = powerFrame({ ...CHIP, t0Us: 0, spanUs: 1, runId: 'a', dtUs: [0], watts: [1] });
  expect(runsOf(power, [watts])).toEqual(['a']);
  const result = benchmarkFrame({
    ...{ ...CHIP, t0Us: 0, runId: 'b', model: 'vit', hardware: 'loihi2' },
    ...{ latencySeconds: 1, throughputPerSecond: 1, durationUs: 1 },
  });
  expect(runsOf(benchmarks, [result])).toEqual(['b']);
  // A conversion is of the run that its start names, to its end.
  const { started, calibration, finished } = conversionEvents('c', 0);
  const events = [started({ runId: 'c' }), calibration(5, 5), finished(9)];
  expect(runsOf(conversions, events)).toEqual(['c', 'c', 'c']);
});
