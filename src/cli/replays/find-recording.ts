import { RecordingError } from '../../recordings/recording-error.ts';
import type { FolderEntry, RecordingFolder } from '../../recordings/recording-folder.ts';

export interface FindRefusal {
  readonly status: 404 | 413;
  readonly error: string;
}

export type FoundRecording = FolderEntry & { readonly path: string };

/** A recording of the configured folder that may be read for somebody. */
export async function findRecording(
  folder: RecordingFolder | undefined,
  name: string,
  bytesMax: number,
): Promise<FoundRecording | FindRefusal> {
  if (folder === undefined) {
    return { status: 404, error: 'recording: no folder of recordings (http.recordings)' };
  }
  try {
    const found = await folder.find(name);
    if (found.bytes <= bytesMax) return found;
    const text = `${found.bytes} bytes are more than http.recording_bytes_max, ${bytesMax}`;
    return { status: 413, error: `recording: ${text}` };
  } catch (error) {
    const isNamed = error instanceof RecordingError;
    const text = isNamed ? error.message : "the folder http.recordings can't be read";
    return { status: 404, error: `recording: ${text}` };
  }
}
