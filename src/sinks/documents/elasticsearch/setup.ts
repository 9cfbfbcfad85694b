import { StoreError } from '../document-store.ts';
import type { IndexName } from '../indices.ts';
import type { Connection } from './connect.ts';
import { isUnknownRequest } from './fault.ts';
import { type FoundIndex, faultsOf, findIndices } from './found-index.ts';
import { mappingFaults, missingProperties, retentionOf, templateOf } from './mapping.ts';

export interface SetupOptions {
  readonly connection: Connection;
  readonly prefix: string;
  /** µs that documents are kept. */
  readonly retention: Readonly<Record<IndexName, number>>;
}

/**
 * Makes what is missing: the template and the data stream of each index, and fields that are new.
 * Says what that was, one sentence each.
 * @throws StoreError where what is there disagrees; nothing has been changed then
 */
export async function setUp(options: SetupOptions, signal: AbortSignal): Promise<string[]> {
  const { connection, prefix } = options;
  const found = await findIndices(connection, prefix, signal);
  const faults = found.flatMap(faultsOf);
  for (const each of found) faults.push(...(await overrulingFaults(options, each, signal)));
  if (faults.length > 0) {
    const listed = faults.map((fault) => `  ${fault}`).join('\n');
    throw new StoreError(
      `Elasticsearch at ${connection.shown} holds what is not as it should be:\n${listed}\n` +
        'Move it to other names, or set documents.elasticsearch.index_prefix',
    );
  }
  const made: string[] = [];
  for (const each of found) {
    made.push(...(await putTemplate(options, each, signal)));
    made.push(...(await addFields(options, each, signal)));
  }
  made.push(...(await setRetention(options, found, signal)));
  made.push(...(await makeStreams(options, found, signal)));
  return made;
}

/** Whether a data stream that is to be made would get other mappings than those of our template. */
async function overrulingFaults(
  { connection, retention }: SetupOptions,
  { index, name, is, template }: FoundIndex,
  signal: AbortSignal,
): Promise<string[]> {
  if (is !== 'absent') return [];
  const { name: _, ...body } = templateOf(index, name, retention[index]);
  // A template can't be tried beside one of the same name.
  const tried = template === undefined ? { name, ...body } : { name };
  const simulated = await connection.client.indices.simulateIndexTemplate(
    tried,
    connection.with(signal),
  );
  // A template without mappings leaves them out.
  const mappings = simulated.template.mappings ?? {};
  const missing = Object.keys(missingProperties(index, mappings)).map(
    (field) => `${name}: field ${field}: wanted one, found none`,
  );
  const faults = [...mappingFaults(index, name, mappings), ...missing];
  if (faults.length === 0) return [];
  return [`${name}: another index template of a higher priority would win`, ...faults];
}

async function putTemplate(
  { connection, retention }: SetupOptions,
  { index, name, template }: FoundIndex,
  signal: AbortSignal,
): Promise<string[]> {
  const wanted = templateOf(index, name, retention[index]);
  const isSame = template?._meta?.['fingerprint'] === wanted._meta?.['fingerprint'];
  if (isSame) return [];
  await connection.client.indices.putIndexTemplate(wanted, connection.with(signal));
  const kept = `documents are kept ${retentionOf(retention[index])}`;
  return [`index template ${name} ${template === undefined ? 'made' : 'changed'}: ${kept}`];
}

/** Fields that came with a newer version, in every index behind a data stream. */
async function addFields(
  { connection }: SetupOptions,
  { index, name, mappings }: FoundIndex,
  signal: AbortSignal,
): Promise<string[]> {
  const lacking = Object.values(mappings).map((found) => missingProperties(index, found));
  const properties = Object.assign({}, ...lacking) as ReturnType<typeof missingProperties>;
  const fields = Object.keys(properties);
  if (fields.length === 0) return [];
  const change = { index: name, properties };
  await connection.client.indices.putMapping(change, connection.with(signal));
  return [`data stream ${name}: added ${fields.join(', ')}`];
}

/** A template's retention is for data streams made later; one that is there has its own. */
async function setRetention(
  { connection, retention }: SetupOptions,
  found: readonly FoundIndex[],
  signal: AbortSignal,
): Promise<string[]> {
  const streams = found.filter(({ is }) => is === 'data stream');
  if (streams.length === 0) return [];
  const { indices } = connection.client;
  const name = streams.map((stream) => stream.name);
  const made: string[] = [];
  try {
    const { data_streams } = await indices.getDataLifecycle({ name }, connection.with(signal));
    for (const stream of streams) {
      const known = data_streams.find((each) => each.name === stream.name);
      const data_retention = retentionOf(retention[stream.index]);
      if (known?.lifecycle?.data_retention === data_retention) continue;
      const change = { name: stream.name, data_retention };
      await indices.putDataLifecycle(change, connection.with(signal));
      made.push(`data stream ${stream.name}: documents are kept ${data_retention}`);
    }
  } catch (error) {
    // A server without these requests has nothing that would delete, either.
    if (!isUnknownRequest(error)) throw error;
  }
  return made;
}

/**
 * Makes the data streams that are not there, all with one request: the first document makes one,
 * even where it is refused as these are, for they have no time.
 */
async function makeStreams(
  { connection }: SetupOptions,
  found: readonly FoundIndex[],
  signal: AbortSignal,
): Promise<string[]> {
  const absent = found.filter(({ is }) => is === 'absent').map(({ name }) => name);
  if (absent.length === 0) return [];
  const operations = absent.flatMap((name) => [{ create: { _index: name } }, {}]);
  const request = { operations, require_data_stream: true };
  const { items } = await connection.client.bulk(request, connection.with(signal));
  for (const [i, { create }] of items.entries()) {
    if (create?.status === 400) continue;
    const why = create?.error?.reason ?? `status ${create?.status}`;
    throw new Error(`the data stream ${absent[i]} could not be made: ${why}`);
  }
  return absent.map((name) => `data stream ${name} made`);
}
