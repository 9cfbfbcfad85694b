import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { StoredDocument } from '../document.ts';
import type { DocumentQueries } from '../document-store.ts';
import { answerCalls } from './calls.ts';
import { SqliteReader } from './reader.ts';
import type { Deleted } from './sweeper.ts';
import { SqliteWriter, type WriterOptions } from './writer.ts';

/**
 * SQLite is synchronous, and its worst batch takes half a second: it works in threads of its own,
 * one that writes and one that reads. This is what runs in either.
 */
export type WorkerTask =
  | ({ readonly role: 'writer' } & WriterOptions)
  | { readonly role: 'reader'; readonly file: string };

/** What the writer's worker says unasked. */
export type WorkerEvent = { readonly deleted: Deleted } | { readonly failed: string };

/** Age has no batch that reminds of it. */
const SWEEP_MS = 60_000;

function write(port: MessagePort, options: WriterOptions): void {
  let writer: SqliteWriter | undefined;
  let isDue = false;
  const opened = (): SqliteWriter => {
    writer ??= new SqliteWriter(options, Date.now());
    return writer;
  };
  const sweep = (): void => {
    isDue = false;
    try {
      const done = writer?.sweeper.step(Date.now());
      if (done === undefined) return;
      if (done !== 'freed') port.postMessage({ deleted: done } satisfies WorkerEvent);
      sweepSoon();
    } catch (error) {
      port.postMessage({ failed: (error as Error).message } satisfies WorkerEvent);
    }
  };
  // After what waits in the port: a batch never waits for more than one step.
  const sweepSoon = (): void => {
    if (!isDue) setImmediate(sweep);
    isDue = true;
  };
  setInterval(sweepSoon, SWEEP_MS).unref();
  answerCalls(port, {
    open: () => {
      const isFirst = writer === undefined;
      return isFirst ? opened().made : [];
    },
    write: (batch: readonly StoredDocument[]) => {
      sweepSoon();
      return opened().write(batch, Date.now());
    },
    check: () => opened().check(),
    close: () => {
      const last = writer;
      // A step that is due finds nothing to do.
      writer = undefined;
      last?.close();
      endSoon(port);
    },
  });
}

type Query = keyof DocumentQueries;

function read(port: MessagePort, file: string): void {
  let reader: SqliteReader | undefined;
  const ask =
    <Args extends unknown[], Answer>(question: (r: SqliteReader, ...args: Args) => Answer) =>
    (...args: Args): Answer => {
      reader ??= new SqliteReader(file);
      return question(reader, ...args);
    };
  const queries: Readonly<Record<Query | 'check', (...args: never[]) => unknown>> = {
    count: ask((r, ...args: Parameters<SqliteReader['count']>) => r.count(...args)),
    countBy: ask((r, ...args: Parameters<SqliteReader['countBy']>) => r.countBy(...args)),
    bucketsBy: ask((r, ...args: Parameters<SqliteReader['bucketsBy']>) => r.bucketsBy(...args)),
    list: ask((r, ...args: Parameters<SqliteReader['list']>) => r.list(...args)),
    check: ask(() => undefined),
  };
  const close = (): void => {
    reader?.close();
    endSoon(port);
  };
  answerCalls(port, { ...queries, close });
}

/** Without its port the worker has nothing to wait for, and ends; the answer goes before. */
function endSoon(port: MessagePort): void {
  setImmediate(() => port.close());
}

const task = workerData as WorkerTask;
if (task.role === 'writer') write(parentPort as MessagePort, task);
else read(parentPort as MessagePort, task.file);
