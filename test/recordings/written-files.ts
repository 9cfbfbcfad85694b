import { unlinkSync } from 'node:fs';
import type { Frame } from '../../src/frames/frame.ts';
import { openRecording } from '../../src/recordings/open.ts';
import type { RecordingInfo } from '../../src/recordings/recording.ts';
import type { OutputHeader, OutputWriter } from '../../src/recordings/recording-output.ts';
import { outputFormat } from '../../src/recordings/recording-writers.ts';
import { collect } from './spk-files.ts';

/** Writes frames into a new file of the format that the suffix says; gives what it remarked. */
export async function writeAs(
  path: string,
  frames: Iterable<Frame> | AsyncIterable<Frame>,
  header: OutputHeader = { name: 'test' },
): Promise<string[]> {
  const remarks: string[] = [];
  const format = outputFormat(path, undefined);
  if (format === undefined) throw new Error(`no format for ${path}`);
  const options = { compress: false, remark: (text: string) => remarks.push(text) };
  const writer: OutputWriter = await format.create(path, header, options);
  for await (const frame of frames) await writer.write(frame);
  await writer.close();
  return remarks;
}

export interface Read {
  readonly info: RecordingInfo;
  readonly frames: Frame[];
  readonly remarks: readonly string[];
}

export async function readBack(path: string, spanUs = 10_000): Promise<Read> {
  const recording = await openRecording(path);
  try {
    const frames = await collect(recording.frames(spanUs));
    return { info: recording.info, frames, remarks: recording.notes.remarks };
  } finally {
    await recording.close();
  }
}

/** From one file into the next, each of the format of its suffix; earlier ones are removed. */
export async function passThrough(paths: readonly string[], spanUs: number): Promise<Read> {
  let read = await readBack(paths[0] as string, spanUs);
  for (const [i, path] of paths.entries()) {
    if (i === 0) continue;
    await writeAs(path, read.frames, read.info);
    unlinkSync(paths[i - 1] as string);
    read = await readBack(path, spanUs);
  }
  return read;
}

/** A frame with the columns that recordings have in double precision, and the wire in single. */
export function asOnTheWire(frame: Frame): Frame {
  if (frame.kind === 'membrane') return { ...frame, values: Float32Array.from(frame.values) };
  if (frame.kind === 'power') return { ...frame, watts: Float32Array.from(frame.watts) };
  return frame;
}
