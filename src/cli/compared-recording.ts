import { Analyzer } from '../analysis/analyzer.ts';
import type { Subject } from '../analysis/compare/comparison.ts';
import { recordingSubject } from '../analysis/compare/recording-subject.ts';
import { openRecording } from '../recordings/open.ts';
import type { OpenOptions } from '../recordings/plan-options.ts';

/** Says that what follows is no recording but the id of a run. */
export const RUN_PREFIX = 'run:';

const WINDOW_US = 1_000_000;
const FRAME_SPAN_US = 100_000;

/** Reads a recording as a side of a comparison; tells of each frame. */
export async function comparedRecording(
  path: string,
  options: OpenOptions = {},
  seen: (frames: number) => void = () => {},
): Promise<Subject> {
  const recording = await openRecording(path, options);
  try {
    const analyzer = new Analyzer(recording.info, { windowUs: WINDOW_US, listsWindows: true });
    let frames = 0;
    for await (const frame of recording.frames(FRAME_SPAN_US)) {
      analyzer.next(frame);
      seen(++frames);
    }
    const { analysis, remarks } = analyzer.finish(recording.notes);
    return recordingSubject(analysis, analyzer, [...recording.notes.remarks, ...remarks]);
  } finally {
    await recording.close();
  }
}
