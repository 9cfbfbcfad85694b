import { map } from 'rxjs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { definePipeline } from '../../src/component/pipeline.ts';
import { NO_SINKS, type RecordSinks } from '../../src/component/record-sinks.ts';
import { healthFrame } from '../../src/emitter/frame-builders.ts';
import type { HealthFrame } from '../../src/frames/health.ts';
import { PipelineRun } from '../../src/topology/pipeline-run.ts';
import { StateRegistry } from '../../src/topology/state-registry.ts';
import { nullMetrics } from '../conformance/null-metrics.ts';

/** A pipeline that says which of its projections were asked for. */
function asking(asked: string[]) {
  return definePipeline({
    name: 'asking',
    summary: 'Says which of its projections were asked for.',
    reads: 'health',
    options: z.strictObject({}),
    through: () => map((frame: HealthFrame) => frame.t0Us),
    derived: (t0Us) => {
      asked.push('derived');
      return { record: 'asked', key: [], t0Us, spanUs: 0, fields: {} };
    },
    log: {
      levelMax: 'DEBUG',
      write: (timeUs, log) => {
        asked.push('log');
        log({ level: 'DEBUG', logger: 'l', message: 'm', timeUs, fields: {} });
      },
    },
    spans: () => {
      asked.push('spans');
      return [];
    },
  });
}

function askedWith(sinks: RecordSinks): { asked: string[]; failures: unknown[] } {
  const asked: string[] = [];
  const failures: unknown[] = [];
  const run = new PipelineRun({
    pipelines: [asking(asked)],
    options: new Map([['asking', {}]]),
    define: nullMetrics(),
    states: new StateRegistry(),
    sinks,
    count: () => {},
    onRecord: () => asked.push('record'),
    onFailure: (_, error) => failures.push(error),
  });
  run.next(healthFrame({ deviceType: 'cpu', chipId: '0', t0Us: 5, status: 'ok' }));
  return { asked, failures };
}

const nothing = () => {};

it('asks a pipeline for what a sink takes', () => {
  const log = { isEnabled: () => true, write: nothing };
  const { asked } = askedWith({ ...NO_SINKS, derived: nothing, log, spans: nothing });
  expect(asked).toEqual(['derived', 'log', 'spans', 'record']);
});

it('asks for nothing that nobody takes: no line below the level of the log is ever made', () => {
  const log = { isEnabled: () => false, write: nothing };
  expect(askedWith({ ...NO_SINKS, log }).asked).toEqual(['record']);
  expect(askedWith(NO_SINKS).asked).toEqual(['record']);
});

it('ends a pipeline whose sink throws, and says so', () => {
  const derived = () => {
    throw new Error('a fault of the sink');
  };
  const { asked, failures } = askedWith({ ...NO_SINKS, derived });
  expect(asked).toEqual(['derived']);
  expect(failures).toEqual([new Error('a fault of the sink')]);
});
