import { Worker } from 'node:worker_threads';
import type { FolderEntry } from '../../recordings/recording-folder.ts';
import type { ListedRecording } from '../../sinks/live/replay-schemas.ts';
import type { RecordingCount } from './count-thread.ts';

const SOURCE = new URL('./count-thread.ts', import.meta.url);
const FILE = import.meta.url.endsWith('.ts') ? SOURCE : new URL(SOURCE.href.replace(/ts$/, 'js'));

/** Larger ones are read when they are replayed, not because somebody looks at a list. */
const BYTES_MAX = 256 * 1024 * 1024;
const READ_MS_MAX = 30_000;
const HEAP_MB_MAX = 256;
const KNOWN_MAX = 1000;

type Known = Pick<ListedRecording, 'state' | 'problem'> & Partial<RecordingCount>;

/**
 * What is in the recordings of a list, read one after the other while the list is looked at, and
 * remembered while they stay as they are.
 */
export class RecordingCounts {
  private readonly known = new Map<string, Known>();
  private readonly waiting = new Map<
    string,
    { readonly entry: FolderEntry; readonly path: string }
  >();
  private worker: Worker | undefined;
  private isClosed = false;

  /** An entry with what is known of it; what is not is read next. */
  of(entry: FolderEntry, path: string): ListedRecording {
    const key = keyOf(entry);
    const known = this.known.get(key) ?? this.wait(key, entry, path);
    const { name, kind, bytes, changedMs } = entry;
    const {
      format = null,
      duration_us = null,
      layers = null,
      spikes = null,
      state,
      problem,
    } = known;
    return {
      ...{ name, kind, bytes, changed_ms: changedMs, format, duration_us, layers, spikes, state },
      ...(problem === undefined ? {} : { problem }),
    };
  }

  private wait(key: string, entry: FolderEntry, path: string): Known {
    if (entry.bytes > BYTES_MAX) return { state: 'unread' };
    if (!this.waiting.has(key)) this.waiting.set(key, { entry, path });
    if (this.worker === undefined) this.next();
    return { state: this.waiting.keys().next().value === key ? 'reading' : 'waiting' };
  }

  private next(): void {
    const [key, first] = this.waiting.entries().next().value ?? [];
    this.worker = undefined;
    if (key === undefined || first === undefined || this.isClosed) return;
    const worker = new Worker(FILE, {
      workerData: first.path,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
    });
    this.worker = worker;
    let known: Known = { state: 'unread' };
    worker.once('message', (count: RecordingCount) => {
      known = { state: 'known', ...count };
    });
    worker.once('error', ({ message }) => {
      known = { state: 'unreadable', problem: message.replaceAll(first.path, first.entry.name) };
    });
    const late = setTimeout(() => void worker.terminate(), READ_MS_MAX);
    worker.once('exit', () => {
      clearTimeout(late);
      this.waiting.delete(key);
      this.remember(key, known);
      this.next();
    });
  }

  private remember(key: string, known: Known): void {
    if (this.known.size >= KNOWN_MAX) {
      const oldest = this.known.keys().next().value;
      if (oldest !== undefined) this.known.delete(oldest);
    }
    this.known.set(key, known);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.worker?.terminate();
  }
}

/** What changes when a recording does. */
function keyOf({ name, bytes, changedMs }: FolderEntry): string {
  return JSON.stringify([name, bytes, changedMs]);
}
