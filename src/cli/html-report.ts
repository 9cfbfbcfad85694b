import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { Pictures } from '../analysis/pictures/pictures.ts';
import type { Analysis } from '../analysis/result.ts';
import type { Frame } from '../frames/frame.ts';
import type { RecordingInfo } from '../recordings/recording.ts';
import { recordingReport } from '../report/recording/recording-report.ts';
import { UsageError } from './config/config-error.ts';

/** A report that is written when the recording is read; what is there already stays until then. */
export class HtmlReport {
  private readonly path: string;
  private readonly file: FileHandle;
  private readonly info: RecordingInfo;
  private readonly version: string;
  private readonly pictures: Pictures;

  /** @throws where the file can't be written, before anything is read */
  static async create(path: string, info: RecordingInfo, version: string): Promise<HtmlReport> {
    if (await isFolder(path)) throw new UsageError(`--html ${path} is a folder; name a file in it`);
    return new HtmlReport(path, await open(partOf(path), 'w'), info, version);
  }

  private constructor(path: string, file: FileHandle, info: RecordingInfo, version: string) {
    this.path = path;
    this.file = file;
    this.info = info;
    this.version = version;
    this.pictures = new Pictures(info);
  }

  /** The next frame; `isTaken` as the Analyzer says. */
  next(frame: Frame, isTaken: boolean): void {
    this.pictures.next(frame, isTaken);
  }

  async finish(analysis: Analysis, remarks: readonly string[]): Promise<void> {
    const { data: pictures, frames } = this.pictures.finish();
    const { format, startUs } = this.info;
    const { version } = this;
    const about = { analysis, pictures, frames, format, startUs, remarks, version };
    await this.file.writeFile(recordingReport(about));
    await this.file.close();
    await rename(partOf(this.path), this.path);
  }

  /** Leaves nothing behind of a report that was not finished; does nothing after `finish`. */
  async abandon(): Promise<void> {
    await this.file.close().catch(() => {});
    await rm(partOf(this.path), { force: true });
  }
}

const partOf = (path: string): string => `${path}.part`;

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
