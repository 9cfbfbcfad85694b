import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadPipelines } from '../../src/cli/load-pipelines.ts';
import { metricCatalog } from '../../src/monitoring/catalog.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/monitoring.md'), 'utf8');
const METRIC =
  /\b(?:spikeformer|spikescope|neuromorphic|energy|spike|loihi2|spinnaker|node_memory)_\w+/g;

/** Rows of the table of names: what the kit calls something, and what it is here. */
const ROWS = (PAGE.split("## Names of the kit's rules")[1] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').slice(1, 3) as [there: string, here: string]);

it('leads from the names of the kit to names that there are', async () => {
  const catalog = metricCatalog(await loadPipelines());
  expect(ROWS.length).toBeGreaterThan(12);
  const here = ROWS.flatMap(([, text]) => text.match(METRIC) ?? []);
  expect(here.length).toBeGreaterThan(12);
  expect(here.filter((name) => !catalog.has(name))).toEqual([]);
  const there = ROWS.flatMap(([text]) => text.match(METRIC) ?? []);
  expect(there.filter((name) => catalog.has(name))).toEqual([]);
});
