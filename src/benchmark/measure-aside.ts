import { Worker } from 'node:worker_threads';
import type { MeasureSettings, ModelMeasures } from './measure-model.ts';
import type { WorkerTask } from './run-worker.ts';

const SOURCE = new URL('./run-worker.ts', import.meta.url);
/** In the package it is the compiled file beside this one. */
const FILE = import.meta.url.endsWith('.ts') ? SOURCE : new URL(SOURCE.href.replace(/ts$/, 'js'));

/**
 * Measures a model in a thread of its own, so that the connection is looked after meanwhile. The
 * signal ends the thread; then it rejects with the signal's reason.
 */
export function measureAside(
  model: string,
  settings: MeasureSettings,
  signal: AbortSignal,
): Promise<ModelMeasures> {
  const { promise, resolve, reject } = Promise.withResolvers<ModelMeasures>();
  const workerData: WorkerTask = { model, settings };
  const worker = new Worker(FILE, { workerData });
  const stop = () => {
    reject(signal.reason);
    void worker.terminate();
  };
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', (code) => {
    signal.removeEventListener('abort', stop);
    reject(new Error(`the thread of the run ended with ${code} and no result`));
  });
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  return promise;
}
