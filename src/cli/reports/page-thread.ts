import { Worker } from 'node:worker_threads';
import {
  MADE_MS_MAX,
  MAKING_MAX,
  type MadePage,
  type PageRefusal,
} from '../../http/reports/page-answer.ts';

/** What is made by a thread of its own. */
export interface PageJob {
  /** What it is counted as where somebody is turned away. */
  readonly kind: 'reports' | 'comparisons';
  /** Those with the same key make the same; what they make of is part of it. */
  readonly key: string;
  /** Whether what was made of this key stays true. */
  readonly isKept: boolean;
  /** The module that the thread runs; it posts a `MadePage`, or a refusal, and ends. */
  readonly file: URL;
  readonly task: object;
  /** What is said of an error of the thread. */
  readonly explain: (message: string) => string;
}

export interface PageThreadOptions {
  /** Somebody was turned away. */
  readonly refused: (kind: PageJob['kind']) => void;
  /** One page takes this long at most. */
  readonly madeMsMax?: number;
}

/** Pages that are remembered, each below 2 MB, and characters of one with its JSON at most. */
const KNOWN_MAX = 4;
const KNOWN_CHARACTERS_MAX = 8_000_000;
const HEAP_MB_MAX = 512;

/**
 * Makes reports and comparisons for the live page: one thread, one page after the other, and each
 * once, whoever asks.
 */
export class PageThread {
  private readonly options: PageThreadOptions;
  private readonly known = new Map<string, MadePage>();
  private readonly making = new Map<string, Promise<MadePage | PageRefusal>>();
  private last: Promise<unknown> = Promise.resolve();
  private worker: Worker | undefined;
  private isClosed = false;

  constructor(options: PageThreadOptions) {
    this.options = options;
  }

  async page(job: PageJob): Promise<MadePage | PageRefusal> {
    const key = `${job.kind} ${job.key}`;
    const there = this.known.get(key) ?? this.making.get(key);
    if (there !== undefined) return await there;
    if (this.making.size >= MAKING_MAX) {
      this.options.refused(job.kind);
      const error = `${MAKING_MAX} reports or comparisons are being made; ask again`;
      return { status: 503, error };
    }
    const made = this.last.then(() => this.make(job));
    this.last = made.catch(() => {});
    this.making.set(key, made);
    try {
      const page = await made;
      if (job.isKept && 'html' in page) this.remember(key, page);
      return page;
    } finally {
      this.making.delete(key);
    }
  }

  private make({ file, task, explain }: PageJob): Promise<MadePage | PageRefusal> {
    if (this.isClosed) return Promise.resolve(CLOSED);
    const { madeMsMax = MADE_MS_MAX } = this.options;
    const worker = new Worker(file, {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
    });
    this.worker = worker;
    let made: MadePage | PageRefusal = CLOSED;
    worker.once('message', (page: MadePage | PageRefusal) => {
      made = page;
    });
    worker.once('error', ({ message }) => {
      made = { status: 422, error: explain(message) };
    });
    const late = setTimeout(() => {
      made = { status: 503, error: `it takes longer than ${madeMsMax / 1000} s` };
      void worker.terminate();
    }, madeMsMax);
    return new Promise((resolve) => {
      worker.once('exit', () => {
        clearTimeout(late);
        resolve(made);
      });
    });
  }

  private remember(key: string, page: MadePage): void {
    if (page.html.length + (page.json?.length ?? 0) > KNOWN_CHARACTERS_MAX) return;
    const oldest = this.known.keys().next().value;
    if (this.known.size >= KNOWN_MAX && oldest !== undefined) this.known.delete(oldest);
    this.known.set(key, page);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.worker?.terminate();
  }
}

const CLOSED: PageRefusal = { status: 503, error: 'the service is ending' };

/** The module beside another one, as source or as it was built. */
export function threadFile(name: string, from: string): URL {
  return new URL(`./${name}.${from.endsWith('.ts') ? 'ts' : 'js'}`, from);
}
