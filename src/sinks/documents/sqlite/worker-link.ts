import { Worker } from 'node:worker_threads';
import { type Call, errorOf, type Reply } from './calls.ts';
import type { WorkerEvent, WorkerTask } from './worker.ts';

/** Calls that wait for an answer: a caller that does not wait for its own meets an error. */
const PENDING_MAX = 256;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The worker's file: TypeScript in the repository, JavaScript in the package, as this one is. */
function workerFile(): URL {
  const file = new URL('./worker.ts', import.meta.url);
  if (import.meta.url.endsWith('.js')) file.pathname = file.pathname.replace(/ts$/, 'js');
  return file;
}

/** One worker and what was asked of it. The first call starts it, also after it died. */
export class WorkerLink {
  private readonly task: WorkerTask;
  private readonly heard: (event: WorkerEvent) => void;
  private readonly pending = new Map<number, Pending>();
  private worker: Worker | undefined;
  private lastId = 0;

  constructor(task: WorkerTask, heard: (event: WorkerEvent) => void) {
    this.task = task;
    this.heard = heard;
  }

  get isRunning(): boolean {
    return this.worker !== undefined;
  }

  /** Asks; who gives up by the signal hears of that at once, and the worker goes on. */
  call<Value>(name: string, args: readonly unknown[], signal?: AbortSignal): Promise<Value> {
    return new Promise<unknown>((resolve, reject) => {
      if (signal?.aborted) throw signal.reason;
      if (this.pending.size >= PENDING_MAX) throw new Error(`${PENDING_MAX} calls wait already`);
      const id = ++this.lastId;
      const giveUp = (): void => reject(signal?.reason);
      signal?.addEventListener('abort', giveUp, { once: true });
      const settle =
        <T>(how: (value: T) => void) =>
        (value: T): void => {
          signal?.removeEventListener('abort', giveUp);
          how(value);
        };
      this.pending.set(id, { resolve: settle(resolve), reject: settle(reject) });
      this.worker ??= this.start();
      this.worker.ref();
      this.worker.postMessage({ id, name, args } satisfies Call);
    }) as Promise<Value>;
  }

  private start(): Worker {
    const worker = new Worker(workerFile(), { workerData: this.task });
    worker.on('message', (message: Reply | WorkerEvent) => {
      if ('id' in message) this.settle(message);
      else this.heard(message);
    });
    worker.on('error', (error) => this.lose(worker, error));
    worker.on('exit', () => this.lose(worker, new Error('the worker of the store has ended')));
    return worker;
  }

  private settle(reply: Reply): void {
    const waiting = this.pending.get(reply.id);
    this.pending.delete(reply.id);
    // An idle store keeps no process from ending.
    if (this.pending.size === 0) this.worker?.unref();
    if ('fault' in reply) waiting?.reject(errorOf(reply.fault));
    else waiting?.resolve(reply.value);
  }

  private lose(worker: Worker, error: unknown): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    const lost = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of lost) reject(error);
  }

  /** Lets the worker finish what it was asked, and end. */
  async close(): Promise<void> {
    const { worker } = this;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    await this.call('close', []);
    this.worker = undefined;
    // Idle now, but to be waited for.
    worker.ref();
    await ended;
  }
}
