import { Worker } from 'node:worker_threads';
import type { ReportHost, ReportRefusal } from '../../http/reports/report-routes.ts';
import type { RecordingFolder } from '../../recordings/recording-folder.ts';
import { type FoundRecording, findRecording } from '../replays/find-recording.ts';
import type { ReportTask } from './report-thread.ts';

const SOURCE = new URL('./report-thread.ts', import.meta.url);
const FILE = import.meta.url.endsWith('.ts') ? SOURCE : new URL(SOURCE.href.replace(/ts$/, 'js'));

export interface ReportsOptions {
  /** Undefined where none is configured. */
  readonly folder: RecordingFolder | undefined;
  readonly bytesMax: number;
  readonly version: string;
  /** Somebody was turned away. */
  readonly refused: () => void;
}

/** Reports that are being made or wait to be; each is made once, whoever asks. */
const WAITING_MAX = 4;
/** Reports that are remembered, each below 2 MB. */
const KNOWN_MAX = 4;
const MADE_MS_MAX = 120_000;
const HEAP_MB_MAX = 512;

/** Reports of the recordings of the live page: one thread, one report after the other. */
export class Reports implements ReportHost {
  private readonly options: ReportsOptions;
  private readonly known = new Map<string, string>();
  private readonly making = new Map<string, Promise<string | ReportRefusal>>();
  private last: Promise<unknown> = Promise.resolve();
  private worker: Worker | undefined;
  private isClosed = false;

  constructor(options: ReportsOptions) {
    this.options = options;
  }

  async report(recording: string): Promise<string | ReportRefusal> {
    const { folder, bytesMax, refused } = this.options;
    const found = await findRecording(folder, recording, bytesMax);
    if ('error' in found) return found;
    const key = JSON.stringify([found.name, found.bytes, found.changedMs]);
    const there = this.known.get(key) ?? this.making.get(key);
    if (there !== undefined) return await there;
    if (this.making.size >= WAITING_MAX) {
      refused();
      return { status: 503, error: `${WAITING_MAX} reports are being made; ask again` };
    }
    const made = this.last.then(() => this.make(found));
    this.last = made.catch(() => {});
    this.making.set(key, made);
    try {
      const page = await made;
      if (typeof page === 'string') this.remember(key, page);
      return page;
    } finally {
      this.making.delete(key);
    }
  }

  private make({ path, name }: FoundRecording): Promise<string | ReportRefusal> {
    if (this.isClosed) return Promise.resolve(CLOSED);
    const task: ReportTask = { path, version: this.options.version };
    const worker = new Worker(FILE, {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
    });
    this.worker = worker;
    let made: string | ReportRefusal = CLOSED;
    worker.once('message', (page: string) => {
      made = page;
    });
    worker.once('error', ({ message }) => {
      made = { status: 422, error: `recording: ${message.replaceAll(path, name)}` };
    });
    const late = setTimeout(() => {
      made = { status: 503, error: `a report takes longer than ${MADE_MS_MAX / 1000} s` };
      void worker.terminate();
    }, MADE_MS_MAX);
    return new Promise((resolve) => {
      worker.once('exit', () => {
        clearTimeout(late);
        resolve(made);
      });
    });
  }

  private remember(key: string, page: string): void {
    const oldest = this.known.keys().next().value;
    if (this.known.size >= KNOWN_MAX && oldest !== undefined) this.known.delete(oldest);
    this.known.set(key, page);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.worker?.terminate();
  }
}

const CLOSED: ReportRefusal = { status: 503, error: 'the service is ending' };
