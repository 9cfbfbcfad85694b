import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { DerivedRecord } from '../../src/component/derived-record.ts';
import { type AnyPipeline, kindsRead } from '../../src/component/pipeline.ts';
import { NO_SINKS } from '../../src/component/record-sinks.ts';
import { documentOf } from '../../src/sinks/documents/document.ts';
import { documentFault } from '../../src/sinks/documents/document-fault.ts';
import { INDEX_OF_RECORD } from '../../src/sinks/documents/indices.ts';
import { PipelineRun } from '../../src/topology/pipeline-run.ts';
import { StateRegistry } from '../../src/topology/state-registry.ts';
import { framesOfKinds } from '../conformance/generate-frames.ts';
import { nullMetrics } from '../conformance/null-metrics.ts';

const FOLDER = join(import.meta.dirname, '../../pipelines');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'));

async function derivedBy(file: string): Promise<DerivedRecord[]> {
  const { default: pipeline } = (await import(join(FOLDER, file))) as { default: AnyPipeline };
  const derived: DerivedRecord[] = [];
  const run = new PipelineRun({
    pipelines: [pipeline],
    options: new Map([[pipeline.name, pipeline.options.parse({})]]),
    configHash: 'c0ffee',
    define: nullMetrics(),
    states: new StateRegistry(),
    sinks: { ...NO_SINKS, derived: (record) => derived.push(record), derivedLog: () => true },
    count: () => {},
    onRecord: () => {},
    onFailure: (_, error) => {
      throw error;
    },
  });
  for (const frame of framesOfKinds(kindsRead(pipeline), 5, 600)) run.next(frame);
  run.complete();
  return derived;
}

it.each(FILES)('what pipelines/%s derives fits into its index', async (file) => {
  for (const record of await derivedBy(file)) {
    const document = documentOf(record, 'an-id');
    expect(document === undefined).toBe(INDEX_OF_RECORD[record.record] === undefined);
    if (document !== undefined) expect(documentFault(document)).toBeUndefined();
  }
});
