import { parentPort, workerData } from 'node:worker_threads';
import { type MeasureSettings, measureModel } from './measure-model.ts';

/** What this thread is started with. */
export interface WorkerTask {
  readonly model: string;
  readonly settings: MeasureSettings;
}

/** One run of one model in a thread of its own; its memory goes with the thread. */
const { model, settings } = workerData as WorkerTask;
parentPort?.postMessage(measureModel(model, settings));
