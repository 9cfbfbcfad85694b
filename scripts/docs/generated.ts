import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPipelines } from '../../src/cli/load-pipelines.ts';
import { apiDocument } from '../../src/http/live/api-document.ts';
import { SCHEMA_VERSION, schemaText } from '../../src/sinks/documents/sqlite/schema.ts';
import { configurationPage } from './configuration.ts';
import { kibanaObjects } from './kibana.ts';
import { monitoringFiles } from './monitoring.ts';
import { ownMetricsTable } from './own-metrics.ts';
import { reasonsTable } from './reasons.ts';

const ROOT = join(import.meta.dirname, '../..');
const DOCS = join(ROOT, 'docs');
/** The embedded store's schema, one file a version: older ones are what migrations begin with. */
const SCHEMA = join(ROOT, `test/documents/sqlite/schemas/${SCHEMA_VERSION}.sql`);

/** Every file that is generated, or holds a generated table, as it should be. */
export async function generatedDocs(): Promise<{ path: string; text: string }[]> {
  const pipelines = await loadPipelines();
  return [
    { path: join(DOCS, 'configuration.md'), text: configurationPage(pipelines) },
    ...monitoringFiles(pipelines).map(({ path, text }) => ({ path: join(ROOT, path), text })),
    { path: SCHEMA, text: schemaText() },
    { path: join(DOCS, 'openapi.json'), text: openApiText() },
    { path: join(ROOT, 'monitoring/kibana/spikescope.ndjson'), text: kibanaObjects() },
    withTable('operating.md', 'own metrics', ownMetricsTable()),
    withTable('wire.md', 'reasons', reasonsTable()),
  ];
}

/** The version of the program is in what it serves itself; a document of a commit has none. */
function openApiText(): string {
  return `${JSON.stringify(apiDocument('0'), null, 2)}\n`;
}

/** A page of which the part between two marks is generated. */
function withTable(name: string, mark: string, table: string): { path: string; text: string } {
  const path = join(DOCS, name);
  const text = readFileSync(path, 'utf8');
  const begin = `<!-- ${mark}: npm run docs -->\n`;
  const end = `\n<!-- end of ${mark} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${path} has no marks "${begin.trim()}"`);
  return { path, text: text.slice(0, from + begin.length) + table + text.slice(to) };
}
