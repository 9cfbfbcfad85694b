import { readFile } from 'node:fs/promises';
import type { Config } from '../config/schema.ts';

export interface QueueStatus {
  readonly entries: number;
  readonly bytes: number | null;
}

/** What the running service says on /metrics; all of it is null or empty where none answers. */
export interface ServiceStatus {
  /** Null where the port is not known beforehand. */
  readonly url: string | null;
  readonly answers: boolean;
  /** Why not. */
  readonly error: string | null;
  readonly version: string | null;
  readonly catching_up: boolean | null;
  /** Messages of the stream that it has not processed. */
  readonly stream_lag_messages: number | null;
  /** Since all that was processed was in a checkpoint; one that is idle writes none. */
  readonly checkpoint_age_seconds: number | null;
  readonly document_store_up: boolean | null;
  readonly documents_oldest_seconds: number | null;
  readonly queues: Readonly<Record<string, QueueStatus>>;
}

const ANSWER_MS_MAX = 5000;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
/** Addresses that stand for all of a machine's: here it is asked on its own. */
const EVERYWHERE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** Asks the service that the configuration names. */
export async function readService(config: Config): Promise<ServiceStatus> {
  const { host, port } = config.http;
  if (port === 0) return unanswered(null, 'http.port is 0: its port is in its log only');
  const name = EVERYWHERE[host] ?? host;
  const url = `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
  try {
    return statusOf(url, await scrape(url, config.http.token_file));
  } catch (error) {
    return unanswered(url, reasonOf(error));
  }
}

async function scrape(url: string, tokenFile: string | undefined): Promise<string> {
  const headers: Record<string, string> = {};
  if (tokenFile !== undefined) {
    headers['authorization'] = `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}`;
  }
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const answer = await fetch(`${url}/metrics`, { headers, signal, redirect: 'error' });
  if (answer.status === 401) throw new Error('it wants a token: name its file in http.token_file');
  if (!answer.ok) throw new Error(`it answers ${answer.status} for /metrics`);
  if (Number(answer.headers.get('content-length') ?? 0) > ANSWER_BYTES_MAX) {
    throw new Error(`what it answers is longer than ${ANSWER_BYTES_MAX} bytes`);
  }
  return await answer.text();
}

function statusOf(url: string, text: string): ServiceStatus {
  const samples = [...ownSamples(text)];
  const value = (metric: string): number | null =>
    samples.find(({ name }) => name === metric)?.value ?? null;
  const build = samples.find(({ name }) => name === 'build_info');
  if (build === undefined) return unanswered(url, 'what answers there is no Spikescope');
  const isOne = (metric: string): boolean | null => {
    const found = value(metric);
    return found === null ? null : found === 1;
  };
  const entries = samples.filter(({ name }) => name === 'queue_depth');
  const bytes = samples.filter(({ name }) => name === 'queue_bytes');
  const queues = entries.map(({ labels, value: count }): [string, QueueStatus] => {
    const queue = labels['queue'] ?? '';
    const held = bytes.find(({ labels: each }) => each['queue'] === queue);
    return [queue, { entries: count, bytes: held?.value ?? null }];
  });
  return {
    url,
    answers: true,
    error: null,
    version: build.labels['version'] ?? null,
    catching_up: isOne('catching_up'),
    stream_lag_messages: value('stream_lag_messages'),
    checkpoint_age_seconds: value('checkpoint_age_seconds'),
    document_store_up: isOne('document_store_up'),
    documents_oldest_seconds: value('documents_oldest_seconds'),
    queues: Object.fromEntries(queues),
  };
}

function unanswered(url: string | null, error: string): ServiceStatus {
  return {
    url,
    answers: false,
    error,
    version: null,
    catching_up: null,
    stream_lag_messages: null,
    checkpoint_age_seconds: null,
    document_store_up: null,
    documents_oldest_seconds: null,
    queues: {},
  };
}

interface OwnSample {
  /** Without `spikescope_`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SAMPLE = /^spikescope_(\w+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Own metrics of a text exposition; their labels are names of ours. */
function* ownSamples(text: string): Generator<OwnSample> {
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
    if (name === undefined) continue;
    const pairs = [...labels.matchAll(LABEL)].map(([, key, text = '']) => [key, text]);
    yield { name, labels: Object.fromEntries(pairs), value: Number(value) };
  }
}

/** What `fetch` says is "fetch failed"; what happened is its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}
