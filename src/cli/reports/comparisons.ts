import type { ComparisonHost } from '../../http/reports/comparison-routes.ts';
import type { MadePage, PageRefusal } from '../../http/reports/page-answer.ts';
import type { RecordingFolder } from '../../recordings/recording-folder.ts';
import { RUN_PREFIX } from '../compared-recording.ts';
import { type FoundRecording, findRecording } from '../replays/find-recording.ts';
import type { ComparedSide, ComparisonTask } from './comparison-thread.ts';
import { type PageThread, threadFile } from './page-thread.ts';

const FILE = threadFile('comparison-thread', import.meta.url);

export interface ComparisonsOptions {
  /** Undefined where none is configured. */
  readonly folder: RecordingFolder | undefined;
  readonly bytesMax: number;
  readonly version: string;
  /** Where stored runs are; undefined where no documents are kept. */
  readonly documents: ComparisonTask['documents'];
  readonly thread: PageThread;
}

/** One side as it was found, and what is to be said of it. */
interface FoundSide {
  readonly side: ComparedSide;
  readonly key: readonly unknown[];
  readonly recording?: FoundRecording;
}

/** Comparisons of recordings of the live page's folder, and of stored runs. */
export class Comparisons implements ComparisonHost {
  private readonly options: ComparisonsOptions;

  constructor(options: ComparisonsOptions) {
    this.options = options;
  }

  async comparison(a: string, b: string): Promise<MadePage | PageRefusal> {
    const { version, documents, thread } = this.options;
    const first = await this.find('a', a);
    if ('error' in first) return first;
    const second = await this.find('b', b);
    if ('error' in second) return second;
    const task: ComparisonTask = { a: first.side, b: second.side, documents, version };
    const recordings = [first, second].flatMap(({ recording }) => recording ?? []);
    return await thread.page({
      ...{ kind: 'comparisons', key: JSON.stringify([first.key, second.key]) },
      // More documents of a run may come.
      isKept: recordings.length === 2,
      ...{ file: FILE, task },
      explain: (message) =>
        recordings.reduce((text, { path, name }) => text.replaceAll(path, name), message),
    });
  }

  private async find(side: 'a' | 'b', name: string): Promise<FoundSide | PageRefusal> {
    const { folder, bytesMax, documents } = this.options;
    if (name.startsWith(RUN_PREFIX)) {
      const runId = name.slice(RUN_PREFIX.length);
      if (documents !== undefined) return { side: { runId }, key: ['run', runId] };
      const error = `${side}: no documents are kept (documents.store), so there are no runs`;
      return { status: 404, error };
    }
    const found = await findRecording(folder, name, bytesMax);
    if ('error' in found) return { ...found, error: `${side}: ${found.error}` };
    const { path, bytes, changedMs } = found;
    return { side: { path }, key: ['recording', name, bytes, changedMs], recording: found };
  }
}
