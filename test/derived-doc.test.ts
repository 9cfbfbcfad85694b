import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { DerivedRecord } from '../src/component/derived-record.ts';
import { type AnyPipeline, kindsRead } from '../src/component/pipeline.ts';
import { NO_SINKS } from '../src/component/record-sinks.ts';
import { PipelineRun } from '../src/topology/pipeline-run.ts';
import { StateRegistry } from '../src/topology/state-registry.ts';
import { framesOfKinds } from './conformance/generate-frames.ts';
import { nullMetrics } from './conformance/null-metrics.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = join(ROOT, 'pipelines');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'));

/** Names in backticks of the row of each record. */
function documented(): ReadonlyMap<string, ReadonlySet<string>> {
  const text = readFileSync(join(ROOT, 'docs/derived-stream.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-z-]+)` (?:\|[^|]*){3}\|$/gm)];
  return new Map(
    rows.map(([row, name = '']) => {
      return [name, new Set([...row.matchAll(/`([a-z0-9_-]+)`/g)].map(([, word = '']) => word))];
    }),
  );
}

async function derivedBy(file: string): Promise<DerivedRecord[]> {
  const { default: pipeline } = (await import(join(FOLDER, file))) as { default: AnyPipeline };
  const derived: DerivedRecord[] = [];
  const run = new PipelineRun({
    pipelines: [pipeline],
    options: new Map([[pipeline.name, pipeline.options.parse({})]]),
    define: nullMetrics(),
    states: new StateRegistry(),
    sinks: { ...NO_SINKS, derived: (record) => derived.push(record), derivedLog: () => true },
    count: () => {},
    onRecord: () => {},
    onFailure: (_, error) => {
      throw error;
    },
  });
  for (const frame of framesOfKinds(kindsRead(pipeline), 3)) run.next(frame);
  return derived;
}

it.each(FILES)('docs/derived-stream.md says what pipelines/%s derives', async (file) => {
  const rows = documented();
  for (const { record, fields } of await derivedBy(file)) {
    const words = rows.get(record);
    expect(words, `a row for ${record}`).toBeDefined();
    expect(Object.keys(fields).filter((name) => !words?.has(name))).toEqual([]);
  }
});
