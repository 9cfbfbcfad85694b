import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { stateFolder } from '../state-folder.ts';

/** What a worker tells the process that started it. */
export interface WorkerMessage {
  readonly serving: string;
}

/**
 * The configuration of one of several workers that a process starts on its machine: a port and a
 * folder of state each. The first has those that were configured, and the embedded store.
 */
export function configOfWorker(config: Config, index: number): Config {
  const workers = { ...config.workers, count: 1 };
  if (index === 0) return { ...config, workers };
  const { http, documents } = config;
  return {
    ...config,
    workers,
    state: join(stateFolder(config), `worker-${index}`),
    http: { ...http, port: http.port === 0 ? 0 : http.port + index },
    // A file has one writer, and the records are for all: the first one takes them.
    documents: documents.store === 'sqlite' ? { ...documents, store: 'none' } : documents,
  };
}

/** Tells who started this process, where anybody did and wants to know. */
export function tellServing(url: string): void {
  const message: WorkerMessage = { serving: url };
  process.send?.(message);
}

/** A worker does not outlive who started it: nobody would start it again, or tell it to end. */
export function withoutParent(signal: AbortSignal): AbortSignal {
  if (process.send === undefined) return signal;
  const gone = new AbortController();
  process.once('disconnect', () => gone.abort());
  return AbortSignal.any([signal, gone.signal]);
}
