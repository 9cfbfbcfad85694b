import type { MadePage, PageRefusal } from '../../http/reports/page-answer.ts';
import type { ReportHost } from '../../http/reports/report-routes.ts';
import type { RecordingFolder } from '../../recordings/recording-folder.ts';
import { findRecording } from '../replays/find-recording.ts';
import { type PageThread, threadFile } from './page-thread.ts';
import type { ReportTask } from './report-thread.ts';

const FILE = threadFile('report-thread', import.meta.url);

export interface ReportsOptions {
  /** Undefined where none is configured. */
  readonly folder: RecordingFolder | undefined;
  readonly bytesMax: number;
  readonly version: string;
  readonly thread: PageThread;
}

/** Reports of the recordings of the live page. */
export class Reports implements ReportHost {
  private readonly options: ReportsOptions;

  constructor(options: ReportsOptions) {
    this.options = options;
  }

  async report(recording: string): Promise<MadePage | PageRefusal> {
    const { folder, bytesMax, version, thread } = this.options;
    const found = await findRecording(folder, recording, bytesMax);
    if ('error' in found) return found;
    const { path, name, bytes, changedMs } = found;
    const task: ReportTask = { path, version };
    return await thread.page({
      ...{ kind: 'reports', key: JSON.stringify([name, bytes, changedMs]), isKept: true },
      ...{ file: FILE, task },
      explain: (message) => `recording: ${message.replaceAll(path, name)}`,
    });
  }

  async close(): Promise<void> {
    await this.options.thread.close();
  }
}
