import { readFileSync } from 'node:fs';
import type { StoredDocument } from '../../sinks/documents/document.ts';
import {
  type DocumentStore,
  StoreError,
  type WriteOutcome,
} from '../../sinks/documents/document-store.ts';
import { UsageError } from '../config/config-error.ts';

/** Where shipped lines go. */
export interface ShipTarget {
  /** Rejects with a StoreError where there is no use in trying again. */
  write(batch: readonly StoredDocument[], signal: AbortSignal): Promise<readonly WriteOutcome[]>;
  close(): Promise<void>;
}

/** The store itself; it is made what it should be first. */
export async function storeTarget(store: DocumentStore, signal: AbortSignal): Promise<ShipTarget> {
  try {
    await store.setup(signal);
  } catch (error) {
    await store.close();
    if (store.name !== 'sqlite' || !(error instanceof StoreError)) throw error;
    const hint = 'while spikescope run writes it, ship through that: --to http://127.0.0.1:9464';
    throw new StoreError(`${error.message}\n${hint}`);
  }
  return store;
}

/** What a service answers, and a while after which it is asked anew. */
const ANSWER_MS_MAX = 30_000;

/** A service that runs, over HTTP. */
export function serviceTarget(url: string, tokenFile: string | undefined): ShipTarget {
  const to = addressOf(url);
  const token = tokenFile === undefined ? undefined : readFileSync(tokenFile, 'utf8').trim();
  const headers = {
    'content-type': 'application/x-ndjson',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  return {
    write: async (batch, signal) => {
      const response = await fetch(to, {
        method: 'POST',
        headers,
        body: batch.map((document) => `${JSON.stringify(document)}\n`).join(''),
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)]),
      });
      const text = await response.text();
      if (response.ok) return (JSON.parse(text) as { outcomes: WriteOutcome[] }).outcomes;
      const what = `${to} answers ${response.status}: ${text.slice(0, 200)}`;
      // A fault of the request is one tomorrow as well; that of a server passes.
      const passes = response.status >= 500 || response.status === 429;
      throw passes ? new Error(what) : new StoreError(what);
    },
    close: async () => {},
  };
}

function addressOf(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw new UsageError(
      `--to needs the URL of a service, such as http://127.0.0.1:9464, got "${url}"`,
    );
  }
  return new URL('/api/logs/ship', parsed);
}
