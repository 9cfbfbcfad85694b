import { Analyzer } from '../../src/analysis/analyzer.ts';
import type { Analysis } from '../../src/analysis/result.ts';
import { openRecording } from '../../src/recordings/open.ts';

export interface Reading {
  readonly windowUs: number;
  readonly listsWindows: boolean;
  readonly frameSpanUs: number;
}

/** What `analyze` does with a recording, without the command line. */
export async function analyzePath(
  path: string,
  { windowUs, listsWindows, frameSpanUs }: Reading,
): Promise<{ analysis: Analysis; remarks: string[] }> {
  const recording = await openRecording(path);
  try {
    const analyzer = new Analyzer(recording.info, { windowUs, listsWindows });
    for await (const frame of recording.frames(frameSpanUs)) analyzer.next(frame);
    return analyzer.finish(recording.notes);
  } finally {
    await recording.close();
  }
}
