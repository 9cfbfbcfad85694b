import type { SampleFile } from './samples.ts';

const GLIMPSES_MAX = 256;
const GLIMPSES_MIN = 8;
/** What a glimpse sees of a file. */
export const GLIMPSE_BYTES = 1 << 16;
/** A sample takes at least so many bytes in any format. */
const SAMPLE_BYTES_MIN = 4;

/**
 * Whether a file's samples go back further than `heldSamples`, judged by glimpses spread over it
 * (which see all of a small file): a file sorted by neuron, or two runs behind each other, shows in
 * them. Disorder within a slice of time does not, and is put right while reading.
 */
export async function looksUnsorted(
  file: SampleFile,
  heldSamples: number,
  fileCount: number,
): Promise<boolean> {
  const glimpsesMax = Math.max(GLIMPSES_MIN, Math.floor(GLIMPSES_MAX / fileCount));
  const count = Math.min(glimpsesMax, Math.ceil(file.bytes / GLIMPSE_BYTES));
  const distance = Math.max(GLIMPSE_BYTES, file.bytes / count);
  // Only what lies further back than reading holds can no longer be put right.
  const back = 1 + Math.ceil((heldSamples * SAMPLE_BYTES_MIN) / distance);
  const latestUs: number[] = [];
  for (let i = 0; i < count; i++) {
    const glimpse = await file.glimpse(i / count);
    const beforeUs = latestUs[i - back] ?? Number.NEGATIVE_INFINITY;
    if (glimpse !== undefined && glimpse.minUs < beforeUs) return true;
    const maxUs = glimpse?.maxUs ?? Number.NEGATIVE_INFINITY;
    latestUs.push(Math.max(maxUs, latestUs[i - 1] ?? Number.NEGATIVE_INFINITY));
  }
  return false;
}
