import { X509Certificate } from 'node:crypto';
import { Client, type ClientOptions } from '@elastic/elasticsearch';
import { OptionError } from '../../../component/option-error.ts';
import { oneLine, readOptionFile, SecretFile } from '../../../component/secret-file.ts';
import { type ElasticsearchOptions, nodesOf } from './options.ts';

const RESPONSE_BYTES_MAX = 256 * 1024 * 1024;
const SECTION = 'documents.elasticsearch';

/** What every request carries beside its own. */
export interface RequestOptions {
  readonly signal?: AbortSignal;
  readonly headers: Record<string, string>;
  readonly openTelemetry: { readonly enabled: boolean };
}

/** A client, and how it is to ask: what is secret is read again for each request. */
export interface Connection {
  readonly client: Client;
  /** For people: the first address, or that it is the cloud. */
  readonly shown: string;
  with(signal?: AbortSignal): RequestOptions;
}

/**
 * A client that tries once: what becomes of a request that failed is decided here, not there.
 * @throws OptionError where a file can't be used
 */
export function connect(options: ElasticsearchOptions): Connection {
  const authorization = authorizationOf(options);
  const nodes = nodesOf(options);
  const client = createClient(options, {
    ...(options.cloud_id === undefined
      ? { nodes: [...nodes] }
      : { cloud: { id: options.cloud_id } }),
    ...(options.ca_file !== undefined && { tls: { ca: readCa(options.ca_file) } }),
    maxRetries: 0,
    requestTimeout: options.request_timeout / 1000,
    compression: options.gzip,
    maxResponseSize: RESPONSE_BYTES_MAX,
  });
  return {
    client,
    shown: nodes[0] ?? 'Elastic Cloud',
    with: (signal) => ({
      headers: authorization === undefined ? {} : { authorization: authorization() },
      // Spans of Spikescope's own work are of batches of frames, not of each request.
      openTelemetry: { enabled: false },
      ...(signal !== undefined && { signal }),
    }),
  };
}

function createClient(options: ElasticsearchOptions, wanted: ClientOptions): Client {
  try {
    return new Client(wanted);
  } catch (cause) {
    if (options.cloud_id === undefined) throw cause;
    throw new OptionError(`${SECTION}.cloud_id`, 'is no id of a deployment', { cause });
  }
}

function readCa(path: string): Buffer {
  const ca = readOptionFile(`${SECTION}.ca_file`, path);
  try {
    // A secure context takes any bytes for authorities and then trusts nobody.
    new X509Certificate(ca);
    return ca;
  } catch (cause) {
    throw new OptionError(`${SECTION}.ca_file`, `${path} holds no certificate`, { cause });
  }
}

/** The header `Authorization` as it is now; undefined where nobody asks for one. */
function authorizationOf(options: ElasticsearchOptions): (() => string) | undefined {
  const { api_key_file, username, password_file } = options;
  if (api_key_file !== undefined) {
    const holds = 'one line with an API key';
    const key = new SecretFile(`${SECTION}.api_key_file`, api_key_file, holds, oneLine);
    return () => `ApiKey ${encodedKey(key.latest())}`;
  }
  if (username === undefined || password_file === undefined) return undefined;
  const holds = 'one line with the password';
  const password = new SecretFile(`${SECTION}.password_file`, password_file, holds, oneLine);
  return () => `Basic ${base64(`${username}:${password.latest()}`)}`;
}

/** Kibana shows keys encoded, the server's answer has an id and a key. */
function encodedKey(key: string): string {
  return key.includes(':') ? base64(key) : key;
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
