import { INDEX_FIELDS, INDEX_NAMES, type IndexName } from '../../src/sinks/documents/indices.ts';

/** What every document has beside its fields. */
const TIME = 'timestamp';
/** What names of indices begin with, where documents.elasticsearch.index_prefix is not set. */
const PREFIX = 'spikeformer-';
/** As Kibana 8.8 and later export them; a newer one brings them up to date when it imports. */
const VERSIONS = { coreMigrationVersion: '8.8.0', managed: false } as const;

/** A search that people begin with: which documents, and what is shown of each. */
interface SavedSearch {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly index: IndexName;
  /** Documents that have one of these values in each field. */
  readonly having: Readonly<Record<string, readonly (string | boolean)[]>>;
  readonly columns: readonly string[];
}

export const SAVED_SEARCHES: readonly SavedSearch[] = [
  {
    id: 'errors',
    title: 'Errors',
    description: 'Log lines of level ERROR and CRITICAL, of every service.',
    index: 'logs',
    having: { level: ['ERROR', 'CRITICAL'] },
    columns: ['level', 'event_type', 'error_type', 'message', 'service', 'logger'],
  },
  {
    id: 'hardware-errors',
    title: 'Hardware that needs attention',
    description: 'Hardware errors of emitters, and chips that are disconnected.',
    index: 'logs',
    having: { event_type: ['hardware_error'], requires_attention: [true] },
    columns: ['hardware_type', 'chip_id', 'error_message', 'message'],
  },
  {
    id: 'conversion-starts',
    title: 'Conversions that started',
    description: 'One line for each, as the log analysis counts them.',
    index: 'logs',
    having: { event_type: ['conversion_start'] },
    columns: ['model_id', 'model_type', 'model_size', 'hardware_target', 'conversion_id'],
  },
  {
    id: 'conversion-failures',
    title: 'Conversions that failed',
    description: 'With their errors; timeout: it did not finish within the bound.',
    index: 'conversions',
    having: { event: ['finished'], success: [false] },
    columns: ['model_name', 'hardware_target', 'error_type', 'error_message', 'duration_us'],
  },
  {
    id: 'incomplete-runs',
    title: 'Runs that lost frames',
    description: 'Their totals are lower bounds.',
    index: 'runs',
    having: { is_complete: [false] },
    columns: ['run_id', 'hardware', 'model', 'frames', 'frames_lost', 'spikes', 'energy_joules'],
  },
  {
    id: 'disconnected-chips',
    title: 'Chips that were disconnected',
    description: 'When, and why.',
    index: 'health',
    having: { connected: [false] },
    columns: ['device_type', 'chip_id', 'status', 'reason'],
  },
  {
    id: 'incidents',
    title: 'Anomalies',
    description: 'Incidents that detectors have opened, the last first.',
    index: 'anomalies',
    having: {},
    columns: ['severity', 'detector', 'series', 'text', 'score'],
  },
];

/** A data view for each index and the saved searches, to be imported under Saved Objects. */
export function kibanaObjects(): string {
  const objects = [...INDEX_NAMES.map(dataView), ...SAVED_SEARCHES.map(search)];
  return objects.map((object) => `${JSON.stringify(object)}\n`).join('');
}

function viewId(index: IndexName): string {
  return `spikescope-${index}`;
}

function dataView(index: IndexName): object {
  return {
    id: viewId(index),
    type: 'index-pattern',
    typeMigrationVersion: '8.0.0',
    ...VERSIONS,
    references: [],
    attributes: {
      name: `Spikescope ${index}`,
      // The star lets it be imported before there is a document.
      title: `${PREFIX}${index}*`,
      timeFieldName: TIME,
      allowHidden: false,
      fieldAttrs: '{}',
      fieldFormatMap: JSON.stringify(formatsOf(index)),
      fields: '[]',
      runtimeFieldMap: '{}',
      sourceFilters: '[]',
    },
  };
}

/** Times in µs are shown in words. */
function formatsOf(index: IndexName): object {
  const params = { inputFormat: 'microseconds', outputFormat: 'humanizePrecise' };
  const format = { id: 'duration', params: { ...params, useShortSuffix: true } };
  const times = ['span_us', 'duration_us'].filter((name) => name in INDEX_FIELDS[index]);
  return Object.fromEntries(times.map((name) => [name, format]));
}

function search({ id, title, description, index, having, columns }: SavedSearch): object {
  const source = {
    query: { query: kql(having), language: 'kuery' },
    filter: [],
    indexRefName: 'kibanaSavedObjectMeta.searchSourceJSON.index',
  };
  return {
    id: `spikescope-${id}`,
    type: 'search',
    typeMigrationVersion: '10.5.0',
    ...VERSIONS,
    references: [{ id: viewId(index), name: source.indexRefName, type: 'index-pattern' }],
    attributes: {
      title: `Spikescope: ${title}`,
      description,
      columns,
      sort: [[TIME, 'desc']],
      grid: {},
      hideChart: false,
      isTextBasedQuery: false,
      timeRestore: false,
      kibanaSavedObjectMeta: { searchSourceJSON: JSON.stringify(source) },
    },
  };
}

/** Fields and their values in Kibana's query language; everything, where none is asked for. */
function kql(having: SavedSearch['having']): string {
  return Object.entries(having)
    .map(([field, values]) => {
      const words = values.map((value) => (typeof value === 'string' ? `"${value}"` : `${value}`));
      return `${field} : ${words.length === 1 ? words[0] : `(${words.join(' or ')})`}`;
    })
    .join(' and ');
}
