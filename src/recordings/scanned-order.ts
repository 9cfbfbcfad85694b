import { GLIMPSE_BYTES } from './order-check.ts';
import { ReadingNotes } from './reading-notes.ts';
import { allocateSamples, type SampleFile } from './samples.ts';

/** Samples that one glimpse sees, at the least number of bytes that a sample takes. */
const BLOCK_SAMPLES = GLIMPSE_BYTES >>> 2;
const CHUNK_BYTES = 1 << 18;

interface Block {
  readonly minUs: number;
  readonly maxUs: number;
}

/**
 * Glimpses of a file that can only be read from its start, as compressed ones are: the first
 * glimpse reads it all and keeps the times of each block of samples.
 */
export function scannedGlimpse(file: Pick<SampleFile, 'read' | 'kind'>): SampleFile['glimpse'] {
  let scan: Promise<readonly Block[]> | undefined;
  return async (fraction) => {
    scan ??= scanBlocks(file);
    const blocks = await scan;
    return blocks[Math.floor(blocks.length * fraction)];
  };
}

async function scanBlocks({ read, kind }: Pick<SampleFile, 'read' | 'kind'>): Promise<Block[]> {
  const blocks: Block[] = [];
  const samples = allocateSamples(BLOCK_SAMPLES, kind);
  const reader = await read(new ReadingNotes(), CHUNK_BYTES);
  try {
    for (await reader.fill(samples); samples.length > 0; await reader.fill(samples)) {
      let minUs = Number.POSITIVE_INFINITY;
      let maxUs = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < samples.length; i++) {
        const time = samples.timeUs[i] as number;
        if (time < minUs) minUs = time;
        if (time > maxUs) maxUs = time;
      }
      blocks.push({ minUs, maxUs });
    }
  } finally {
    await reader.close();
  }
  return blocks;
}
