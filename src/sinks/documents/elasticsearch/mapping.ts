import { createHash } from 'node:crypto';
import type { estypes } from '@elastic/elasticsearch';
import { formatDuration } from '../../../component/duration.ts';
import { type FieldType, INDEX_FIELDS, type IndexName } from '../indices.ts';

type Property = estypes.MappingProperty;

/**
 * Above the built-in templates (100 for `logs-*-*`) and those of integrations (200), so that none
 * of them has a say in an index of ours.
 */
const PRIORITY = 500;
export const MANAGED_BY = 'spikescope';

/** The document's id once more: `_id` can't be sorted by. */
export const ID_FIELD = 'record_id';
export const TIME_FIELD = 'timestamp';

/** The strictest form of each type: a number as text, or 2.5 as a whole one, is refused. */
const PROPERTIES: Readonly<Record<FieldType, Property>> = {
  name: { type: 'keyword' },
  // As the kit's stack maps a string by itself, but for the scores, which nobody asks for.
  guideName: { type: 'text', norms: false, fields: { keyword: { type: 'keyword' } } },
  prose: { type: 'text' },
  whole: { type: 'long', coerce: false },
  number: { type: 'double', coerce: false },
  truth: { type: 'boolean' },
  'whole[]': { type: 'long', coerce: false },
  'number[]': { type: 'double', coerce: false },
};

/** What every index has. A data stream wants a field named `@timestamp`: it is a copy. */
const OWN_PROPERTIES: Readonly<Record<string, Property>> = {
  '@timestamp': { type: 'date' },
  [TIME_FIELD]: { type: 'date', copy_to: ['@timestamp'] },
  [ID_FIELD]: { type: 'keyword' },
};

/** The fields of an index as Elasticsearch maps them. */
export function propertiesOf(index: IndexName): Record<string, Property> {
  const own = Object.entries(INDEX_FIELDS[index]).map(([name, type]) => [name, PROPERTIES[type]]);
  return { ...OWN_PROPERTIES, ...Object.fromEntries(own) };
}

/** Where a field is matched whole and counted by. */
export function exactField(index: IndexName, field: string): string {
  return INDEX_FIELDS[index][field] === 'guideName' ? `${field}.keyword` : field;
}

/** The template of a data stream: strict mapping, retention, nothing of other templates. */
export function templateOf(
  index: IndexName,
  name: string,
  keptUs: number,
): estypes.IndicesPutIndexTemplateRequest {
  const rest: Omit<estypes.IndicesPutIndexTemplateRequest, '_meta'> = {
    name,
    index_patterns: [name],
    priority: PRIORITY,
    data_stream: {},
    template: {
      // Green on one node, a copy on more.
      settings: { auto_expand_replicas: '0-1' },
      mappings: { dynamic: 'strict', properties: propertiesOf(index) },
      lifecycle: { data_retention: retentionOf(keptUs) },
      // A document that is refused is said to be: it goes to the dead documents, not elsewhere.
      data_stream_options: { failure_store: { enabled: false } },
    },
  };
  const fingerprint = createHash('sha256').update(JSON.stringify(rest)).digest('hex').slice(0, 16);
  return { ...rest, _meta: { managed_by: MANAGED_BY, fingerprint } };
}

/** A time as Elasticsearch writes it; it has no unit for µs. */
export function retentionOf(keptUs: number): string {
  return formatDuration(Math.ceil(keptUs / 1e6) * 1e6);
}

/** What disagrees between an index as it is and as it should be, one sentence each. */
export function mappingFaults(
  index: IndexName,
  name: string,
  found: estypes.MappingTypeMapping,
): string[] {
  const faults: string[] = [];
  if (String(found.dynamic) !== 'strict') {
    faults.push(`${name}: dynamic: wanted strict, found ${found.dynamic ?? true}`);
  }
  for (const [field, wanted] of Object.entries(propertiesOf(index))) {
    const property = found.properties?.[field];
    if (property === undefined || sameProperty(wanted, property)) continue;
    faults.push(`${name}: field ${field}: wanted ${shown(wanted)}, found ${shown(property)}`);
  }
  return faults;
}

/** Fields that an index should have and has not. */
export function missingProperties(
  index: IndexName,
  found: estypes.MappingTypeMapping,
): Record<string, Property> {
  const wanted = Object.entries(propertiesOf(index));
  return Object.fromEntries(wanted.filter(([field]) => found.properties?.[field] === undefined));
}

function sameProperty(wanted: Property, found: Property): boolean {
  return shown(wanted) === shown(found);
}

/** A property in the order of its names, a plain one by its type alone. */
function shown(property: Property): string {
  const { type = 'object', ...rest } = property;
  const entries = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return type;
  return `${type} ${JSON.stringify(Object.fromEntries(entries))}`;
}
