import type { estypes } from '@elastic/elasticsearch';
import { INDEX_NAMES, type IndexName } from '../indices.ts';
import type { Connection } from './connect.ts';
import { statusOf } from './fault.ts';
import { MANAGED_BY, mappingFaults } from './mapping.ts';

type Mappings = Readonly<Record<string, estypes.MappingTypeMapping>>;

/** What there is of one index. */
export interface FoundIndex {
  readonly index: IndexName;
  /** Its name in Elasticsearch. */
  readonly name: string;
  readonly is: 'absent' | 'data stream' | 'ordinary index' | 'alias';
  /** By the name of what holds the documents: an index for each rollover of a data stream. */
  readonly mappings: Mappings;
  readonly template: estypes.IndicesIndexTemplate | undefined;
}

/** Looks at all indices, in the order of INDEX_NAMES. */
export async function findIndices(
  connection: Connection,
  prefix: string,
  signal: AbortSignal,
): Promise<FoundIndex[]> {
  const { client } = connection;
  const names = { name: `${prefix}*`, expand_wildcards: 'all' as const };
  const there = await client.indices.resolveIndex(names, connection.with(signal));
  const templates = await findTemplates(connection, prefix, signal);
  const held = new Map<string, readonly string[]>([
    ...there.indices.map(({ name }) => [name, [name]] as const),
    ...there.data_streams.map((stream) => [stream.name, [stream.backing_indices].flat()] as const),
  ]);
  const wanted = INDEX_NAMES.map((index) => `${prefix}${index}`);
  const present = wanted.filter((name) => held.has(name));
  const mappings =
    present.length === 0
      ? {}
      : await client.indices.getMapping({ index: present }, connection.with(signal));
  return INDEX_NAMES.map((index) => {
    const name = `${prefix}${index}`;
    const holding = (held.get(name) ?? []).map((key) => [key, mappings[key]?.mappings ?? {}]);
    return {
      index,
      name,
      is: kindOf(name, there),
      mappings: Object.fromEntries(holding) as Mappings,
      template: templates.get(name),
    };
  });
}

function kindOf(name: string, there: estypes.IndicesResolveIndexResponse): FoundIndex['is'] {
  const isNamed = (each: { readonly name: string }) => each.name === name;
  if (there.data_streams.some(isNamed)) return 'data stream';
  if (there.indices.some(isNamed)) return 'ordinary index';
  return there.aliases.some(isNamed) ? 'alias' : 'absent';
}

async function findTemplates(
  connection: Connection,
  prefix: string,
  signal: AbortSignal,
): Promise<Map<string, estypes.IndicesIndexTemplate>> {
  try {
    const { index_templates } = await connection.client.indices.getIndexTemplate(
      { name: `${prefix}*` },
      connection.with(signal),
    );
    return new Map(index_templates.map(({ name, index_template }) => [name, index_template]));
  } catch (error) {
    if (statusOf(error) === 404) return new Map();
    throw error;
  }
}

/** Why what is there can't be used, one sentence each. */
export function faultsOf({ index, name, is, mappings, template }: FoundIndex): string[] {
  const faults: string[] = [];
  if (is === 'ordinary index' || is === 'alias') {
    faults.push(`${name}: wanted a data stream, found an ${is}`);
  }
  if (template !== undefined && template._meta?.['managed_by'] !== MANAGED_BY) {
    faults.push(`${name}: an index template of that name was made by something else`);
  }
  for (const [holding, found] of Object.entries(mappings)) {
    const where = holding === name ? name : `${name} (${holding})`;
    faults.push(...mappingFaults(index, where, found));
  }
  return faults;
}
