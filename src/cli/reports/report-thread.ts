import { parentPort, workerData } from 'node:worker_threads';
import { Analyzer } from '../../analysis/analyzer.ts';
import { Pictures } from '../../analysis/pictures/pictures.ts';
import type { MadePage } from '../../http/reports/page-answer.ts';
import { openRecording } from '../../recordings/open.ts';
import { recordingReport } from '../../report/recording/recording-report.ts';

/** What a thread makes a report of. */
export interface ReportTask {
  readonly path: string;
  readonly version: string;
}

/** As `analyze` without flags. */
const FRAME_SPAN_US = 100_000;
const WINDOW_US = 1_000_000;

async function report({ path, version }: ReportTask): Promise<MadePage> {
  const recording = await openRecording(path);
  try {
    const { info, notes } = recording;
    const analyzer = new Analyzer(info, { windowUs: WINDOW_US, listsWindows: false });
    const pictures = new Pictures(info);
    for await (const frame of recording.frames(FRAME_SPAN_US)) {
      pictures.next(frame, analyzer.next(frame));
    }
    const { analysis, remarks } = analyzer.finish(notes);
    const { data, frames } = pictures.finish();
    const { format, startUs } = info;
    // Who looks at the page need not know where the service keeps its files.
    const said = [...notes.remarks, ...remarks].map((text) => text.replaceAll(path, info.name));
    const about = { analysis, frames, format, startUs, remarks: said, version };
    return { html: recordingReport({ ...about, pictures: data }) };
  } finally {
    await recording.close();
  }
}

parentPort?.postMessage(await report(workerData as ReportTask));
